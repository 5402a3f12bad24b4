"""LimitRanges: what containers get that ask for nothing, and the bounds of what they may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.cluster.model.errors import forbidden
from embedded.cluster.model.objects import name_of, namespace_of
from embedded.cluster.model.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry


def admit(registry: Registry, pod: Obj) -> None:
    """Complete the pod's containers, in place, or refuse it."""
    ranges = list(registry.store.all("/limitranges", namespace_of(pod)))
    limits = [item for r in ranges for item in r["spec"].get("limits") or [] if item.get("type") == "Container"]
    if not limits:
        return
    containers = [*(pod["spec"].get("containers") or []), *(pod["spec"].get("initContainers") or [])]
    for limit in limits:
        for container in containers:
            _complete(container, limit)
    wrong = [text for limit in limits for container in containers for text in _broken(container, limit)]
    if wrong:
        raise forbidden("", "pods", name_of(pod), wrong[0] if len(wrong) == 1 else f"[{', '.join(wrong)}]")


def _complete(container: Obj, limit: Obj) -> None:
    resources = container.setdefault("resources", {})
    for side, source in (("limits", "default"), ("requests", "defaultRequest")):
        given: dict[str, Any] = limit.get(source) or {}
        if given:
            resources[side] = {**given, **(resources.get(side) or {})}


def _broken(container: Obj, limit: Obj) -> Iterator[str]:
    resources: Obj = container.get("resources") or {}
    for bound, needed in (("min", "requests"), ("max", "limits")):
        for what, size in (limit.get(bound) or {}).items():
            for side in ("requests", "limits"):
                asked = (resources.get(side) or {}).get(what)
                word = side.removesuffix("s")
                if asked is None and side == needed:
                    yield f"{bound}imum {what} usage per Container is {size}.  No {word} is specified"
                elif asked is not None and _exceeds(bound, quantity(asked), quantity(size)):
                    yield f"{bound}imum {what} usage per Container is {size}, but {word} is {asked}"


def _exceeds(bound: str, asked: Fraction, size: Fraction) -> bool:
    return asked < size if bound == "min" else asked > size
