"""The moves that all events are made of. Each keeps one promise, and no event changes a record in another way.

- `staged` puts something into the candidate slot, which has no traffic.
- `proven` has a slot proven anew, at a size: before each time that it gets more traffic.
- `flipped` makes the candidate live; what it leaves behind stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.model.base import digest_of
from tidegate.model.ledger import Occupant, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.base import Slot
    from tidegate.model.ledger import Kind, Ledger, Stamp
    from tidegate.model.slots import SlotSpec


def release_id(ledger: Ledger, kind: Kind, specs: Mapping[str, str]) -> str:
    """A release's id: its number, and a hash of what it brings, so that two tries of different things are never taken for one."""
    return f"{'b' if kind == 'rollback' else 'r'}{ledger.releases + 1}-{digest_of(specs)[:6]}"


def number(release: str) -> int:
    """The how-manieth release an id is of."""
    return int(release[1:].partition("-")[0])


def is_rollback(token: str) -> bool:
    """Whether a slot was proven for a rollback."""
    return token.startswith("b")


def occupant(spec: SlotSpec, release: str, proven: str, replicas: int) -> Occupant:
    """What a slot has that runs a spec."""
    return Occupant(
        version=spec.version,
        image=spec.image,
        digest=spec.digest,
        spec=spec.hash,
        config=spec.config_hash,
        secrets=spec.secrets_hash,
        migration=spec.migration,
        contract=spec.contract,
        release=release,
        replicas=replicas,
        proven=proven,
    )


def installed(spec: SlotSpec, release: str, token: str, replicas: int, stamp: Stamp) -> Record:
    """A service that is new: it is in blue, and green could be the same."""
    slots: dict[Slot, Occupant] = {"blue": occupant(spec, release, token, replicas), "green": occupant(spec, release, token, 0)}
    return Record(live="blue", slots=slots, known=(spec.migration or "",), since=stamp)


def with_slot(record: Record, slot: Slot, new: Occupant) -> Record:
    """A record with another occupant in a slot."""
    return record.model_copy(update={"slots": {**record.slots, slot: new}})


def proven(record: Record, slot: Slot, token: str, replicas: int) -> Record:
    """A slot proven anew, running."""
    return with_slot(record, slot, record.slots[slot].model_copy(update={"proven": token, "replicas": replicas}))


def flipped(record: Record, stamp: Stamp) -> Record:
    """The candidate is live. A contract migration leaves all earlier revisions behind, once: going back to its version does not again."""
    new = record.slots[record.candidate]
    revision = new.migration or ""
    known, passed = _joined(record.known, (revision,)), record.passed
    if new.contract and revision not in record.known:
        passed = _joined(passed, record.known)
        known = (revision,)
    return record.model_copy(update={"live": record.candidate, "weight": 0, "since": stamp, "known": known, "passed": passed})


def with_records(ledger: Ledger, records: Mapping[str, Record]) -> Ledger:
    """A ledger with other records of some services."""
    return ledger.model_copy(update={"services": {**ledger.services, **records}})


def _joined(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))
