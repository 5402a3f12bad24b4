"""The names of labels and annotations by which a stack's objects find each other: Services their pods, policies whom they are for."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tidegate.model.base import Slot

NAME: Final = "app.kubernetes.io/name"
VERSION: Final = "app.kubernetes.io/version"
COMPONENT: Final = "app.kubernetes.io/component"
SLOT: Final = "tidegate.dev/slot"
RELEASE: Final = "tidegate.dev/release"
SPEC: Final = "tidegate.dev/spec"
"""An annotation: the hash of everything that a slot's pods are made from, or a route."""
PROVEN: Final = "tidegate.dev/proven"
"""An annotation: the release and step for which a slot was proven ready. With each new one it is proven anew."""
CONTENT: Final = "tidegate.dev/content"
"""An annotation: the hash of what a ConfigMap or Secret has."""

SERVICE: Final = "service"
"""The component that serves requests."""
SMOKE: Final = "smoke"
"""The component that looks at a slot before users get there."""

TRAFFIC: Final = "traffic"
"""The component that sends requests to slots."""


def selector(service: str, slot: Slot) -> dict[str, str]:
    """By which a slot's pods are found; it can never be changed."""
    return {NAME: service, COMPONENT: SERVICE, SLOT: slot}


def metadata(name: str | None, namespace: Any, own: Mapping[str, str], annotations: Mapping[str, str]) -> Any:
    """An object's metadata. What is empty is left out: the API server doesn't keep it, and it would be a difference at each update."""
    found = {"name": name, "namespace": namespace, "labels": dict(own), "annotations": dict(annotations)}
    return {key: part for key, part in found.items() if part is not None and not (isinstance(part, dict) and not part)}


def fresh(annotation: str, text: str) -> str:
    """For `pulumi.com/waitFor`: the object has been seen as it was just written. Until then the provider may look at what it remembers."""
    return f"jsonpath={{.metadata.annotations['{annotation}']}}={text}"


def value(text: str) -> str:
    """The text as a label can have it: a version may have a `+`, and end with anything."""
    return re.sub(r"[^-._A-Za-z0-9]", "_", text)[:63].strip("-._")
