"""What a request says: its path, its Accept header, its options, its body."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest

from embedded.cluster.api import bodies, options
from embedded.cluster.api.forms import Form, form_of
from embedded.cluster.api.paths import Target, parse
from embedded.cluster.model.errors import StatusError
from embedded.cluster.registry.requests import Write

if TYPE_CHECKING:
    from starlette.types import Message


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/api/v1/pods", Target("", "v1", "pods")),
        ("/api/v1/namespaces", Target("", "v1", "namespaces")),
        ("/api/v1/namespaces/shop", Target("", "v1", "namespaces", None, "shop")),
        ("/api/v1/namespaces/shop/status", Target("", "v1", "namespaces", None, "shop", "status")),
        ("/api/v1/namespaces/shop/finalize", Target("", "v1", "namespaces", None, "shop", "finalize")),
        ("/api/v1/namespaces/shop/pods", Target("", "v1", "pods", "shop")),
        ("/api/v1/namespaces/shop/pods/p/log", Target("", "v1", "pods", "shop", "p", "log")),
        ("/apis/apps/v1/namespaces/shop/deployments/web/scale", Target("apps", "v1", "deployments", "shop", "web", "scale")),
        ("/api/v1/namespaces/shop/services/web/proxy/a/b", Target("", "v1", "services", "shop", "web", "proxy", "a/b")),
        ("/apis/apps/v1/", None),
        ("/apis/apps", None),
        ("/version", None),
        ("/", None),
    ],
)
def test_paths(path: str, target: Target | None) -> None:
    """Objects, lists, sub-resources, and what isn't about objects."""
    assert parse(path) == target


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form()),
        ("*/*", Form()),
        ("application/yaml", Form(yaml=True)),
        ("application/vnd.kubernetes.protobuf, application/json", Form()),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Form(view="Table")),
        ("application/json;as=Table;g=meta.k8s.io;v=v1beta1", Form(view="Table", version="v1beta1")),
        ("application/json;as=Nonsense;g=meta.k8s.io;v=v1, application/json", Form()),
        ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json", Form()),
    ],
)
def test_forms(accept: str, form: Form) -> None:
    """The first that there is."""
    assert form_of(accept) == form


def test_aggregated_discovery_is_a_form_of_discovery() -> None:
    """And a table isn't."""
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    assert form_of(accept, discovery=True) == Form(view="APIGroupDiscoveryList", version="v2")
    with pytest.raises(StatusError, match="only the following media types"):
        form_of("text/html")


@pytest.mark.parametrize(
    ("query", "agent", "apply", "expected"),
    [
        ({}, "kubectl/v1 (linux)", False, Write("kubectl", validation="Warn")),
        ({}, "", False, Write("unknown", validation="Warn")),
        ({"fieldManager": "me", "dryRun": "All", "fieldValidation": "Strict"}, "x", False, Write("me", dry_run=True, validation="Strict")),
        ({"fieldManager": "me", "force": "true"}, "x", True, Write("me", force=True, validation="Warn")),
    ],
)
def test_how_to_write(query: dict[str, str], agent: str, apply: bool, expected: Write) -> None:
    """From the query; the manager from the program if nothing else says it."""
    assert options.writing(query, agent, apply=apply) == expected


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ({}, None, {"propagation": None, "grace": None}),
        ({"propagationPolicy": "Foreground"}, None, {"propagation": "Foreground"}),
        ({"gracePeriodSeconds": "5"}, {"gracePeriodSeconds": 0}, {"grace": 0}),
        ({}, {"orphanDependents": True}, {"propagation": "Orphan"}),
        ({"orphanDependents": "false"}, None, {"propagation": "Background"}),
        (
            {},
            {"preconditions": {"uid": "u", "resourceVersion": "7"}, "dryRun": ["All"]},
            {"uid": "u", "resource_version": "7", "dry_run": True},
        ),
    ],
)
def test_how_to_delete(query: dict[str, str], body: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    """From the body, else from the query."""
    found = options.deleting(query, body, Write())
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("query", "body", "text"),
    [
        ({}, {"kind": "Pod"}, "the body of a delete is DeleteOptions, not Pod"),
        ({"gracePeriodSeconds": "soon"}, None, "gracePeriodSeconds: 'soon' is no number of seconds"),
    ],
)
def test_deletions_that_make_no_sense(query: dict[str, str], body: dict[str, Any] | None, text: str) -> None:
    """Delete nothing."""
    with pytest.raises(StatusError, match=text):
        options.deleting(query, body, Write())


def _body(*messages: Message) -> bytes:
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    return asyncio.run(bodies.read(receive))


def test_bodies_come_in_parts() -> None:
    """Until the last; or the client goes away, and nobody is there to be answered."""
    first, last = {"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}
    assert _body(last) == b"b"
    assert _body(first, first, last) == b"aab"
    with pytest.raises(bodies.Gone):
        _body(first, {"type": "http.disconnect"})


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        (b"", "application/json", None),
        (b'{"a":1}', "", {"a": 1}),
        (b'{"a":1}', "application/json; charset=utf-8", {"a": 1}),
        (b"a: 1", "application/yaml", {"a": 1}),
        (b"when: 2026-01-01T00:00:00Z", "application/yaml", {"when": "2026-01-01T00:00:00Z"}),
        (b'{"a":1}', "application/apply-patch+yaml", {"a": 1}),
        (b"a: [1, 2]", "application/apply-patch+yaml", {"a": [1, 2]}),
        (b'[{"op":"remove"}]', "application/json-patch+json", [{"op": "remove"}]),
    ],
)
def test_data(body: bytes, content_type: str, data: Any) -> None:
    """JSON, and YAML where it is said."""
    assert bodies.decoded(body, content_type) == data


# As kubectl sent them.
_DEPLOYMENT = (
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErYBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoQBCAASDAoKCgNhcHASA3dlYhpqChwKABIAGgAiACoAMgA4AEIA"
    "WgoKA2FwcBIDd2ViEkoSLAoDd2ViEgV3ZWI6MSoAMgoKABAAGFAiACoAQgBqAHIAgAEAiAEAkAEAogEAGgAyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBACICCgAoADgAGgwIABAA"
    "GAAgACgAOAAaACIA"
)
_BUDGET = (
    "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgFwEgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA="
)
_QUOTA = "azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRImChEKAXESABoAIgAqADIAOABCABIPCg0KA2NwdRIGCgQ1MDBtGgAaACIA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            _DEPLOYMENT,
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "web", "labels": {"app": "web"}},
                "spec": {
                    "replicas": 0,
                    "selector": {"matchLabels": {"app": "web"}},
                    "template": {
                        "metadata": {"labels": {"app": "web"}},
                        "spec": {"containers": [{"name": "web", "image": "web:1", "ports": [{"containerPort": 80}], "resources": {}}]},
                    },
                    "strategy": {},
                },
                "status": {},
            },
        ),
        (
            _BUDGET,
            {
                "apiVersion": "policy/v1",
                "kind": "PodDisruptionBudget",
                "metadata": {"name": "p"},
                "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}},
                "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
            },
        ),
        (
            _QUOTA,
            {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": {"cpu": "500m"}}, "status": {}},
        ),
    ],
)
def test_protobuf(text: str, expected: dict[str, Any]) -> None:
    """Is what JSON would have said."""
    assert bodies.decoded(base64.b64decode(text), "application/vnd.kubernetes.protobuf") == expected


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_protobuf_that_ends_too_early(cut: int) -> None:
    """Is refused, wherever it ends."""
    with pytest.raises(StatusError):
        bodies.decoded(base64.b64decode(_BUDGET)[:-cut], "application/vnd.kubernetes.protobuf")
