"""Fields: where they are, what is there, and what isn't known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import of_manifest, of_resource
from policies.judging.fields import UNKNOWN, Hidden, UnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.judging import Field

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "annotations": {"tidegate.dev/spec": "x"}},
    "spec": {"replicas": 0, "template": {"spec": {"containers": [{"name": "app", "args": None}]}}},
}


@pytest.mark.parametrize(
    ("keys", "path", "value", "given"),
    [
        ((), "", DEPLOYMENT, True),
        (("spec", "replicas"), "spec.replicas", 0, True),
        (("spec", "template", "spec", "containers", 0, "name"), "spec.template.spec.containers[0].name", "app", True),
        (("spec", "template", "spec", "containers", 0, "args"), "spec.template.spec.containers[0].args", None, False),
        (("spec", "template", "spec", "containers", 1, "name"), "spec.template.spec.containers[1].name", None, False),
        (("metadata", "annotations", "tidegate.dev/spec"), "metadata.annotations[tidegate.dev/spec]", "x", True),
        (("spec", "replicas", "more", 0), "spec.replicas.more[0]", None, False),
        (("spec", "template", "spec", "containers", "name"), "spec.template.spec.containers.name", None, False),
    ],
)
def test_fields_know_where_they_are(keys: tuple[str | int, ...], path: str, value: Any, given: bool) -> None:
    """There or not, and of whatever type what is above them is."""
    field = of_manifest(DEPLOYMENT).at(*keys)
    assert (field.path, field.value, field.given, field.steps) == (path, value, given, keys)


def test_parts_of_what_has_none() -> None:
    """A text has no parts, neither of a list nor of a mapping."""
    name = of_manifest(DEPLOYMENT).at("metadata", "name")
    assert (list(name.items()), list(name.entries()), name.text) == ([], [], "web")
    assert of_manifest(DEPLOYMENT).at("spec", "replicas").text == ""


_READ: dict[str, Callable[[Field], Any]] = {
    "value": lambda field: field.value,
    "given": lambda field: field.given,
    "text": lambda field: field.text,
    "items": lambda field: list(field.items()),
    "entries": lambda field: list(field.entries()),
}


@pytest.mark.parametrize("read", _READ)
@pytest.mark.parametrize("keys", [("spec",), ("spec", "a"), ("spec", "a", 0, "b")])
def test_what_is_not_known_cannot_be_read(read: str, keys: tuple[str | int, ...]) -> None:
    """Nor anything below it; that it isn't can be asked."""
    field = of_resource("kubernetes:core/v1:Pod", {"spec": UNKNOWN}).at(*keys)
    assert not field.known
    with pytest.raises(UnknownError, match=r"spec"):
        _READ[read](field)


def test_something_unknown_below_makes_the_whole_unknown() -> None:
    """As one value; part by part the rest can be read."""
    spec = of_resource("kubernetes:core/v1:Pod", {"spec": {"a": [1, UNKNOWN], "b": {"c": Hidden("x")}}}).at("spec")
    with pytest.raises(UnknownError):
        _ = spec.value
    assert (spec.at("a", 0).value, spec.at("b").value) == (1, {"c": "x"})


def test_secrets_are_read_and_not_shown() -> None:
    """Whether Pulumi marks them, or Kubernetes keeps them; nor is anything below them."""
    marked = of_resource("kubernetes:core/v1:ConfigMap", {"data": {"key": Hidden("hunter2")}}).at("data", "key")
    kept = of_manifest({"apiVersion": "v1", "kind": "Secret", "data": {"key": "aHVudGVyMg=="}}).at("data", "key")
    below = of_resource("kubernetes:core/v1:ConfigMap", {"data": Hidden({"key": "hunter2"})}).at("data", "key")
    for field in (marked, kept, below):
        assert field.secret
        assert field.value in {"hunter2", "aHVudGVyMg=="}
        assert field.shown == "[secret]"
        assert "hunter2" not in repr(field)


@pytest.mark.parametrize(
    ("version", "kind", "names"),
    [
        ("v1", "Service", {"Service", "kubernetes:core/v1:Service", "kubernetes:*"}),
        ("apps/v1", "Deployment", {"Deployment", "apps/Deployment", "kubernetes:apps/v1:Deployment", "kubernetes:*"}),
        ("serving.knative.dev/v1", "Service", {"serving.knative.dev/Service", "kubernetes:serving.knative.dev/v1:Service", "kubernetes:*"}),
        (
            "networking.k8s.io/v1",
            "Ingress",
            {"Ingress", "networking.k8s.io/Ingress", "kubernetes:networking.k8s.io/v1:Ingress", "kubernetes:*"},
        ),
    ],
)
def test_kinds_are_known_by_several_names(version: str, kind: str, names: set[str]) -> None:
    """A bare one is Kubernetes' own."""
    assert set(of_manifest({"apiVersion": version, "kind": kind}).names) == names


def test_subjects_are_named_for_people() -> None:
    """By what is known: a secret name isn't."""
    assert of_manifest(DEPLOYMENT).shown == "Deployment/web"
    assert of_manifest({**DEPLOYMENT, "metadata": {"name": "web", "namespace": "shop"}}).shown == "shop/Deployment/web"
    assert (
        of_resource("kubernetes:apps/v1:Deployment", {"metadata": {"name": UNKNOWN}}, label="web", namespace="shop").shown
        == "shop/Deployment/web"
    )
    assert of_resource("kubernetes:core/v1:Pod", {"metadata": {"name": Hidden("hunter2")}}, label="web").shown == "Pod/web"
    assert of_resource("aws:s3/bucket:Bucket", {}, label="logs").shown == "Bucket/logs"
