"""The release pack's judgements, on tables of what is good and what is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

PACK = Path(__file__).parents[3] / "policies" / "release"


def policy(name: str) -> Any:
    """A policy of the pack, from its file: a pack is a program, not a package."""
    spec = importlib.util.spec_from_file_location(f"release_{name}", PACK / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return getattr(module, name)


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("registry.example/web:1.0.0", True),
        ("registry.example:5000/web:1.0.0", True),
        ("web@sha256:0123", True),
        ("web:latest@sha256:0123", True),
        ("registry.example/web:latest", False),
        ("registry.example:5000/web", False),
        ("web", False),
        ("web:", False),
    ],
)
def test_images_name_a_version(image: str, good: bool) -> None:
    """A tag or a digest, and not `latest`; a registry's port is no tag."""
    said = judged("apps/v1:Deployment", {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}})
    assert (not said) is good
    assert all(image in text and "app" in text for text in said)


@pytest.mark.parametrize(
    ("kind", "wrapped"),
    [
        ("apps/v1:Deployment", lambda pod: {"template": {"spec": pod}}),
        ("apps/v1:StatefulSet", lambda pod: {"template": {"spec": pod}}),
        ("batch/v1:Job", lambda pod: {"template": {"spec": pod}}),
        ("batch/v1:CronJob", lambda pod: {"jobTemplate": {"spec": {"template": {"spec": pod}}}}),
    ],
)
@pytest.mark.parametrize("part", ["containers", "initContainers"])
def test_every_container_is_looked_at(kind: str, wrapped: Callable[[dict[str, Any]], dict[str, Any]], part: str) -> None:
    """Of all that makes pods, sidecars included; of nothing else."""
    pod = {"containers": [{"name": "app", "image": "web:1.0.0"}]}
    assert judged(kind, wrapped(pod)) == []
    pod[part] = [{"name": "one", "image": "web:latest"}]
    assert len(judged(kind, wrapped(pod))) == 1
    assert judged("core/v1:Service", wrapped(pod)) == []


def judged(kind: str, spec: dict[str, Any]) -> list[str]:
    """What `named-version` says of an object."""
    said: list[str] = []
    args = SimpleNamespace(resource_type=f"kubernetes:{kind}", props={"spec": spec})
    policy("named_version").validate(args, lambda text, *_: said.append(text))
    return said


KINDS = {
    "Service": "kubernetes:core/v1:Service",
    "Deployment": "kubernetes:apps/v1:Deployment",
    "StatefulSet": "kubernetes:apps/v1:StatefulSet",
    "HTTPRoute": "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
    "Ingress": "kubernetes:networking.k8s.io/v1:Ingress",
}
APP, SLOT = "app.kubernetes.io/name", "tidegate.dev/slot"


def resource(kind: str, name: str, spec: dict[str, Any], namespace: str = "shop") -> SimpleNamespace:
    """A resource as a stack policy sees it."""
    props = {"metadata": {"name": name, "namespace": namespace}, "spec": spec}
    return SimpleNamespace(resource_type=KINDS[kind], urn=f"urn:{kind}:{name}", props=props)


def pods(slot: str, replicas: int | None, kind: str = "Deployment", app: str = "web", namespace: str = "shop") -> SimpleNamespace:
    """What makes a slot's pods."""
    spec: dict[str, Any] = {"template": {"metadata": {"labels": {APP: app, SLOT: slot, "more": "yes"}}}}
    return resource(kind, f"{app}-{slot}", spec if replicas is None else spec | {"replicas": replicas}, namespace)


def service(name: str, **selector: str) -> SimpleNamespace:
    """A Service that selects by application and slot."""
    keys = {"app": APP, "slot": SLOT}
    return resource("Service", name, {"selector": {keys[key]: value for key, value in selector.items()}})


def route(**weights: int | None) -> SimpleNamespace:
    """A route with weights for slots."""
    refs = [{"name": f"web-{slot}"} | ({} if weight is None else {"weight": weight}) for slot, weight in weights.items()]
    return resource("HTTPRoute", "web", {"rules": [{"backendRefs": refs}]})


def ingress(name: str) -> SimpleNamespace:
    """An Ingress to a Service."""
    return resource("Ingress", "web", {"rules": [{"http": {"paths": [{"backend": {"service": {"name": name}}}]}}]})


BLUE, GREEN = service("web-blue", app="web", slot="blue"), service("web-green", app="web", slot="green")


@pytest.mark.parametrize(
    ("resources", "blamed"),
    [
        # By the application's own name.
        ([service("web", app="web", slot="blue"), pods("blue", 3), pods("green", 0)], []),
        ([service("web", app="web", slot="blue"), pods("blue", None)], []),
        ([service("web", app="web", slot="green"), pods("blue", 3), pods("green", 0)], ["web"]),
        ([service("web", app="web", slot="blue"), pods("blue", 3, namespace="other")], ["web"]),
        ([service("web", app="web", slot="blue"), pods("blue", 3, app="shop")], ["web"]),
        ([service("web", app="web", slot="blue")], ["web"]),
        # A slot's Service, and the preview's, may lead nowhere as long as no users are sent there.
        ([BLUE, GREEN, service("web-preview", app="web", slot="green"), pods("blue", 3), pods("green", 0)], []),
        ([BLUE, GREEN, route(blue=100, green=0), pods("blue", 3), pods("green", 0)], []),
        ([BLUE, GREEN, route(blue=95, green=5), pods("blue", 3), pods("green", 1)], []),
        ([BLUE, GREEN, route(blue=95, green=5), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([BLUE, GREEN, route(green=None), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([BLUE, GREEN, ingress("web-green"), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([service("web-preview", app="web", slot="green"), ingress("web-preview"), pods("green", 0)], []),
        # What has no slots.
        ([resource("Service", "web", {})], []),
        ([service("redis", app="redis"), pods("blue", 1, "StatefulSet", "redis")], []),
        ([service("redis-pods", app="redis"), pods("blue", 0, "StatefulSet", "redis")], ["redis-pods"]),
        # Elsewhere, and none of our business.
        ([ingress("elsewhere"), resource("Ingress", "files", {"rules": [{"http": {"paths": [{"backend": {"resource": {}}}]}}, {}]})], []),
    ],
)
def test_users_are_sent_to_a_slot_that_runs(resources: list[SimpleNamespace], blamed: list[str]) -> None:
    """Whatever takes users, by its name or by a route, finds pods of something with replicas, in its own namespace."""
    said: list[str] = []
    policy("live_slot_runs").validate(SimpleNamespace(resources=resources), lambda _, urn: said.append(urn.rpartition(":")[2]))
    assert said == blamed
