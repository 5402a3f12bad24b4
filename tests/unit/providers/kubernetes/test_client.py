"""Requests: what is tried again, what is not, and what is said when it was no use."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import stamina

from embedded.providers.kubernetes.client import Client
from embedded.providers.kubernetes.errors import ApiError, LostAnswerError, UnreachableError
from tests.unit.providers.kubernetes.fakeapi import status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import respx

    from tests.unit.providers.kubernetes.fakeapi import FakeApi, Fault

PATH = "/api/v1/namespaces/shop/configmaps/c"
BODY = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}


def ask(api: FakeApi, method: str) -> Any:
    """One request."""

    async def main() -> Any:
        client = Client(api.client())
        if method == "POST":
            return await client.create(PATH.rpartition("/")[0], BODY, {"fieldManager": "m"})
        if method == "PUT":
            return await client.replace(PATH, BODY)
        if method == "PATCH":
            return await client.patch(PATH, BODY, "application/apply-patch+yaml")
        return await getattr(client, method.lower())(PATH)

    return asyncio.run(main())


@pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, "refused", "dropped", "lost"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_can_be_sent_twice_is_tried_again(api: FakeApi, method: str, fault: Fault) -> None:
    """A request that has the same effect each time outlasts what passes; a delete whose answer was lost finds that it has been done."""
    api.add(PATH, BODY)
    api.faults[method] = [fault, fault] if fault != "lost" else [fault]
    if (method, fault) == ("DELETE", "lost"):
        with pytest.raises(ApiError, match="not found"):
            ask(api, method)
    else:
        assert ask(api, method)
    assert len(api.requests) == (2 if fault == "lost" else 3)


@pytest.mark.parametrize("fault", [429, "refused"])
def test_a_create_that_was_not_carried_out_is_tried_again(api: FakeApi, fault: Fault) -> None:
    """Where the server can't have done it, a create may be sent again."""
    api.faults["POST"] = [fault, fault]
    assert ask(api, "POST")["metadata"]["uid"]
    assert len(api.requests) == 3


@pytest.mark.parametrize("fault", [500, 502, 503, 504, "dropped", "lost"])
def test_a_create_of_which_nobody_knows_is_left_to_the_caller(api: FakeApi, fault: Fault) -> None:
    """Where the server may have done it, the client doesn't."""
    api.faults["POST"] = [fault]
    with pytest.raises(LostAnswerError):
        ask(api, "POST")
    assert len(api.requests) == 1


@pytest.mark.parametrize("code", [400, 401, 403, 404, 422, 501])
def test_a_refusal_is_final(api: FakeApi, code: int) -> None:
    """What the server refuses for a reason, it would refuse again."""
    api.faults["GET"] = [code]
    with pytest.raises(ApiError, match=f"told to say {code}") as raised:
        ask(api, "GET")
    assert raised.value.code == code
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("method", "reason", "tries"),
    [("POST", "Conflict", 7), ("POST", "AlreadyExists", 1), ("PATCH", "Conflict", 7), ("PUT", "Conflict", 1)],
)
def test_a_conflict_is_tried_again_where_it_may_pass(api: FakeApi, method: str, reason: str, tries: int) -> None:
    """A quota that others count against at the same time passes; a version that is out of date, and a name that is taken, don't."""
    conflict = status(409, reason, "try again")
    api.answers |= {PATH: lambda _: (409, conflict), PATH.rpartition("/")[0]: lambda _: (409, conflict)}
    with pytest.raises(ApiError, match="try again"):
        ask(api, method)
    assert len(api.requests) == tries


def test_what_is_no_api_server_is_told(respx_mock: respx.MockRouter) -> None:
    """A page that answers everything with HTML is not taken for an API server."""
    respx_mock.get("https://api.test/api").respond(200, text="<html>welcome</html>")

    async def main() -> Any:
        return await Client(httpx.AsyncClient(base_url="https://api.test")).get("/api")

    with pytest.raises(UnreachableError, match=r"what answers at https://api.test/api is no Kubernetes API server"):
        asyncio.run(main())


def test_no_answer_at_all_names_the_server(api: FakeApi) -> None:
    """When no try was answered, the error says who was asked what, and why there was no answer."""
    api.faults["GET"] = ["refused"] * 9
    with pytest.raises(
        UnreachableError, match=f"no answer from the Kubernetes API server at https://api.test to GET {PATH}: connection refused"
    ):
        ask(api, "GET")
    assert len(api.requests) == 7


def test_nothing_is_tried_again_after_a_cancel(api: FakeApi) -> None:
    """Who cancels doesn't wait for retries."""

    async def main() -> None:
        client = Client(api.client())
        client.cancel()
        await client.get(PATH)

    api.faults["GET"] = [503] * 9
    with pytest.raises(ApiError):
        asyncio.run(main())
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    ("cause", "tries", "says"),
    [
        (httpx.ConnectTimeout("timed out"), 2, "timed out"),
        (ssl.SSLCertVerificationError("certificate has expired"), 1, "is the kubeconfig current"),
    ],
)
def test_what_waiting_does_not_mend_is_not_waited_for(cause: Exception, tries: int, says: str) -> None:
    """An attempt to connect that times out takes long enough, and a certificate gets no better."""
    requests: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if isinstance(cause, httpx.ConnectTimeout):
            raise cause
        raise httpx.ConnectError(str(cause)) from cause

    async def main() -> None:
        await Client(httpx.AsyncClient(base_url="https://api.test", transport=httpx.MockTransport(handle))).get(PATH)

    with pytest.raises(UnreachableError, match=says):
        asyncio.run(main())
    assert len(requests) == tries


def test_an_unreachable_server_is_not_waited_for_each_time(api: FakeApi) -> None:
    """After one request has tried long enough, those that follow fail at once, until one gets through."""

    async def main() -> list[int]:
        client, counts = Client(api.client()), []
        for _ in range(3):
            before = len(api.requests)
            try:
                await client.get(PATH)
            except UnreachableError:
                counts.append(len(api.requests) - before)
        return counts

    api.add(PATH, BODY)
    api.faults["GET"] = ["refused"] * 8
    assert asyncio.run(main()) == [7, 1]


def test_the_server_says_how_long_to_wait(respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retry-After is kept to."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    stamina.set_testing(False)
    respx_mock.get("https://api.test/api").mock(
        side_effect=[httpx.Response(429, headers={"Retry-After": "3"}), httpx.Response(200, json={"kind": "APIVersions"})]
    )

    async def main() -> Any:
        return await Client(httpx.AsyncClient(base_url="https://api.test")).get("/api")

    assert asyncio.run(main()) == {"kind": "APIVersions"}
    assert slept == [3]


def test_an_answer_that_is_no_status_is_told_as_it_is(respx_mock: respx.MockRouter) -> None:
    """A proxy's page of HTML becomes an error that says where it came from."""
    respx_mock.get("https://api.test/api").respond(404, text="<html>no such backend</html>")

    async def main() -> Any:
        return await Client(httpx.AsyncClient(base_url="https://api.test")).get("/api")

    with pytest.raises(ApiError, match="GET /api: 404 Not Found: <html>no such backend</html>"):
        asyncio.run(main())


def test_warnings_reach_the_caller(api: FakeApi) -> None:
    """The server's warnings are handed on, without their header's quotes."""
    api.headers["warning"] = '299 - "unknown field \\"spec.x\\""'
    heard: list[str] = []

    async def main() -> None:
        await Client(api.client()).create(PATH.rpartition("/")[0], BODY, {"fieldManager": "m"}, heard.append)

    asyncio.run(main())
    assert heard == ['unknown field "spec.x"']


class Lines(httpx.AsyncByteStream):
    """A watch's answer, that breaks off if it is told to."""

    def __init__(self, *chunks: bytes, breaks: bool = False) -> None:
        self.chunks, self.breaks = chunks, breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            yield chunk
        if self.breaks:
            raise httpx.ReadError("connection reset")


def watched(stream: Lines) -> list[tuple[str, str]]:
    """What a watch yields, by kind and name."""

    async def main() -> list[tuple[str, str]]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))
        client = Client(httpx.AsyncClient(base_url="https://api.test", transport=transport))
        return [(kind, obj["metadata"]["name"]) async for kind, obj in client.watch(PATH)]

    return asyncio.run(main())


def event(kind: str, name: str) -> bytes:
    """A line of a watch."""
    return json.dumps({"type": kind, "object": {"metadata": {"name": name}}}).encode() + b"\n"


@pytest.mark.parametrize("breaks", [False, True])
def test_a_watch_yields_until_it_ends(breaks: bool) -> None:
    """Lines are events wherever they are cut; an end, also one within a line, is just the end."""
    line = event("MODIFIED", "b")
    assert watched(Lines(event("ADDED", "a") + line[:9], line[9:] + b'{"type": "ADD', breaks=breaks)) == [("ADDED", "a"), ("MODIFIED", "b")]


def test_a_watch_that_is_too_old_says_so() -> None:
    """An error in the middle of a watch is one of the API."""
    gone = json.dumps({"type": "ERROR", "object": status(410, "Expired", "too old")}).encode() + b"\n"
    with pytest.raises(ApiError, match="too old") as raised:
        watched(Lines(event("ADDED", "a"), gone))
    assert raised.value.gone
