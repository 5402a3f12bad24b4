"""Going on although a gate is shut: by a person's word, with a reason, kept with the step for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.intent.gates import Gates
    from tidegate.model.ledger import Held

SKIPPABLE: Final = ("freeze", "approval", "health", "drift", "quota", "metrics", "scans", "taken-back")
"""Gates that can be passed by. What the planner refuses, or a mandatory policy, can't."""


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody's word that gates are to be passed by."""

    reason: str
    incident: str = ""
    """What it is done for: a number, or an address. Approvals need one."""
    skips: tuple[str, ...] = ("freeze",)
    """Which gates, as `Held.gate` names them."""

    def __post_init__(self) -> None:
        unknown = [name for name in self.skips if name not in SKIPPABLE]
        if unknown:
            raise ConfigurationError(f"{', '.join(unknown)} can't be passed by; {', '.join(SKIPPABLE)} can")
        if not self.reason.strip():
            raise ConfigurationError(f"passing by {' and '.join(self.skips)} takes a reason (--reason TEXT): it is kept with the release")
        if "approval" in self.skips and not self.incident.strip():
            raise ConfigurationError("passing approvals by takes an incident beside the reason: --incident ID")


def passed_by(held: Iterable[Held], override: Override | None, by: str, gates: Gates) -> tuple[Held, ...]:
    """Gates as they were found; those that hold a step up and that the override is for, marked with who passed them by and why.

    A no is never passed by, and no approval is where the intent says whose word that takes (`gates.emergency`).
    """
    return tuple(_passed(one, override, by, gates) for one in held)


def _passed(held: Held, override: Override | None, by: str, gates: Gates) -> Held:
    if override is None or held.verdict == "pass" or held.overridden or held.gate not in override.skips:
        return held
    if held.gate == "approval" and held.verdict == "fail":
        more = "A no can't be passed by: who said it can take it back (`tidegate approve`)"
        return held.model_copy(update={"text": f"{held.text}. {more}"})
    if held.gate == "approval" and gates.emergency:
        more = f"Only {', '.join(gates.emergency)} may pass it by, signed: `tidegate approve --incident ID --reason TEXT`"
        return held.model_copy(update={"text": f"{held.text}. {more}"})
    incident = f" (incident {override.incident.strip()})" if override.incident.strip() else ""
    said = f"{by} passes it by{incident}: {override.reason.strip()}"
    return held.model_copy(update={"overridden": True, "text": f"{held.text}. {said}"})
