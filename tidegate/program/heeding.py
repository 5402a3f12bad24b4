"""What of the intent no update heeds by itself, and so must not be relied upon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent

_DRIVEN: Final = frozenset(
    {"gates.approvals", "gates.freezes", "gates.holidays", "gates.scans", "notifications", "incidents", "analysis", "checks.end_to_end"}
)
"""What the driver heeds. An update with an event is one of its, or of somebody who does as it does."""


def unheeded(intent: Intent, event: Event | None = None) -> Iterator[str]:
    """The settings that somebody has made, and that this update doesn't heed."""
    for name in _left(intent):
        if event is None or (name not in _DRIVEN and name.split(".", 2)[-1] not in _DRIVEN):
            yield name


def _left(intent: Intent) -> Iterator[str]:
    """The settings that are for whoever drives the releases."""
    gates = intent.gates
    yield from (f"gates.{name}" for name in ("approvals", "freezes", "holidays", "scans") if getattr(gates, name))
    if intent.backup and intent.backup.before_release:
        yield "backup.before_release"
    yield from (name for name in ("notifications", "incidents") if getattr(intent, name))
    for name, service in intent.services.items():
        for setting, value in (
            ("analysis", service.analysis),
            ("checks.end_to_end", service.checks.end_to_end),
            ("migrations.command", service.migrations),
        ):
            if value is not None:
                yield f"services.{name}.{setting}"
