"""One turn of a Deployment: its ReplicaSets, and how they are scaled while one replaces the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers import progress, revisions
from embedded.cluster.controllers.kinds import POD, REPLICA_SET
from embedded.cluster.controllers.podstate import is_finished
from embedded.cluster.controllers.sizes import bounds_of, replicas_of, status_of
from embedded.cluster.controllers.templates import HASH_LABEL, hash_of, same_template, with_label
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import annotations_of, clone, is_deleting, labels_of, name_of, namespace_of, owner_reference, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

SOURCE: Final = "deployment-controller"
_LONGEST_NAME: Final = 253


class Rollout:
    """A Deployment in hand. `deployment` is a draft: what is written to its annotations and conditions is published at the end."""

    def __init__(self, world: World, deployment: Obj, sets: list[Obj]) -> None:
        self.world: Final = world
        self.deployment: Final[Obj] = clone(deployment)
        self.deployment.setdefault("status", {}).setdefault("conditions", [])
        self.replicas: Final = replicas_of(deployment)
        self.bounds: Final = bounds_of(deployment)
        self._sets = {name_of(s): s for s in revisions.by_age(sets)}
        new = revisions.find_new(deployment, sets)
        self._new = name_of(new) if new is not None else None

    @property
    def sets(self) -> list[Obj]:
        """All ReplicaSets, the oldest first."""
        return list(self._sets.values())

    @property
    def new(self) -> Obj | None:
        """The ReplicaSet of the present template."""
        return self._sets[self._new] if self._new is not None else None

    @property
    def old(self) -> list[Obj]:
        """The others, the oldest first."""
        return [s for name, s in self._sets.items() if name != self._new]

    @property
    def total(self) -> int:
        """How many pods all ReplicaSets together ask for."""
        return sum(replicas_of(s) for s in self._sets.values())

    def is_scaling(self) -> bool:
        """Whether the Deployment's size has changed since its ReplicaSets were last scaled."""
        wanted = str(self.replicas)
        return any(replicas_of(s) and annotations_of(s).get(revisions.DESIRED, wanted) != wanted for s in self._sets.values())

    def say_progress(self, status: str, reason: str, message: str) -> None:
        """Set the condition Progressing, if the Deployment has a deadline."""
        if progress.deadline_of(self.deployment) is not None:
            found = self.deployment["status"]["conditions"]
            self.deployment["status"]["conditions"] = progress.put(found, "Progressing", status, reason, message, self.world.clock.stamp())

    def number(self) -> None:
        """See to the new ReplicaSet's revision and annotations, and to the Deployment's own."""
        new = self.new
        if new is None:
            return
        revision = max((revisions.revision_of(s) for s in self.old), default=0) + 1
        min_ready = self.deployment["spec"].get("minReadySeconds", 0)

        def change(fresh: Obj) -> None:
            revisions.annotate(self.deployment, fresh, revision)
            if fresh["spec"].get("minReadySeconds", 0) != min_ready:
                fresh["spec"]["minReadySeconds"] = min_ready

        self._replace(self.world.change(REPLICA_SET, new, change))
        self._show_revision()
        if not any(c["type"] == "Progressing" for c in self.deployment["status"]["conditions"]):
            self.say_progress("True", "FoundNewReplicaSet", f'Found new replica set "{name_of(new)}"')

    def make_new(self) -> None:
        """Make the ReplicaSet of the present template, as large as it may be already."""
        if self.new is not None:
            return
        template = self.deployment["spec"]["template"]
        digest = hash_of(template, status_of(self.deployment, "collisionCount"))
        name = f"{name_of(self.deployment)[: _LONGEST_NAME - 1 - len(digest)]}-{digest}"
        labelled = with_label(template, HASH_LABEL, digest)
        selector = clone(self.deployment["spec"].get("selector") or {})
        selector["matchLabels"] = (selector.get("matchLabels") or {}) | {HASH_LABEL: digest}
        size = self._room_for_new(0)
        body: Obj = {
            "metadata": {
                "name": name,
                "namespace": namespace_of(self.deployment),
                "labels": labels_of(labelled),
                "annotations": revisions.size_annotations(self.replicas, self.bounds.surge),
                "ownerReferences": [owner_reference(self.deployment)],
            },
            "spec": {"replicas": size, "selector": selector, "template": labelled},
        }
        if min_ready := self.deployment["spec"].get("minReadySeconds"):
            body["spec"]["minReadySeconds"] = min_ready
        revisions.annotate(self.deployment, body, max((revisions.revision_of(s) for s in self.old), default=0) + 1)
        made = self._create(body, size)
        self._sets[name], self._new = made, name
        self._show_revision()
        self.say_progress("True", "NewReplicaSetCreated", f'Created new replica set "{name}"')

    def _create(self, body: Obj, size: int) -> Obj:
        world, name = self.world, body["metadata"]["name"]
        try:
            made = world.create(REPLICA_SET, body)
        except StatusError as error:
            there = world.get(REPLICA_SET, namespace_of(self.deployment), name)
            if error.reason == "AlreadyExists" and there is not None:
                if self._is_ours(there):
                    return there
                self.deployment["status"]["collisionCount"] = status_of(self.deployment, "collisionCount") + 1
            elif not world.is_ending(namespace_of(self.deployment)):
                why = f'Failed to create new replica set "{name}": {error.message}'
                self.say_progress("False", "ReplicaSetCreateError", why)
                world.events.warning(self.deployment, "ReplicaSetCreateError", why, source=SOURCE)
            raise
        if size:
            world.events.normal(self.deployment, "ScalingReplicaSet", f"Scaled up replica set {name} from 0 to {size}", source=SOURCE)
        return made

    def _is_ours(self, replica_set: Obj) -> bool:
        owners = replica_set["metadata"].get("ownerReferences") or []
        ours = any(r.get("controller") and r["uid"] == uid_of(self.deployment) for r in owners)
        return ours and same_template(replica_set["spec"]["template"], self.deployment["spec"]["template"])

    def _show_revision(self) -> None:
        new = self.new
        if new is not None and revisions.revision_of(new):
            self.deployment["metadata"].setdefault("annotations", {})[revisions.REVISION] = str(revisions.revision_of(new))

    def _replace(self, replica_set: Obj | None) -> None:
        if replica_set is not None:
            self._sets[name_of(replica_set)] = replica_set

    def _room_for_new(self, present: int) -> int:
        """How many pods the new ReplicaSet, that has so many, may have now."""
        if (self.deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            return self.replicas
        room = self.replicas + self.bounds.surge - self.total
        return present + max(min(room, self.replicas - present), 0)

    def scale_to(self, replica_set: Obj, size: int, *, always: bool = False) -> bool:
        """Scale one ReplicaSet; returns whether its size has changed. `always`: see to its annotations in any case."""
        before = replicas_of(replica_set)
        if before == size and not always:
            return False

        def change(fresh: Obj) -> None:
            fresh["spec"]["replicas"] = size
            fresh["metadata"].setdefault("annotations", {}).update(revisions.size_annotations(self.replicas, self.bounds.surge))

        self._replace(self.world.change(REPLICA_SET, replica_set, change))
        if before == size:
            return False
        way = "up" if size > before else "down"
        what = f"Scaled {way} replica set {name_of(replica_set)} from {before} to {size}"
        self.world.events.normal(self.deployment, "ScalingReplicaSet", what, source=SOURCE)
        return True

    def grow_new(self) -> bool:
        """Scale the new ReplicaSet as far as the surge allows."""
        new = self.new
        if new is None or replicas_of(new) == self.replicas:
            return False
        present = replicas_of(new)
        return self.scale_to(new, self.replicas if present > self.replicas else self._room_for_new(present))

    def shrink_old(self) -> bool:
        """Scale the old ReplicaSets as far down as availability allows, pods that serve nobody first."""
        new = self.new
        if new is None or not any(replicas_of(s) for s in self.old):
            return False
        least = self.replicas - self.bounds.unavailable
        spare = self.total - least - (replicas_of(new) - _available(new))
        if spare <= 0:
            return False
        moved = False
        for replica_set in self.old:
            useless = min(spare, replicas_of(replica_set) - _available(replica_set))
            if useless > 0:
                moved |= self.scale_to(replica_set, replicas_of(replica_set) - useless)
                spare -= useless
        spare = sum(_available(s) for s in self._sets.values()) - least
        for replica_set in self.old:
            away = min(spare, replicas_of(replica_set))
            if away > 0:
                moved |= self.scale_to(replica_set, replicas_of(replica_set) - away)
                spare -= away
        return moved

    def empty_old(self) -> bool:
        """Scale all old ReplicaSets to nothing."""
        moved = False
        for replica_set in self.old:
            moved |= self.scale_to(replica_set, 0)
        return moved

    def old_pods_run(self) -> bool:
        """Whether any pod of an old ReplicaSet is still there."""
        return any(not is_finished(p) for s in self.old for p in self.world.controlled(POD, s))

    def spread(self) -> None:
        """Bring the ReplicaSets to a new size of the Deployment: the only one that has pods, or all of them in proportion."""
        active = [s for s in self.sets if replicas_of(s)]
        if len(active) <= 1:
            one = active[0] if active else self.new or (self.old[-1] if self.old else None)
            if one is not None:
                self.scale_to(one, self.replicas, always=True)
            return
        if self._is_saturated():
            self.empty_old()
            return
        if (self.deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            return
        allowed = self.replicas + self.bounds.surge if self.replicas else 0
        missing = allowed - self.total
        newest_first = list(reversed(active)) if missing > 0 else active
        ordered = sorted(newest_first, key=lambda s: -replicas_of(s))
        sizes: dict[str, int] = {}
        added = 0
        for replica_set in ordered:
            part = self._share(replica_set, missing, added)
            sizes[name_of(replica_set)] = replicas_of(replica_set) + part
            added += part
        largest = name_of(ordered[0])
        sizes[largest] = max(sizes[largest] + missing - added, 0)
        for replica_set in ordered:
            self.scale_to(replica_set, sizes[name_of(replica_set)], always=True)

    def _share(self, replica_set: Obj, missing: int, added: int) -> int:
        """How many of the missing (or surplus) pods are this ReplicaSet's, by its share of the Deployment before."""
        if missing in {0, added}:
            return 0
        size = replicas_of(replica_set)
        if self.replicas == 0:
            part = -size
        else:
            before = int(annotations_of(replica_set).get(revisions.MOST, "0") or 0) or status_of(self.deployment, "replicas")
            part = int(size * (self.replicas + self.bounds.surge) / before + 0.5) - size if before else 0
        return min(part, missing - added) if missing > 0 else max(part, missing - added)

    def _is_saturated(self) -> bool:
        new = self.new
        wanted = str(self.replicas)
        return (
            new is not None
            and annotations_of(new).get(revisions.DESIRED) == wanted
            and replicas_of(new) == self.replicas == status_of(new, "availableReplicas")
        )

    def forget_old(self) -> None:
        """Delete the oldest ReplicaSets beyond the history's limit."""
        limit = self.deployment["spec"].get("revisionHistoryLimit")
        if limit is None:
            return
        alive = sorted((s for s in self.old if not is_deleting(s)), key=revisions.revision_of)
        for replica_set in alive[: max(len(alive) - int(limit), 0)]:
            seen = status_of(replica_set, "observedGeneration") >= replica_set["metadata"].get("generation", 1)
            if seen and not replicas_of(replica_set) and not status_of(replica_set, "replicas"):
                self.world.delete(REPLICA_SET, replica_set)
                del self._sets[name_of(replica_set)]


def _available(replica_set: Obj) -> int:
    """The available pods that it keeps: its status may be older than its size."""
    return min(status_of(replica_set, "availableReplicas"), replicas_of(replica_set))
