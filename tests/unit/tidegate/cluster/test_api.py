"""Lists come whole, whatever pages they come in, and what goes wrong is one of the driver's errors."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from components.traffic import MANAGER
from embedded.providers.kubernetes.errors import ApiError, LostAnswerError
from embedded.providers.kubernetes.errors import UnreachableError as NoAnswerError
from tidegate.cluster import leading
from tidegate.cluster.api import JOBS, PODS, ROUTES, Api
from tidegate.model.errors import AuthenticationError, ResourceError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.providers.kubernetes.client import Client
    from tidegate.model.errors import TidegateError

Obj = dict[str, Any]


class Server:
    """Gives these answers, one after the other."""

    def __init__(self, *answers: Obj | Exception) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, str]] = []

    async def list(self, path: str, params: Mapping[str, str], accept: str = "") -> Obj:
        assert path == "/api/v1/namespaces/shop/pods"
        del accept
        self.asked.append(params)
        return self._answer()

    async def get(self, path: str) -> Obj:
        del path
        return self._answer()

    async def create(self, path: str, body: Obj, params: Mapping[str, str]) -> Obj:
        del path, body, params
        return self._answer()

    def _answer(self) -> Obj:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def api(self) -> Api:
        """What asks it."""
        return Api(cast("Client", self))


def page(*names: str, more: str = "") -> Obj:
    """A part of a list."""
    return {"items": [{"metadata": {"name": name}} for name in names], "metadata": {"continue": more}}


def refusal(code: int, reason: str = "", causes: list[Obj] | None = None) -> ApiError:
    """What an API server says."""
    return ApiError({"reason": reason, "message": "no", "details": {"causes": causes or []}}, code)


def names(server: Server) -> list[str]:
    """All pods."""
    found = asyncio.run(server.api.all(PODS, "shop", labelSelector="a=b"))
    assert all((one["apiVersion"], one["kind"]) == ("v1", "Pod") for one in found)
    return [one["metadata"]["name"] for one in found]


def test_a_list_comes_whole() -> None:
    """Page by page; anew and in one if the first page has grown too old for the next; empty where there is nothing of the kind."""
    server = Server(page("a", more="1"), page("b", more="2"), page("c"))
    assert names(server) == ["a", "b", "c"]
    assert [asked.get("continue") for asked in server.asked] == [None, "1", "2"]
    server = Server(page("a", more="1"), refusal(410, "Expired"), page("a", "b"))
    assert names(server) == ["a", "b"]
    assert server.asked[-1] == {"labelSelector": "a=b"}
    assert names(Server(refusal(404, "NotFound"))) == []


def test_a_table_has_its_columns_names() -> None:
    """And who has no tables has none."""
    columns = [{"name": "Name"}, {"name": "Ready"}]
    table = {"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": ["a", "1/1"]}]}
    assert asyncio.run(Server(table).api.table(PODS, "shop")) == [{"Name": "a", "Ready": "1/1"}]
    assert asyncio.run(Server({**page("a"), "kind": "PodList"}).api.table(PODS, "shop")) is None


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (NoAnswerError("nobody there"), UnreachableError, "nobody there"),
        (refusal(503), UnreachableError, "can't just now"),
        (refusal(429), UnreachableError, "can't just now"),
        (refusal(401), AuthenticationError, "doesn't accept the credentials"),
        (
            refusal(403, "Forbidden"),
            AuthenticationError,
            r"list pods in namespace shop: .* `viewer` may: .* `environment\.access\.viewers`",
        ),
        (refusal(403, "Forbidden", [{"reason": "NamespaceTerminating"}]), ResourceError, "list pods in namespace shop: no"),
        (refusal(422, "Invalid"), ResourceError, "list pods in namespace shop: no"),
    ],
)
def test_what_goes_wrong_has_its_kind(error: Exception, kind: type[TidegateError], said: str) -> None:
    """With verb, resource and namespace, and for what isn't allowed the role that may."""
    with pytest.raises(kind, match=said):
        names(Server(error))


def test_what_was_created_is_found_when_the_answer_was_lost() -> None:
    """The name is nobody else's; if it isn't there, it is as if nothing had been sent."""
    job = {"metadata": {"name": "check", "namespace": "shop"}}
    lost = LostAnswerError(NoAnswerError("cut off"))
    assert asyncio.run(Server(lost, {"found": 1}).api.create(JOBS, job, "tidegate")) == {"found": 1}
    with pytest.raises(UnreachableError, match="cut off"):
        asyncio.run(Server(lost, refusal(404, "NotFound")).api.create(JOBS, job, "tidegate"))


def test_the_fast_path_writes_as_the_components_do() -> None:
    """Or their next update would argue with it."""
    assert leading.MANAGER == MANAGER
    assert ROUTES.path("shop", "web") == "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/web"
