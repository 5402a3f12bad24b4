"""Text for people and JSON for programs: tables, times, confirmations."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import gojson
from embedded.engine.model.errors import CancelledError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_UNITS: Final = (("year", 31536000), ("month", 2592000), ("week", 604800), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def say(text: str = "") -> None:
    """Print a line to standard output."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print a line to standard error."""
    sys.stdout.flush()
    sys.stderr.write(text + "\n")


def say_json(value: Any, indent: int = 2) -> None:
    """Print JSON as the CLI does."""
    say(gojson.dumps(value, indent=indent) if value or not isinstance(value, dict | list) else "{}" if isinstance(value, dict) else "[]")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], indent: str = "") -> str:
    """Columns as wide as their widest cell; no blanks at the ends of lines."""
    listed = [list(header), *map(list, rows)]
    widths = [max(len(row[i]) for row in listed) for i in range(len(header))]
    return "\n".join((indent + "  ".join(f"{cell:<{w}}" for cell, w in zip(row, widths, strict=True))).rstrip() for row in listed)


def ago(moment: datetime) -> str:
    """How long ago that was: `3 minutes ago`."""
    seconds = int((datetime.now(UTC) - moment).total_seconds())
    if seconds < 1:
        return "now" if seconds > -1 else "in the future"
    name, size = next((name, size) for name, size in _UNITS if seconds >= size)
    count = seconds // size
    return f"{count} {name}{'' if count == 1 else 's'} ago"


def go_time(text: str) -> str:
    """A time of a state file as Go prints it: `2026-01-02 03:04:05.678 +0000 UTC`."""
    return text.removesuffix("Z").replace("T", " ", 1) + " +0000 UTC"


def json_time(text: str) -> str:
    """A time of a state file to the millisecond, as `--json` has it."""
    moment = gojson.parse_time(text)
    return unix_time(moment.timestamp()) if moment else ""


def unix_time(seconds: float) -> str:
    """Seconds since 1970 as `2026-01-02T03:04:05.000Z`."""
    milliseconds = int(seconds * 1000 + 0.0005)
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{milliseconds % 1000:03d}Z"


def size(count: int) -> str:
    """Bytes for people: `119 MB`."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 1000 or unit == "TB":
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    raise AssertionError


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def wants_colour(choice: str) -> bool:
    """Whether to colour, by `--color` and, for `auto`, by what standard output is and the environment says."""
    if choice not in ("auto", "always", "never", "raw"):
        msg = f"unsupported color option: '{choice}'.  Supported values are: always, never, raw, auto"
        raise ConfigurationError(msg)
    if choice != "auto":
        return choice == "always"
    return "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()


def confirm_name(prompt: str, name: str) -> None:
    """Have the user type a name; CancelledError if it is another."""
    say(f"{prompt}\nPlease confirm that this is what you'd like to do by typing `{name}`: ")
    if input().strip() != name:
        msg = "confirmation declined"
        raise CancelledError(msg)


def choose(prompt: str, choices: Sequence[str]) -> str:
    """Have the user pick one; the first is the default."""
    while True:
        answer = input(f"{prompt} ({'/'.join(choices)}) ").strip().lower() or choices[0]
        match = [c for c in choices if c.startswith(answer)]
        if len(match) == 1:
            return match[0]
