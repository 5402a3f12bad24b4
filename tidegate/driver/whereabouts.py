"""Where users are, beside where the ledger has them, and the stack's state: what updates have left that failed or were cut off.

The ledger knows what succeeded. The state knows what an update has done that failed. What an engine did just before it was killed only
the cluster knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.driver import wellness

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.base import Slot
    from tidegate.planner.reading import Reading
    from tidegate.planner.standing import Seen

    Traffic = Mapping[str, Seen]


def torn(reading: Reading) -> tuple[str, ...]:
    """Services whose routes an update that failed has left elsewhere than the ledger says, as the stack's state has it."""
    ledger, standing = reading.ledger, reading.standing
    known = ledger.services if ledger is not None else {}
    return tuple(n for n, record in known.items() if (seen := standing.services.get(n)) is not None and not seen.agrees(record))


def strayed(reading: Reading, traffic: Traffic) -> tuple[str, ...]:
    """Services of the last release whose users aren't where the last update has sent them, as the state has it even if it failed."""
    ledger = reading.ledger
    release = ledger.release if ledger is not None else None
    if ledger is None or release is None:
        return ()
    standing = reading.standing.services

    def strays(name: str) -> bool:
        seen, record = traffic.get(name), ledger.services[name]
        if seen is None or seen.agrees(record):
            return False
        told = standing.get(name)
        return told is None or dict(told.weights) != dict(seen.weights) or told.selected != seen.selected

    return tuple(name for name in release.services if name in ledger.services and strays(name))


def outside(reading: Reading, traffic: Traffic) -> tuple[str, ...]:
    """Services under way whose candidate has more users than any update has recorded, in the ledger or in the state if it failed."""

    def early(name: str) -> bool:
        assert reading.ledger is not None  # noqa: S101 - it has the release
        record, seen, told = reading.ledger.services[name], traffic.get(name), reading.standing.services.get(name)
        known = max(record.weight, told.weights.get(record.candidate, 0) if told is not None else 0)
        return seen is not None and _settled(seen) and seen.weights.get(record.candidate, 0) > known

    return tuple(name for name in _under_way(reading) if early(name))


def inside(reading: Reading, traffic: Traffic) -> tuple[str, ...]:
    """Services under way whose candidate has the callers inside, and no update has recorded that."""

    def early(name: str) -> bool:
        assert reading.ledger is not None  # noqa: S101 - it has the release
        slot, seen, told = reading.ledger.services[name].candidate, traffic.get(name), reading.standing.services.get(name)
        return seen is not None and seen.selected == slot and (told is None or told.selected != slot)

    return tuple(name for name in _under_way(reading) if early(name))


def led_back(reading: Reading, traffic: Traffic) -> bool:
    """Whether all users of what was promoted are on what was live before: who was to record that was cut off."""
    ledger = reading.ledger
    release = ledger.release if ledger is not None else None
    if ledger is None or release is None or release.kind != "release" or release.phase != "promoted":
        return False

    def back(name: str, slot: Slot) -> bool:
        seen = traffic.get(name)
        whole = seen is not None and seen.weights.get(slot) == sum(seen.weights.values()) and seen.selected in {None, slot}
        return whole and _as_it_was(reading, name, slot)

    left = wellness.left(ledger)
    return bool(left) and all(back(name, slot) for name, slot in left.items())


def cut_off(reading: Reading, traffic: Traffic) -> tuple[str, ...]:
    """Services with users where nothing has led them that is recorded, on pods that aren't recorded either."""
    known = reading.ledger.services if reading.ledger is not None else {}

    def elsewhere(name: str, slot: Slot) -> bool:
        seen = traffic.get(name)
        return seen is not None and _settled(seen) and seen.traffic(slot) > 0 and not _as_it_was(reading, name, slot)

    return tuple(name for name, record in known.items() if elsewhere(name, record.candidate))


def _under_way(reading: Reading) -> tuple[str, ...]:
    ledger = reading.ledger
    under_way = ledger.under_way if ledger is not None else None
    return tuple(name for name in under_way.services if name in ledger.services) if ledger is not None and under_way is not None else ()


def _settled(seen: Seen) -> bool:
    """While a gateway hasn't taken a route as it is, nobody knows who has how many."""
    return sum(seen.weights.values()) == 100


def _as_it_was(reading: Reading, name: str, slot: Slot) -> bool:
    """Whether a slot runs what the ledger says, as the state has it: an update that was cut off may have brought something else."""
    told, ledger = reading.standing.services.get(name), reading.ledger
    occupant = ledger.services[name].slots[slot] if ledger is not None else None
    return told is None or occupant is None or told.specs.get(slot, occupant.spec) == occupant.spec
