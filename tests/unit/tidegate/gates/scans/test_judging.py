"""The verdict: what counts, what is set aside by whom, and that nothing unknown passes for good."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tidegate.gates.scans.test_reading import REPORTS, told
from tidegate.gates.scans.borne import Baseline, baseline, baseline_of, load, thresholds
from tidegate.gates.scans.findings import BrokenReportError, Component, Finding, Report, Statement
from tidegate.gates.scans.judging import judge
from tidegate.gates.scans.reading import Failure, Given, read_all
from tidegate.gates.scans.telling import as_json, as_sarif
from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.scans import SEVERITIES, Borne, FindingExemption

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.gates.scans.judging import Verdict

TODAY = date(2026, 11, 22)
JINJA = Component("pypi", "jinja2", "2.10")


def finding(id_: str = "CVE-2026-0001", severity: Any = "critical", part: Component | None = JINJA, **parts: Any) -> Finding:
    """A finding, critical if nothing else is said."""
    return Finding("trivy", "vulnerability" if part else "code", (id_,), severity, "bad", part, **parts)


def judged(
    *findings: Finding, borne: Borne | None = None, before: Baseline | None = None, statements: tuple[Statement, ...] = ()
) -> Verdict:
    """The verdict over a report of these."""
    reports = [Report("a.json", "trivy", findings, statements)]
    return judge(reports, [], borne or Borne(), before or Baseline(), TODAY)


def of(*files: str, borne: Borne | None = None) -> Verdict:
    """The verdict over some of the reports beside."""
    return judge(*read_all(Given(REPORTS / one) for one in files), borne or Borne(), Baseline(), TODAY)


@pytest.mark.parametrize(
    ("borne", "severities", "refused"),
    [
        ({}, [], []),
        ({}, ["critical"], ["1 critical finding; 0 are borne"]),
        ({}, ["high"] * 5, []),
        ({}, ["high"] * 6, ["6 high findings; 5 are borne"]),
        ({}, ["medium"] * 50, []),
        ({}, ["high"] * 3 + ["unknown"] * 3, ["6 high findings, 3 of them of unknown severity; 5 are borne"]),
        ({"high": 1, "unknown": 3}, ["high"] + ["unknown"] * 3, []),
        ({"unknown": 0}, ["unknown"], ["1 unknown finding; 0 are borne"]),
        ({"low": 1, "critical": 1}, ["low", "low", "critical"], ["2 low findings; 1 is borne"]),
        ({"high": 0, "critical": 0}, ["high", "critical"], ["1 critical finding; 0 are borne", "1 high finding; 0 are borne"]),
    ],
)
def test_thresholds(borne: dict[Any, int], severities: list[Any], refused: list[str]) -> None:
    """As many as are borne pass, one more doesn't; of what isn't known nothing good is supposed."""
    findings = [finding(f"CVE-2026-{place:04}", severity) for place, severity in enumerate(severities)]
    verdict = judged(*findings, borne=Borne(thresholds=borne) if borne else None)
    assert list(verdict.refused) == refused
    assert verdict.passed == (not refused)


def test_nothing_is_no_pass() -> None:
    """Without any scan's report there is no verdict but no; a broken one spoils it however clean the others are."""
    assert judge([], [], Borne(), Baseline(), TODAY).refused == ("there is no report of a scan among the files: nothing has been scanned",)
    assert not of("vex.json").passed
    assert of("trivy-clean.json").passed
    spoiled = of("trivy-clean.json", "absent.json")
    assert [one.endswith("absent.json: there is no such file: did the scan run?") for one in spoiled.refused] == [True]


def test_one_verdict_over_all() -> None:
    """The vulnerability that four scanners have found in one component is one; VEX takes it away, and what is in triage stays."""
    files = ("trivy-image.json", "grype.json", "pip-audit.json", "safety-check.json")
    verdict = of(*files)
    jinja = [one for one in verdict.counting if one.component == JINJA]
    assert [(one.id, one.severity, one.scanner) for one in jinja] == [("CVE-2019-10906", "high", "grype, pip-audit, safety, trivy")]
    without = of(*files, "vex.json")
    assert [one.finding.id for one in without.aside if one.by == "vex"] == ["CVE-2019-10906"]
    assert "code_not_reachable" in without.aside[0].why
    assert len(without.counting) == len(verdict.counting) - 1


def test_order_of_files() -> None:
    """The same verdict, in any order."""
    files = ("trivy-image.json", "grype.json", "vex.json", "absent.json")
    first = as_json(of(*files))
    assert all(as_json(of(*other)) == first for other in permutations(files))


def statement(state: Any, part: Component = JINJA, id_: str = "CVE-2026-0001", versions: tuple[str, ...] = ()) -> Statement:
    """What somebody has found out."""
    return Statement((id_,), part, versions, state, "", "vex.json")


@pytest.mark.parametrize(
    ("statements", "gone"),
    [
        ([statement("not_affected")], True),
        ([statement("false_positive")], True),
        ([statement("resolved")], True),
        ([statement("resolved_with_pedigree")], True),
        ([statement("in_triage")], False),
        ([statement("exploitable")], False),
        ([statement("not_affected"), statement("exploitable")], False),
        ([statement("not_affected", id_="CVE-2026-0002")], False),
        ([statement("not_affected", Component("pypi", "flask", "2.10"))], False),
        ([statement("not_affected", Component("npm", "jinja2", "2.10"))], False),
        ([statement("not_affected", Component("pypi", "jinja2", "2.11"))], False),
        ([statement("not_affected", Component("pypi", "jinja2", ""))], True),
        ([statement("not_affected", Component("", "jinja2", "2.10"))], True),
        ([statement("not_affected", Component("pypi", "jinja2", ""), versions=("2.9", "2.10"))], True),
        ([statement("not_affected", Component("pypi", "jinja2", ""), versions=("2.9",))], False),
    ],
)
def test_vex(statements: list[Statement], gone: bool) -> None:
    """Only what takes a finding away does, only that vulnerability in that component, and only if nobody says otherwise."""
    verdict = judged(finding(), statements=tuple(statements))
    assert verdict.passed == gone
    assert [one.by for one in verdict.aside] == (["vex"] if gone else [])


def exempt(**parts: Any) -> Borne:
    """Borne for a while."""
    said = {"id": "CVE-2026-0001", "owner": "ada", "reason": "behind a login", "until": "2026-11-22", **parts}
    return Borne(exemptions=(FindingExemption(**said),))


@pytest.mark.parametrize(
    ("parts", "gone", "note"),
    [
        ({}, True, ""),
        ({"id": "cve-2026-0001"}, True, ""),
        ({"component": "jinja2"}, True, ""),
        ({"component": "jinja2 2.10"}, True, ""),
        ({"component": "jinja2 2.11"}, False, "is about nothing that was found"),
        ({"path": "app.py"}, False, "is about nothing that was found"),
        ({"id": finding().fingerprints[0]}, True, ""),
        ({"until": "2026-11-21"}, False, "ended on 2026-11-21 (ada: behind a login)"),
        ({"id": "CVE-2026-0002"}, False, "is about nothing that was found"),
    ],
)
def test_exemptions(parts: dict[str, Any], gone: bool, note: str) -> None:
    """One counts until its last day has passed, for what it names and nothing else; one that doesn't count is told of."""
    verdict = judged(finding(), borne=exempt(**parts))
    assert verdict.passed == gone
    assert [one.why for one in verdict.aside] == (["ada, until 2026-11-22: behind a login"] if gone else [])
    assert [note in one for one in verdict.notes] == ([True] if note else [])


def test_baseline(tmp_path: Path) -> None:
    """What was there before doesn't count, in its next version and on another line neither; what is new or worse does."""
    file = tmp_path / "known.json"
    old = [finding(severity="high"), finding("B602", "medium", None, path="app.py", line=3, mark="abc")]
    file.write_text(baseline_of(judged(*old).acceptable).model_dump_json(), encoding="utf-8")
    before = baseline(file)
    moved = [
        finding(severity="high", part=Component("pypi", "jinja2", "2.11")),
        finding("B602", "medium", None, path="app.py", line=9, mark="abc"),
    ]
    none_borne = Borne(thresholds=dict.fromkeys(SEVERITIES, 0))
    assert judged(*moved, borne=none_borne, before=before).passed
    assert not judged(finding("CVE-2026-0009", "high"), borne=none_borne, before=before).passed
    worse = judged(finding(severity="critical"), borne=none_borne, before=before)
    assert not worse.passed
    assert worse.notes == ("CVE-2026-0001 in jinja2 2.10 was accepted as high and is critical now: it counts",)
    assert judged(*moved, borne=none_borne, before=before).acceptable


def test_baselines_know_a_vulnerability_by_each_name() -> None:
    """Accepted under its advisory's name, it is known under its CVE when another scanner tells that."""
    before = baseline_of([Finding("pip-audit", "vulnerability", ("GHSA-1",), "high", "", JINJA)])
    both = Finding("trivy", "vulnerability", ("CVE-2026-0001", "GHSA-1"), "high", "", JINJA)
    assert [one.by for one in judged(both, before=before).aside] == ["baseline"]


def test_baselines_tell_vulnerabilities_of_one_advisory_apart() -> None:
    """What was accepted under its own number is that, and nothing else that an advisory is about."""
    first, second = (Finding("trivy", "vulnerability", (name, "DSA-1"), "high", "", JINJA) for name in ("CVE-2026-0001", "CVE-2026-0002"))
    assert [one.finding.id for one in judged(first, second, before=baseline_of([first])).aside] == ["CVE-2026-0001"]


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.builds(lambda number, severity: finding(f"CVE-2026-{number:04}", severity), st.integers(0, 5), st.sampled_from(SEVERITIES))
    ),
    st.dictionaries(st.sampled_from(SEVERITIES), st.integers(0, 3)),
)
def test_more_findings_never_help(findings: list[Finding], borne: dict[Any, int]) -> None:
    """What isn't passed isn't passed with one more finding; with a baseline of itself everything passes; a failure spoils everything."""
    settings_ = Borne(thresholds=borne)
    verdict = judged(*findings, borne=settings_)
    more = judged(*findings, finding("CVE-2026-9999"), borne=settings_)
    assert verdict.passed or not more.passed
    assert judged(*findings, borne=settings_, before=baseline_of(verdict.acceptable)).passed
    reports = [Report("a.json", "trivy", tuple(findings))]
    assert not judge(reports, [Failure("b.json", "broken")], settings_, Baseline(), TODAY).passed


def test_settings(tmp_path: Path) -> None:
    """A file of thresholds and exemptions; a date in it needs no quotes."""
    file = tmp_path / "scans.yaml"
    file.write_text("thresholds: {high: 2}\nexemptions:\n- {id: B602, owner: ada, reason: why, until: 2026-12-31}\n", encoding="utf-8")
    borne = load(file)
    assert borne.thresholds == {"high": 2}
    assert borne.exemptions[0].last == date(2026, 12, 31)
    assert thresholds(["critical=1", "high=0"], borne.thresholds) == {"critical": 1, "high": 0}
    file.write_text("", encoding="utf-8")
    assert load(file).thresholds == {"critical": 0, "high": 5}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("thresholds: {hihg: 1}", "thresholds.hihg"),
        ("thresholds: {high: -1}", "thresholds.high"),
        ("thresholds: {high: '1'}", "thresholds.high"),
        ("threshold: {}", "threshold"),
        ("[", "no YAML"),
        ("- a", "valid"),
        ("exemptions: [{id: x, owner: ada, reason: why}]", "exemptions[0].until"),
        ("exemptions: [{id: x, owner: ada, until: 2026-12-31}]", "exemptions[0].reason"),
        ("exemptions: [{id: x, reason: why, until: 2026-12-31}]", "exemptions[0].owner"),
        ("exemptions: [{id: x, owner: ada, reason: why, until: '2026-02-30'}]", "no 2026-02-30 in the calendar"),
        ("exemptions: [{id: x, owner: ada, reason: why, until: 2026-02-30}]", "day is out of range"),
        ("exemptions: [{id: x, owner: ada, reason: why, until: never}]", "exemptions[0].until"),
    ],
)
def test_bad_settings(tmp_path: Path, text: str, why: str) -> None:
    """What is wrong in a file of settings is said, with its place."""
    file = tmp_path / "scans.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert why in str(caught.value)


@pytest.mark.parametrize("text", ["high", "high=", "high=-1", "high=many", "hihg=1", "=1"])
def test_bad_thresholds(text: str) -> None:
    """A threshold that isn't one is refused."""
    with pytest.raises(ConfigurationError, match="--threshold"):
        thresholds([text], {})


@pytest.mark.parametrize("text", ["", "[]", "{", '{"version": 2}', '{"accepted": [{"fingerprints": [], "severity": "high"}]}'])
def test_bad_baselines(tmp_path: Path, text: str) -> None:
    """A baseline that isn't one is refused: else everything in it would be new, or nothing."""
    file = tmp_path / "known.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no baseline"):
        baseline(file)


def test_absent_files(tmp_path: Path) -> None:
    """Settings and baselines that aren't there are settings that are wrong."""
    for read in (load, baseline):
        with pytest.raises(ConfigurationError, match="there is no file"):
            read(tmp_path / "absent")


def test_what_a_report_says_of_itself() -> None:
    """What is suppressed in a report is set aside, with why."""
    document = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [
        {"ruleId": "R", "level": "error", "message": {"text": "m"}, "suppressions": [{"kind": "inSource", "justification": "a test"}]}
    ]}]}  # fmt: skip
    verdict = judge([told(document)], [], Borne(thresholds={"high": 0}), Baseline(), TODAY)
    assert [(one.by, one.why) for one in verdict.aside] == [("report", "suppressed in the report: a test")]
    assert verdict.passed


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.builds(lambda number, severity: finding(f"CVE-2026-{number:04}", severity), st.integers(0, 5), st.sampled_from(SEVERITIES)))
)
def test_our_own_sarif(findings: list[Finding]) -> None:
    """It is read like anybody's: the verdict is never better for having been written and read again."""
    verdict = judged(*findings)
    again = judge([told(as_sarif(verdict))], [], Borne(), Baseline(), TODAY)
    assert verdict.passed or not again.passed
    assert len(again.counting) == len(verdict.counting)


def test_our_own_sarif_of_a_failure() -> None:
    """A verdict over broken reports is a failed scan to whoever reads it."""
    with pytest.raises(BrokenReportError, match="there is no such file"):
        told(as_sarif(of("trivy-clean.json", "absent.json")))


def test_sarif_is_valid() -> None:
    """What is set aside is suppressed, with why; findings keep their places."""
    log = as_sarif(of("trivy-image.json", "bandit.json", "vex.json"))
    results = log["runs"][0]["results"]
    assert [one["suppressions"][0]["justification"].partition(":")[0] for one in results if "suppressions" in one] == ["vex"]
    assert {one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in results if one["ruleId"] == "B602"} == {10}
    assert {one["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] for one in results if one["ruleId"] == "CVE-2026-0001"} == {
        "libssl1.1 1:1.1.1n-0+deb10u6"
    }
