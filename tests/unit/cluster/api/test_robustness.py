"""Whatever is sent, there is an answer that says what is wrong; the server itself never fails."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.cluster.api.app import Api
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.model.objects import clone
from embedded.cluster.registry import bootstrap
from embedded.cluster.registry.registry import Registry
from embedded.cluster.registry.requests import Write
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.store.store import Store
from tests.unit.cluster.registry.clients import config_map, crd, deployment, pod, thing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message

    from embedded.cluster.model.objects import Obj

_ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "r", "namespace": "shop"},
    "spec": {"parentRefs": [{"name": "g"}], "rules": [{"backendRefs": [{"name": "web", "port": 80, "weight": 1}]}]},
}
_SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"a": "b"}},
    "spec": {"type": "NodePort", "selector": {"app": "web"}, "ports": [{"port": 80, "name": "a", "targetPort": "http"}]},
}
_PLURALS = {
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "Pod": "pods",
    "Service": "services",
    "HTTPRoute": "httproutes",
    "Thing": "things",
}
_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 10**12, 1.5, "", "x", "1Gi", "a b", [], {}, [None], [[]], [{}], {"a": None}, {"": ""}, [1, "x"]]
)
_TYPES = {
    "POST": "application/json",
    "PUT": "application/json",
    "apply": "application/apply-patch+yaml",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        if path or key not in {"kind", "apiVersion"}:
            yield (*path, key)
        yield from _places(below, (*path, key))


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """How to send which object, with something odd in it."""
    obj = draw(st.sampled_from([config_map(x="1"), deployment(), pod("p"), _SERVICE, _ROUTE, thing(spec={"size": 1})]))
    bent = clone(obj)
    *way, last = draw(st.sampled_from(list(_places(bent))))
    place = bent
    for step in way:
        place = place[step]
    place[last] = draw(_ODD)
    return draw(st.sampled_from([*_TYPES, "status"])), obj, bent


def _api() -> Api:
    clock = Clock()
    registry = Registry(Store(), Catalogue.load(), clock, Draws(), Journal(clock))
    bootstrap.populate(registry)
    namespace: Obj = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    for obj in (namespace, crd()):
        registry.create(registry.resource(obj["apiVersion"], obj["kind"]), "", obj, Write("tester"))
    return Api(registry)


_API = _api()


def _send(method: str, path: str, body: Any, content_type: str = "application/json", accept: str = "") -> tuple[int, dict[str, Any]]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(body).encode()}

    headers = [(b"content-type", content_type.encode()), (b"accept", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"fieldManager=tester", "headers": headers}
    asyncio.run(_API(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@settings(max_examples=300, deadline=None)
@given(_requests())
def test_an_odd_object_is_taken_or_refused(request: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    """And lists that have it in them can still be shown."""
    how, obj, bent = request
    group = "/api" if "/" not in obj["apiVersion"] else "/apis"
    path = f"{group}/{obj['apiVersion']}/namespaces/shop/{_PLURALS[obj['kind']]}"
    name = obj["metadata"]["name"]
    if how == "status":
        code, answer = _send("PATCH", f"{path}/{name}/status", {"status": bent.get("spec")}, _TYPES["merge"])
    elif how == "POST":
        code, answer = _send("POST", path, bent, _TYPES[how])
    else:
        code, answer = _send("PUT" if how == "PUT" else "PATCH", f"{path}/{name}", bent, _TYPES[how])
    # The real server has 500 for a configuration that isn't of its type.
    assert code < 500 or "failed to create typed" in answer["message"], answer
    assert _send("GET", path, None, accept="application/json;as=Table;g=meta.k8s.io;v=v1")[0] == 200
