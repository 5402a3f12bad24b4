"""Updates that were, as the driver knows them: what one was told is made out when somebody asks for it.

A stack has hundreds of them, each with the configuration of all services, and mostly one is wanted.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pydantic import ValidationError

from tidegate.model.errors import AuthenticationError, ConfigurationError
from tidegate.model.events import EVENT
from tidegate.model.loading import from_config
from tidegate.model.told import Past, Told
from tidegate.stack.telling import without_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.model.comparing import Values
    from tidegate.model.events import Event
    from tidegate.stack.records import Entry, Written


class Remembered(Past):
    """An update of the history."""

    __slots__ = ("_told",)
    _told: Callable[[], Told | None]

    def __init__(self, entry: Entry, told: Callable[[], Told | None]) -> None:
        known = {name: getattr(entry, name) for name in ("number", "kind", "result", "begun", "ended", "message", "author")}
        for name, value in {**known, "event": _event(entry.event), "_told": told}.items():
            object.__setattr__(self, name, value)

    @property
    def told(self) -> Told | None:
        """What it was told, decrypted and understood; None where it can't be."""
        return self._told()


def remembered(entry: Entry, learn: Callable[[Told, Written | None], None]) -> Past:
    """An update; `learn` hears of what it was told, and of how that was written, when it is made out."""

    @cache
    def told() -> Told | None:
        try:
            values = without_event(entry.values())
        except (AuthenticationError, ConfigurationError):
            # Encrypted with what the stack no longer has.
            return None
        found = _told(values, f"update {entry.number}")
        if found is not None:
            learn(found, entry.written)
        return found

    return Remembered(entry, told)


def _told(values: Values, origin: str) -> Told | None:
    intent = from_config(values.texts).intent
    return Told(values, intent, origin) if intent is not None else None


def _event(text: str | None) -> Event | None:
    try:
        return EVENT.validate_json(text) if text else None
    except ValidationError:
        # Of a later Tidegate, or written by hand.
        return None
