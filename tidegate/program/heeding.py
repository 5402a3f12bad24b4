"""What of the intent no update heeds by itself, and so must not be relied upon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.intent.intent import Intent


def unheeded(intent: Intent) -> Iterator[str]:
    """The settings that somebody has made, and that are for whoever drives the releases."""
    gates = intent.gates
    yield from (f"gates.{name}" for name in ("approval", "freezes", "scans") if getattr(gates, name))
    if intent.backup and intent.backup.before_release:
        yield "backup.before_release"
    if intent.notifications:
        yield "notifications"
    for name, service in intent.services.items():
        for setting, value in (
            ("analysis", service.analysis),
            ("checks.end_to_end", service.checks.end_to_end),
            ("migrations.command", service.migrations),
        ):
            if value is not None:
                yield f"services.{name}.{setting}"
