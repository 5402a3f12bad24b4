"""Scanners' reports as a gate of a release: what isn't there, isn't whole or isn't borne refuses it, and it is said why."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.gates.scans.test_reading import REPORTS
from tests.unit.tidegate.planner.world import intended
from tidegate.gates.scans.borne import baseline_of
from tidegate.gates.scans.gate import Scanned
from tidegate.gates.scans.reading import READERS, Given, read
from tidegate.model.comparing import Values
from tidegate.model.intent.scans import FORMATS
from tidegate.model.told import Told

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.model.ledger import Held

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DIGEST = f"sha256:{'0f' * 32}"
APART = "reports/{{service}}-{{version}}.json"
TWO_CRITICAL = (
    "2 critical findings; 0 are borne (CVE-2026-0001 in libssl1.1 1:1.1.1n-0+deb10u6, github-pat in /app/settings.py:24). "
    "`tidegate gate scans "
)


def held(folder: Path, *names: str, **scan: Any) -> list[Held]:
    """What the gate says of services, for one setting."""
    services: dict[str, dict[str, Any]] = {"web": {"version": "v2", "digest": DIGEST}, "api": {"version": "v3"}}
    told = Told(Values({}), intended(services, gates={"scans": {"images": scan}}), "Pulumi.test.yaml")
    found = Scanned(folder).held(told, names, NOW)
    assert {one.gate for one in found} <= {"scans"}
    return list(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with reports in it."""
    project = tmp_path / "project"
    shutil.copytree(REPORTS, project / "reports")
    for name, report in (("web-v2", "trivy-image"), ("api-v3", "trivy-clean"), (DIGEST, "trivy-clean")):
        shutil.copy(REPORTS / f"{report}.json", project / "reports" / f"{name}.json")
    (project / "broken.json").write_text("{}")
    (project / "leaks.json").write_text("[]")
    (project / "known.json").write_text(baseline_of(read(Given(REPORTS / "trivy-image.json")).findings).model_dump_json())
    (project / "out.json").symlink_to(REPORTS / "trivy-clean.json")
    (tmp_path / "elsewhere").symlink_to(project)
    return tmp_path / "elsewhere"


EXEMPT = {"id": "CVE-2026-0001", "owner": "ada", "reason": "behind a login"}


@pytest.mark.parametrize(
    ("scan", "verdict", "text"),
    [
        ({"reports": ["reports/trivy-clean.json"]}, "pass", "images: nothing in reports/trivy-clean.json"),
        ({"reports": ["trivy=reports/trivy-clean.json"]}, "pass", "images: nothing in trivy=reports/trivy-clean.json"),
        ({"reports": ["gitleaks=leaks.json"]}, "pass", "images: nothing in gitleaks=leaks.json"),
        ({"reports": ["leaks.json"]}, "fail", "leaks.json: it is an empty list, that could be anything"),
        ({"reports": ["grype=reports/trivy-clean.json"]}, "fail", "reports/trivy-clean.json: it is not grype's"),
        ({"reports": ["reports/trivy-image.json"]}, "fail", TWO_CRITICAL + "reports/trivy-image.json` shows all"),
        (
            {"reports": ["reports/trivy-image.json"], "thresholds": {"critical": 2}},
            "pass",
            "images: 2 critical, 3 high, 1 low in reports/trivy-image.json",
        ),
        ({"reports": ["reports/trivy-image.json"], "thresholds": {"high": 2}}, "fail", "jinja2 2.10, DS002 in Dockerfile, GPL-2.0 in apt)"),
        ({"reports": ["reports/trivy-image.json"], "thresholds": {"critical": 0, "high": 0, "low": 0}}, "fail", "and 3 more). `tidegate"),
        (
            {"reports": ["reports/trivy-image.json", "reports/vex.json"], "thresholds": {"critical": 2}},
            "pass",
            "images: 2 critical, 2 high, 1 low, 1 set aside in reports/trivy-image.json and reports/vex.json",
        ),
        ({"reports": ["reports/vex.json"]}, "fail", "nothing has been scanned"),
        ({"reports": ["absent.json"]}, "fail", "images: absent.json: there is no such file: did the scan run?"),
        ({"reports": ["reports/trivy-clean.json", "absent.json"]}, "fail", "images: absent.json: there is no such file"),
        ({"reports": ["broken.json"]}, "fail", "images: broken.json: it is a report of no known kind"),
        ({"reports": ["reports"]}, "fail", "images: reports: it can't be read"),
        ({"reports": ["reports/trivy-nothing.json"]}, "fail", "it has looked at nothing"),
        ({"reports": ["out.json"]}, "fail", "images: out.json leads out of "),
        (
            {"reports": ["reports/trivy-image.json"], "exemptions": [{**EXEMPT, "until": "2026-11-22"}], "thresholds": {"critical": 1}},
            "pass",
            "images: 1 critical, 3 high, 1 low, 1 set aside in",
        ),
        (
            {"reports": ["reports/trivy-image.json"], "exemptions": [{**EXEMPT, "until": "2026-11-21"}], "thresholds": {"critical": 1}},
            "fail",
            "the exemption of CVE-2026-0001 ended on 2026-11-21 (ada: behind a login)",
        ),
        (
            {"reports": ["reports/trivy-image.json"], "baseline": "known.json"},
            "pass",
            "images: 6 set aside in reports/trivy-image.json",
        ),
        ({"reports": ["reports/trivy-clean.json"], "baseline": "absent.json"}, "fail", "there is no file"),
        ({"reports": ["reports/trivy-clean.json"], "baseline": "leaks.json"}, "fail", "leaks.json is no baseline"),
        ({"reports": ["reports/trivy-clean.json"], "baseline": "out.json"}, "fail", "images: out.json leads out of "),
        ({"reports": ["reports/kubesec.json"], "baseline": "known.json"}, "fail", "reports/kubesec.json --baseline known.json` shows all"),
    ],
)
def test_verdicts(folder: Path, scan: dict[str, Any], verdict: str, text: str) -> None:
    """Once, for reports that are of no service in particular; no data is never a pass."""
    (found,) = held(folder, "web", "api", **scan)
    assert (found.verdict, text in found.text) == (verdict, True), found.text


def test_each_service_has_its_own(folder: Path) -> None:
    """Those that are released, in their order, and no others."""
    found = held(folder, "api", "web", reports=[APART])
    assert [(one.verdict, one.text.partition(" in ")[0].partition(";")[0]) for one in found] == [
        ("pass", "images: api v3: nothing"),
        ("fail", "images: web v2: 2 critical findings"),
    ]
    assert "`tidegate gate scans reports/web-v2.json` shows all" in found[1].text
    assert [one.text for one in held(folder, "api", reports=[APART])] == ["images: api v3: nothing in reports/api-v3.json"]
    assert held(folder, reports=[APART]) == held(folder, reports=["absent.json"]) == []


def test_a_file_for_all_goes_with_each(folder: Path) -> None:
    """As VEX beside each service's own report; a baseline of their own makes it each one's, too."""
    (found,) = held(folder, "web", reports=[APART, "reports/vex.json"], thresholds={"critical": 2})
    assert found.text == "images: web v2: 2 critical, 2 high, 1 low, 1 set aside in reports/web-v2.json and reports/vex.json"
    found = held(folder, "web", "api", reports=["reports/trivy-clean.json"], baseline="{{service}}.json")[1]
    assert (found.verdict, "api.json" in found.text) == ("fail", True)


def test_digests(folder: Path) -> None:
    """An image without one has no report that is named by it, and it is said what to do."""
    passed, failed = held(folder, "web", "api", reports=["reports/{{digest}}.json"])
    assert (passed.verdict, passed.text) == ("pass", f"images: web v2: nothing in reports/{DIGEST}.json")
    assert failed.verdict == "fail"
    assert "--image api=IMAGE@sha256:.." in failed.text
    assert "tidegate:services.api.digest" in failed.text


def test_what_links_lead_round_in(folder: Path) -> None:
    """It is no report, and no error of Python's."""
    (folder / "round.json").symlink_to("round.json")
    (found,) = held(folder, "web", reports=["round.json"])
    assert found.verdict == "fail"


def test_formats() -> None:
    """What settings may name is what there are readers of."""
    assert tuple(READERS) == FORMATS
