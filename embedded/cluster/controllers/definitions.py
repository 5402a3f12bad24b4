"""CustomResourceDefinitions: their names are accepted, their kinds are served."""

from __future__ import annotations

from embedded.cluster.controllers import conditions
from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import DEFINITION
from embedded.cluster.model.objects import is_deleting


class Definitions(Controller):
    """Says so. That they are served is the registry's doing, from the moment that they are there."""

    kind = DEFINITION

    def reconcile(self, namespace: str, name: str) -> None:
        """Publish the accepted names and the two conditions that clients wait for."""
        found = self.world.get(DEFINITION, namespace, name)
        if found is None or is_deleting(found):
            return
        spec, status = found["spec"], found.get("status") or {}
        now = self.world.clock.stamp()
        held = status.get("conditions") or []
        for type_, reason, message in (
            ("NamesAccepted", "NoConflicts", "no conflicts found"),
            ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ):
            held = conditions.put(held, {"type": type_, "status": "True", "reason": reason, "message": message}, now)
        kept = [*(status.get("storedVersions") or ())]
        kept += [v["name"] for v in spec["versions"] if v.get("storage") and v["name"] not in kept]
        self.world.set_status(DEFINITION, found, {"conditions": held, "acceptedNames": spec["names"], "storedVersions": kept})
