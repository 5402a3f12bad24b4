"""What an update will write of a route or a Service when so much traffic goes to the candidate: what the last one wrote, with that changed.

It is exactly what the program renders, down to the annotations that have the content's hash, so that the update that follows finds nothing
to do but to record it.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.base import SLOTS, digest_of
from tidegate.planner.standing import SLOT, SPEC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.base import Slot

Obj = dict[str, Any]

_MIRROR: Final = "RequestMirror"


def rerouted(inputs: Mapping[str, Any], service: str, weights: Mapping[Slot, int], *, mirrored: bool) -> Obj:
    """An HTTPRoute whose users are divided so; `mirrored`: whether the candidate still gets copies of requests, if it did."""
    route = plain(inputs)
    before = digest_of(route["spec"])
    for rule in shared(route, service):
        for backend in rule["backendRefs"]:
            for slot in SLOTS:
                if backend["name"] == f"{service}-{slot}":
                    backend["weight"] = weights[slot]
        filters = [one for one in rule.get("filters") or () if mirrored or one.get("type") != _MIRROR]
        if filters:
            rule["filters"] = filters
        else:
            rule.pop("filters", None)
    return _stamped(route, before)


def reselected(inputs: Mapping[str, Any], behind: Mapping[str, Any], slot: Slot) -> Obj:
    """A Service that leads to a slot; `behind` is the slot's own Service, which has the ports that the slot listens at."""
    service: Obj = plain(inputs)
    service["spec"]["selector"] = {**service["spec"]["selector"], SLOT: slot}
    service["spec"]["ports"] = plain(behind)["spec"]["ports"]
    return service


def shared(route: Mapping[str, Any], service: str) -> Iterator[Any]:
    """The rules of a route that know both slots: the users', not the testers'."""
    both = {f"{service}-{slot}" for slot in SLOTS}
    for rule in (route.get("spec") or {}).get("rules") or ():
        if both <= {backend.get("name") for backend in rule.get("backendRefs") or ()}:
            yield rule


def _stamped(obj: Obj, before: str) -> Obj:
    """With its new content's hash wherever an annotation has that of the content before."""
    annotations, after = obj["metadata"].get("annotations") or {}, digest_of(obj["spec"])
    if annotations.get(SPEC) == before:
        obj["metadata"]["annotations"] = {key: text.replace(before, after) for key, text in annotations.items()}
    return obj


def plain(value: Any) -> Any:
    """A copy, with whole numbers as such: some states have none."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: plain(part) for key, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _:
            return copy.copy(value)
