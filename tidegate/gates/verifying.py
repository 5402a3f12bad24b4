"""Whose word a signed statement is: by its proof, and nothing else.

Three answers: a person of the intent; nobody's (`UnprovenError`: it counts for nothing, ever); and not now (`UnreachableError`: the issuer
doesn't answer), on which nobody may go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tidegate.model.errors import AuthenticationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.approval import Approval
    from tidegate.model.intent.people import Person


class UnprovenError(AuthenticationError):
    """A proof proves nothing of what is claimed."""


@dataclass(frozen=True, slots=True)
class Word:
    """Whose word it is."""

    person: str
    """As the intent calls them."""
    names: tuple[str, ...] = ()
    """What else the proof says they are called."""


class Verifier(Protocol):
    """Tells whose word it is."""

    def word(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        """Whose. `UnprovenError`: nobody's. `UnreachableError`: it can't be told now."""
