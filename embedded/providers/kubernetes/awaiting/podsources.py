"""The pods that a controller's object selects and owns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes.awaiting.model import Source
from embedded.providers.kubernetes.awaiting.objects import mapping, namespace_of, owned_by, selector_text

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Obj, View

PODS: Final = "pods"


def pods_of_selector(owner: Obj) -> tuple[Source, ...]:
    """The pods that the object's selector selects, to explain what holds it up."""
    selected = {"labelSelector": selector_text(mapping(owner, "spec", "selector"))}
    return (Source(PODS, f"/api/v1/namespaces/{namespace_of(owner)}/pods", selected, optional=True),)


def owned_pods(view: View) -> list[Obj]:
    """Those of them that it owns."""
    return [pod for pod in view.all(PODS) if owned_by(pod, view.object)]
