"""What is written in docs/ is what there is."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import get_args

import pytest

from tidegate.model.events import Apply, Event
from tidegate.planner.refusals import RULES

ROOT = Path(__file__).parents[3]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_page_of_commands_has_not_drifted() -> None:
    """docs/commands.md is what `make docs` writes."""
    generated = runpy.run_path(str(ROOT / "docs" / "generate.py"))["page"]()
    assert (ROOT / "docs" / "commands.md").read_text() == generated, "docs/commands.md has drifted: run `make docs`"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page names a file that is there."""
    targets = re.findall(r"\]\((?!\w+:)([^)#]+)[^)]*\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_make_targets_in_the_pages_exist() -> None:
    """Each `make TARGET` that a page speaks of is in the Makefile."""
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    spoken = {target for page in PAGES for target in re.findall(r"`make ([a-z-]+)", page.read_text())}
    assert spoken <= known


def test_every_refusal_is_explained() -> None:
    """docs/releases.md has a row for each rule of the planner, in its order, and for nothing else; each has what to do."""
    table = (ROOT / "docs" / "releases.md").read_text().partition("## Refusals")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")]
    assert tuple(row[0].strip("`") for row in rows) == RULES
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_event_is_explained() -> None:
    """docs/releases.md has a row for each kind of event, with what it takes."""
    table = (ROOT / "docs" / "releases.md").read_text().partition("## Events")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("| `")]
    known = {
        kind.model_fields["kind"].default: {
            n for n, field in kind.model_fields.items() if n not in Apply.model_fields or field.is_required()
        }
        for kind in get_args(get_args(Event)[0])
    }
    assert {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows} == known
