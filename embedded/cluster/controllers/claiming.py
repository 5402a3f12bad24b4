"""Which objects are a controller's own: those it made, orphans that its selector matches; not those whose labels have been changed away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.model.objects import is_deleting, labels_of, meta_of, namespace_of, owner_reference, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.kinds import Kind
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj, Selector


def claim(world: World, kind: Kind, owner: Obj, selector: Selector) -> list[Obj]:
    """The owner's objects of a kind, after adopting and releasing."""
    if is_deleting(owner):
        return world.controlled(kind, owner)
    mine: list[Obj] = []
    for obj in world.controlled(kind, owner):
        if selector.matches(labels_of(obj)):
            mine.append(obj)
        elif not is_deleting(obj):
            world.change(kind, obj, lambda fresh: release(fresh, uid_of(owner)))
    for obj in list(world.dependents.masterless(kind.storage, namespace_of(owner))):
        if selector.matches(labels_of(obj)) and not is_deleting(obj):
            adopted = world.change(kind, obj, lambda fresh: _adopt(fresh, owner))
            mine += [adopted] if adopted is not None else []
    return mine


def _adopt(obj: Obj, owner: Obj) -> None:
    obj["metadata"].setdefault("ownerReferences", []).append(owner_reference(owner))


def release(obj: Obj, uid: str) -> None:
    """Take the reference to an owner away."""
    left = [r for r in meta_of(obj).get("ownerReferences") or [] if r["uid"] != uid]
    if left:
        obj["metadata"]["ownerReferences"] = left
    else:
        obj["metadata"].pop("ownerReferences", None)
