"""The block that ends an operation: how many resources it changed, what ran against policies, and how long it took."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from embedded.engine.display.style import OPS, plural

if TYPE_CHECKING:
    from embedded.engine.display.style import Style
    from embedded.engine.model.events import Summary

_UNCOUNTED: Final = ("same", "read", "discard", "read-replacement")


def summary_text(event: Summary, errored: int, style: Style, *, packs: bool) -> str:
    """`Resources:` with its counts, and after an update `Duration:`. `packs` adds the list of policy packs."""
    lines = [style.headline("Resources:")]
    changes = [(op, words, event.changes[op]) for op, words in OPS.items() if op not in _UNCOUNTED and event.changes.get(op)]
    for op, words, count in changes:
        what = f"to {op}" if event.is_preview else words.past
        lines.append("    " + style.paint(words.colour, f"{words.mark}{count} {what}"))
    pieces = [style.paint("bold", plural(sum(count for *_, count in changes), "change"))] if len(changes) > 1 else []
    if event.changes.get("same"):
        pieces.append(f"{event.changes['same']} unchanged")
    if pieces:
        lines.append("    " + ". ".join(pieces))
    if errored:
        lines.append("    " + style.paint("red", f"{errored} errored"))
    if packs and event.packs:
        lines += ["", style.headline("Policy Packs run:"), *_packs(event.packs)]
    if not event.is_preview:
        lines += ["", f"{style.headline('Duration:')} {duration(event.seconds)}"]
    return "\n".join(lines) + "\n"


def _packs(packs: dict[str, str]) -> list[str]:
    width = max(len("Name"), *map(len, packs))
    return [f"    {name:<{width}}  {version}" for name, version in [("Name", "Version"), *sorted(packs.items())]]


def duration(seconds: float) -> str:
    """Whole seconds, rounded up: `45s`, `1m30s`, `1h0m5s`."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
