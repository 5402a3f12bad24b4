"""Times as objects write them."""

from __future__ import annotations

from datetime import UTC, datetime


def seconds_of(stamp: str | None) -> float | None:
    """The unix seconds of a time in an object; None if there is none."""
    return datetime.fromisoformat(stamp).timestamp() if stamp else None


def stamp_of(seconds: float) -> str:
    """The time as objects write it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
