"""Revisions of a Deployment: its ReplicaSets' numbers, and the annotations that say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.templates import same_template
from embedded.cluster.controllers.times import seconds_of
from embedded.cluster.model.objects import annotations_of, meta_of, name_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

REVISION: Final = "deployment.kubernetes.io/revision"
HISTORY: Final = "deployment.kubernetes.io/revision-history"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MOST: Final = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED: Final = frozenset({
    "kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MOST, "deprecated.deployment.rollback.to",
})  # fmt: skip
_HISTORY_LENGTH: Final = 2000


def revision_of(obj: Obj) -> int:
    """The revision that an object's annotation says; 0 if none."""
    text = annotations_of(obj).get(REVISION, "0")
    return int(text) if text.isdecimal() else 0


def by_age(sets: list[Obj]) -> list[Obj]:
    """ReplicaSets, the oldest first."""
    return sorted(sets, key=lambda s: (seconds_of(meta_of(s).get("creationTimestamp")) or 0.0, name_of(s)))


def find_new(deployment: Obj, sets: list[Obj]) -> Obj | None:
    """The ReplicaSet of the Deployment's present template."""
    template = deployment["spec"]["template"]
    return next((s for s in by_age(sets) if same_template(s["spec"]["template"], template)), None)


def annotate(deployment: Obj, replica_set: Obj, revision: int) -> None:
    """Give a ReplicaSet the Deployment's annotations and, if it is newer than its own, a revision."""
    annotations = replica_set["metadata"].setdefault("annotations", {})
    annotations |= {k: v for k, v in annotations_of(deployment).items() if k not in _NOT_COPIED}
    before = revision_of(replica_set)
    if before >= revision:
        return
    annotations[REVISION] = str(revision)
    if before:
        # The set is taken back into use: its former numbers are remembered, the last ones that fit.
        numbers = [n for n in [*annotations.get(HISTORY, "").split(","), str(before)] if n]
        while len(",".join(numbers)) > _HISTORY_LENGTH:
            numbers.pop(0)
        annotations[HISTORY] = ",".join(numbers)


def size_annotations(replicas: int, surge: int) -> dict[str, str]:
    """What a ReplicaSet says of the size of its Deployment."""
    return {DESIRED: str(replicas), MOST: str(replicas + surge)}
