"""Events: what controllers and kubelets say about objects. What is said again is counted, and all is forgotten after an hour."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Literal

from embedded.cluster.controllers.kinds import EVENT
from embedded.cluster.model.errors import StatusError
from embedded.cluster.model.objects import clone, name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

Severity = Literal["Normal", "Warning"]
_KEPT: Final = 3600.0


class Recorder:
    """Writes Event objects and, for each, a line in the journal."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._said: dict[tuple[str, ...], Obj] = {}
        self._due: deque[tuple[float, tuple[str, ...]]] = deque()
        self._last_instant = 0

    def normal(self, about: Obj, reason: str, message: str, *, source: str, path: str = "", host: str = "") -> None:
        """Something that is as it should be."""
        self._say("Normal", about, reason, message, source, path, host)

    def warning(self, about: Obj, reason: str, message: str, *, source: str, path: str = "", host: str = "") -> None:
        """Something that somebody should look at."""
        self._say("Warning", about, reason, message, source, path, host)

    def _say(self, severity: Severity, about: Obj, reason: str, message: str, source: str, path: str, host: str) -> None:
        world = self._world
        namespace = namespace_of(about)
        world.journal.write("event", about=about["kind"], namespace=namespace, name=name_of(about), reason=reason, message=message)
        space = namespace or "default"
        if world.is_ending(space):
            return
        key = (severity, uid_of(about), reason, message, path)
        now = world.clock.stamp()
        if (said := self._said.get(key)) is not None:

            def again(event: Obj) -> None:
                event["count"] = event.get("count", 1) + 1
                event["lastTimestamp"] = now

            if world.change(EVENT, said, again, manager=source) is not None:
                return
        involved = {"kind": about["kind"], "namespace": namespace, "name": name_of(about), "uid": uid_of(about)}
        involved |= {"apiVersion": about["apiVersion"], "resourceVersion": about["metadata"].get("resourceVersion", ""), "fieldPath": path}
        # Named after the instant, as real ones are: sorted by name, events of one second are in order.
        instant = max(round(world.clock.now() * 1e9), self._last_instant + 1)
        self._last_instant = instant
        event = {
            "metadata": {"name": f"{name_of(about)}.{instant:016x}", "namespace": space},
            "involvedObject": {k: v for k, v in involved.items() if v},
            "reason": reason,
            "message": message,
            "source": {"component": source} | ({"host": host} if host else {}),
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": severity,
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": host,
        }
        try:
            self._said[key] = clone(world.create(EVENT, event, manager=source))
        except StatusError:
            return  # as for a real controller: what can't be said isn't
        self._due.append((world.clock.now() + _KEPT, key))
        if len(self._due) == 1:
            world.clock.later(_KEPT, self._forget)

    def _forget(self) -> None:
        """Remove what is too old; come back for the next."""
        world = self._world
        while self._due and self._due[0][0] <= world.clock.now():
            _, key = self._due.popleft()
            event = self._said.pop(key, None)
            if event is not None:
                world.delete(EVENT, event)
        if self._due:
            world.clock.later(self._due[0][0] - world.clock.now(), self._forget)
