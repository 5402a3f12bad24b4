"""The release pack's judgements, on tables of what is good and what is not."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
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
    said: list[str] = []
    spec = {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}
    args = SimpleNamespace(resource_type="kubernetes:apps/v1:Deployment", props={"spec": spec})
    policy("named_version").validate(args, lambda text, *_: said.append(text))
    assert (not said) is good
    assert all(image in text and "app" in text for text in said)


def resource(kind: str, spec: dict[str, Any], namespace: str = "shop") -> SimpleNamespace:
    """A resource as a stack policy sees it."""
    types = {"Service": "kubernetes:core/v1:Service", "Deployment": "kubernetes:apps/v1:Deployment"}
    return SimpleNamespace(resource_type=types[kind], urn=f"urn:{kind}", props={"metadata": {"namespace": namespace}, "spec": spec})


def deployment(replicas: int | None, namespace: str = "shop", **labels: str) -> SimpleNamespace:
    """A Deployment whose pods have these labels."""
    spec: dict[str, Any] = {"template": {"metadata": {"labels": labels}}}
    return resource("Deployment", spec if replicas is None else spec | {"replicas": replicas}, namespace)


@pytest.mark.parametrize(
    ("selector", "deployments", "good"),
    [
        ({"slot": "blue"}, [deployment(3, slot="blue", app="web"), deployment(0, slot="green")], True),
        ({"slot": "blue"}, [deployment(None, slot="blue")], True),
        ({}, [], True),
        ({"slot": "green"}, [deployment(3, slot="blue"), deployment(0, slot="green")], False),
        ({"slot": "blue"}, [deployment(3, slot="blue", namespace="other")], False),
        ({"slot": "blue", "app": "shop"}, [deployment(3, slot="blue", app="web")], False),
        ({"slot": "blue"}, [], False),
    ],
)
def test_users_are_sent_to_a_slot_that_runs(selector: dict[str, str], deployments: list[SimpleNamespace], good: bool) -> None:
    """A selector finds pods of a Deployment with replicas, in its own namespace."""
    said: list[str] = []
    args = SimpleNamespace(resources=[resource("Service", {"selector": selector}), *deployments])
    policy("live_slot_runs").validate(args, lambda text, *_: said.append(text))
    assert (not said) is good
