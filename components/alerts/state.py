"""What the ledger says, as series: recording rules of constants, written anew with each step of a release.

So whoever looks at metrics knows which slot is live and what a release is doing, and needs nothing that runs for it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from components.alerts.rules import Group, Recording

if TYPE_CHECKING:
    from tidegate.model.ledger import Ledger, Release


def state(ledger: Ledger, namespace: str) -> Group:
    """Slots and the last release, as series."""
    rules: list[Recording] = []
    for name, record in sorted(ledger.services.items()):
        for slot, occupant in sorted(record.slots.items()):
            labels = {"namespace": namespace, "service": name, "slot": slot}
            live = slot == record.live
            rules.append(Recording("tidegate_slot_live", f"vector({int(live)})", labels))
            rules.append(Recording("tidegate_slot_weight", f"vector({record.weight_of(slot)})", labels | {"version": occupant.version}))
    rules.append(Recording("tidegate_releases", f"vector({ledger.releases})", {"namespace": namespace}))
    if ledger.release is not None:
        rules += _release(ledger.release, namespace)
    return Group("state", tuple(rules))


def _release(release: Release, namespace: str) -> tuple[Recording, ...]:
    labels = {"namespace": namespace, "release": release.id}
    facts = {"kind": release.kind, "phase": release.phase, "services": ",".join(release.services)}
    changed = datetime.fromisoformat(release.changed.at).timestamp()
    return (
        Recording("tidegate_release", "vector(1)", labels | facts),
        Recording("tidegate_release_weight", f"vector({release.weight})", labels),
        Recording("tidegate_release_changed_timestamp_seconds", f"vector({changed:.0f})", labels),
    )
