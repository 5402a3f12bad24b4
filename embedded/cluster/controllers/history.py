"""ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.kinds import REVISION
from embedded.cluster.controllers.templates import hash_of
from embedded.cluster.model.objects import clone, labels_of, name_of, namespace_of, owner_reference

if TYPE_CHECKING:
    from collections.abc import Collection

    from embedded.cluster.controllers.kinds import Kind
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

POD_LABEL: Final = "controller-revision-hash"
_HASH: Final = "controller.kubernetes.io/hash"


def template_of(revision: Obj) -> Obj:
    """The template that a revision remembers."""
    template: Obj = clone(revision["data"]["spec"]["template"])
    template.pop("$patch", None)
    return template


def revisions_of(world: World, owner: Obj) -> list[Obj]:
    """The owner's revisions, the latest last."""
    return sorted(world.controlled(REVISION, owner), key=lambda r: (r["revision"], name_of(r)))


def present(world: World, kind: Kind, owner: Obj) -> tuple[Obj, list[Obj]]:
    """The revision of the owner's present template, made or renumbered if need be, and all of them in order."""
    known = revisions_of(world, owner)
    template = owner["spec"]["template"]
    number = int(known[-1]["revision"]) + 1 if known else 1
    same = next((r for r in reversed(known) if template_of(r) == template), None)
    if same is not None and same is not known[-1]:
        raised = world.change(REVISION, same, lambda fresh: fresh.__setitem__("revision", number))
        same = raised or same
    if same is None:
        collisions = int((owner.get("status") or {}).get("collisionCount") or 0)
        digest = hash_of(template, collisions)
        while world.get(REVISION, namespace_of(owner), f"{name_of(owner)}-{digest}") is not None:
            collisions += 1
            digest = hash_of(template, collisions)
        metadata = {
            "name": f"{name_of(owner)}-{digest}",
            "namespace": namespace_of(owner),
            "labels": labels_of(template) | {_HASH: digest},
            "ownerReferences": [owner_reference({**owner, "apiVersion": kind.api_version, "kind": kind.kind})],
        }
        data = {"spec": {"template": {**clone(template), "$patch": "replace"}}}
        same = world.create(REVISION, {"metadata": metadata, "data": data, "revision": number})
    return same, revisions_of(world, owner)


def hash_label(revision: Obj) -> str:
    """The short name of a revision."""
    return labels_of(revision).get(_HASH, name_of(revision))


def forget(world: World, owner: Obj, known: list[Obj], live: Collection[str]) -> None:
    """Delete the oldest revisions that no pod has, beyond the history's limit."""
    limit = int(owner["spec"].get("revisionHistoryLimit", 10))
    past = [r for r in known if name_of(r) not in live]
    for revision in past[: max(len(past) - limit, 0)]:
        world.delete(REVISION, revision)
