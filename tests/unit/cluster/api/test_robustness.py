"""Whatever is sent, there is an answer that says what is wrong; the server itself never fails."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
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
_DEEP = 100_000
_ALIASES = "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}' if before else 'x'] * 9)}]" for before, name in pairwise(["", *"abcdefgh"])
)
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
    return _send_text(method, path, json.dumps(body).encode(), content_type, accept)


def _send_text(method: str, path: str, body: bytes, content_type: str, accept: str = "") -> tuple[int, dict[str, Any]]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    headers = [(b"content-type", content_type.encode()), (b"accept", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"fieldManager=tester", "headers": headers}
    asyncio.run(_API(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


@settings(max_examples=300)
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


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('{"a":' * _DEEP + "1" + "}" * _DEEP, "nested more than 100 levels deep"),
        ('{"a":' * 101 + "1" + "}" * 101, "nested more than 100 levels deep"),
        ("a: " + "[" * _DEEP + "]" * _DEEP, "nested more than 100 levels deep"),
        ("- " * _DEEP + "x", "nested more than 100 levels deep"),
        ("a: &a\n  b: *a", "nested more than 100 levels deep"),
        (_ALIASES, "aliases stand for more than a request may hold"),
        ("a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 50 + "]", "aliases stand for more than a request may hold"),
        ("a: [", "error parsing YAML"),
    ],
    ids=["json", "just too deep", "yaml", "block yaml", "itself", "aliases", "long aliases", "broken"],
)
def test_a_body_that_would_take_all_memory_or_stack_is_refused(body: str, text: str) -> None:
    """Before it does any harm."""
    code, answer = _send_text("POST", "/api/v1/namespaces/shop/configmaps", body.encode(), "application/yaml")
    assert (code, answer["reason"]) == (400, "BadRequest")
    assert text in answer["message"]


@pytest.mark.parametrize("how", ["POST", "apply", "merge"])
def test_the_deepest_body_is_taken(how: str) -> None:
    """Whatever may be sent can be handled too."""
    spec: dict[str, Any] = {}
    for _ in range(97):
        spec = {"a": spec}
    body = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": f"deep-{how.lower()}"}, "spec": {"free": spec}}
    path = "/apis/example.org/v1/namespaces/shop/things"
    if how == "merge":
        assert _send("POST", path, {"metadata": body["metadata"]})[0] == 201
    where = path if how == "POST" else f"{path}/deep-{how}"
    code, answer = _send("POST" if how == "POST" else "PATCH", where, body, _TYPES[how])
    assert code in {200, 201}, answer
    assert _send("GET", path, None)[0] == 200


def test_an_object_that_etcd_would_not_take_is_refused() -> None:
    """As a real server does that has etcd's usual limit; nothing is kept."""
    path, big = "/apis/example.org/v1/namespaces/shop/things", {"metadata": {"name": "big"}, "spec": {"note": "x" * 1_600_000}}
    code, answer = _send("POST", path, big)
    assert (code, answer["message"]) == (500, "etcdserver: request is too large")
    assert _send("GET", f"{path}/big", None)[0] == 404
