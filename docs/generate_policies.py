"""Writes the tables of docs/policies.md, below what people wrote: `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from policies.judging.declaring import schema
from tidegate.policing.packs import packs
from tidegate.policing.telling import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging.declaring import Policy
    from policies.judging.rulebook import Pack

PAGE: Final = Path(__file__).with_name("policies.md")
MARK: Final = "<!-- What follows is written by `make docs`. -->\n"


def page() -> str:
    """Write the whole page."""
    return PAGE.read_text().partition(MARK)[0] + MARK + "\n" + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "## All policies"
    for pack in packs():
        yield from _pack(pack)


def _pack(pack: Pack) -> Iterator[str]:
    yield from ("", f"### {pack.name}", "", f"{pack.title}.", "")
    yield from ("| policy | what holds | level | severity | standards | settings |", "|---|---|---|---|---|---|")
    for policy in pack.policies:
        standards = "; ".join(named(one) for one in policy.standards)
        cells = (f"`{policy.name}`", _cell(policy.title), policy.level, policy.severity, _cell(standards), _settings(policy))
        yield f"| {' | '.join(cells)} |"


def _settings(policy: Policy) -> str:
    return ", ".join(f"`{name}`" for name in schema(policy))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
