"""ResourceQuotas say how much of what they limit there is. The registry enforces them; this only tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import EVENT, QUOTA
from embedded.cluster.model.objects import name_of
from embedded.cluster.model.quantities import written
from embedded.cluster.registry.quotas import usage

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.store.store import Change


class Quotas(Controller):
    """Counts again when something comes, goes or ends in a namespace with quotas."""

    kind = QUOTA

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on_any(self._content_changed)

    def _content_changed(self, change: Change) -> None:
        if not change.namespace or change.storage == EVENT.storage or not self.world.store.count(QUOTA.storage, change.namespace):
            return
        if change.old is not None and change.type == "MODIFIED" and _seen(change.old) == _seen(change.obj):
            return
        self.enqueue_all(change.namespace)

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the limits and what is used of them."""
        quota = self.world.get(QUOTA, namespace, name)
        if quota is None:
            return
        used = usage(self.world.store, quota)
        hard = quota["spec"].get("hard") or {}
        spelled = {k: written(v, binary="memory" in k or "storage" in k) for k, v in used.items()}
        self.world.set_status(QUOTA, quota, {"hard": dict(hard), "used": spelled} if hard else {})


def _seen(obj: dict[str, object]) -> tuple[object, ...]:
    status = obj.get("status")
    return (obj.get("spec"), status.get("phase") if isinstance(status, dict) else None, name_of(obj))
