"""What docs/approvals.md, docs/freezes.md and docs/scans.md show is right."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import yaml

from tests.unit.tidegate.gates.scans.test_reading import REPORTS
from tests.unit.tidegate.planner.world import intended
from tidegate.gates.freezes import next_open, standing_in
from tidegate.gates.matching import has
from tidegate.gates.scans.gate import Scanned
from tidegate.model.comparing import Values
from tidegate.model.intent.gates import Gates
from tidegate.model.intent.people import Oidc
from tidegate.model.intent.scans import FindingExemption, Scan
from tidegate.model.told import Told

DOCS = Path(__file__).parents[4] / "docs"


def shown(page: str, example: int = 0) -> Gates:
    """The settings that a page shows."""
    texts = re.findall(r"```yaml\n(tidegate:gates:.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return Gates.model_validate(yaml.safe_load(texts[example])["tidegate:gates"], strict=False)


def test_the_people_of_the_page_are_asked() -> None:
    """Each of them has something that proves them, apart from the pipeline."""
    gates = shown("approvals.md")
    assert gates.members(["release-managers"]) == ("ada", "grace", "linus")
    assert [name for name, person in gates.people.items() if not person.identities] == ["pipeline"]


def test_the_environment_of_the_page_says_yes_for_its_reviewers() -> None:
    """It is the only one who is asked, and a job of the environment proves it."""
    gates = shown("approvals.md", 1)
    (asked,) = gates.approvals.values()
    assert gates.members(asked.approvers) == ("github-production",)
    assert not list(gates.findings())
    (identity,) = gates.people["github-production"].identities
    assert isinstance(identity, Oidc)
    job = {"iss": identity.issuer, "repository": "team/shop", "environment": "production", "actor": "whoever"}
    assert has(job, identity.claims)
    assert not has({**job, "environment": "staging"}, identity.claims)
    assert not has({key: value for key, value in job.items() if key != "environment"}, identity.claims)
    assert not has({**job, "repository": "stranger/shop"}, identity.claims)


def test_every_setting_is_shown_or_named() -> None:
    """Nothing that can be set is only in the table of all settings."""
    text = "".join((DOCS / page).read_text() for page in ("approvals.md", "freezes.md", "scans.md"))
    for name in {*Gates.model_fields, *Scan.model_fields, *FindingExemption.model_fields}:
        assert re.search(rf"\b{name}\b", text), name


def test_the_reports_of_the_page_are_wanted() -> None:
    """Of each service its own, and one for all."""
    scans = shown("scans.md").scans
    assert {name: scan.apart for name, scan in scans.items()} == {"images": True, "code": False}
    assert not [finding for scan in scans.values() for finding in scan.findings()]


def test_the_refusal_of_the_page_is_told_as_it_is_there(tmp_path: Path) -> None:
    """Word by word, by these very settings."""
    (tmp_path / "reports").mkdir()
    for name, report in (("web-v2", "trivy-image"), ("vex", "vex")):
        shutil.copy(REPORTS / f"{report}.json", tmp_path / "reports" / f"{name}.json")
    intent = intended({"web": {"version": "v2"}}).model_copy(update={"gates": shown("scans.md")})
    held, _ = Scanned(tmp_path).held(Told(Values({}), intent, ""), ("web",), datetime(2026, 11, 22, tzinfo=UTC))
    assert held.text in (DOCS / "scans.md").read_text(), held.text


def test_the_freeze_of_the_page_is_told_as_it_is_there() -> None:
    """Word by word."""
    gates, now = shown("freezes.md"), datetime(2026, 10, 24, 12, tzinfo=UTC)
    (held,) = standing_in(gates, None, now)
    assert f"freeze: {held.text}" in (DOCS / "freezes.md").read_text()
    assert next_open(gates, None, now) == datetime(2026, 10, 26, 7, tzinfo=UTC)
