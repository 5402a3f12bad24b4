"""What a person's word is for just now, and how it is signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.gates.asking import subject
from tidegate.model.errors import ConfigurationError
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.driver.carrying import Carrier
    from tidegate.gates.asking import Subject
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Told


def asked_now(carrier: Carrier, ledger: Ledger | None, running: Callable[[], Told], versions: Mapping[str, str]) -> tuple[Told, Subject]:
    """What people are asked just now. `running`: what is carried out; `versions`: those that the stack's file doesn't have yet."""
    if ledger is None:
        raise Refusal("no-ledger", "nothing was ever brought up here, and nobody is asked before the first time")
    told = running() if ledger.under_way is not None else carrier.ports.stack.told(versions, {})
    of = subject(told, ledger, carrier.actor)
    other = [f"{name} {of.services[name]}" for name, version in versions.items() if of.services.get(name, version) != version]
    if other:
        raise Refusal("release-under-way", f"what is under way is {', '.join(other)}: there is nothing else to say yes or no to now")
    if not of.services:
        raise Refusal(
            "no-release", "no release is under way, and the stack's file brings nothing new: there is nothing to say yes or no to"
        )
    return told, of


def reasoned(reason: str, verb: str) -> str:
    """The reason that a verb was given; it takes one."""
    if not reason.strip():
        raise ConfigurationError(f"{verb} takes a reason: it is kept with the release")
    return reason.strip()
