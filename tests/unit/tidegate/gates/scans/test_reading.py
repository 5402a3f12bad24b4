"""What is made of scanners' reports: real ones, and ones that are no reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.gates.scans.findings import BrokenReportError, Report
from tidegate.gates.scans.reading import Given, read, understood

REPORTS = Path(__file__).with_name("reports")
BANDIT = "B403 low app.py:3, B404 low app.py:4, B105 low app.py:6, B602 high app.py:10, B301 medium app.py:14, B324 high app.py:18"
SECRETS = ("hunter2-not-a-token", "correct horse battery staple", "not-a-token")


def report(name: str) -> Report:
    """One of the reports beside."""
    return read(Given(REPORTS / name))


def loaded(name: str) -> Any:
    """The same, as plain data."""
    return json.loads((REPORTS / name).read_text(encoding="utf-8"))


def told(document: Any) -> Report:
    """What is made of plain data."""
    return understood(json.dumps(document).encode(), "report.json")


@pytest.mark.parametrize(
    ("name", "scanner", "found"),
    [
        ("bandit.json", "bandit", BANDIT),
        ("bandit.sarif", "bandit", BANDIT),
        ("bandit-clean.json", "bandit", ""),
        ("semgrep.json", "semgrep", "no-pickle medium app.py:14, weak-hash low app.py:18, no-eval high app.py:22"),
        ("semgrep.sarif", "semgrep", "no-pickle medium app.py:14, weak-hash low app.py:18, no-eval high app.py:22"),
        ("pip-audit.json", "pip-audit", "CVE-2019-10906 unknown jinja2 2.10"),
        ("safety-check.json", "safety", "CVE-2019-10906 high jinja2 2.10"),
        ("safety-scan.json", "safety", "SAFETY-37023 unknown jinja2 2.10, SAFETY-51457 unknown jinja2 2.10"),
        (
            "checkov.json",
            "checkov",
            ("CKV_K8S_12 unknown k8s/pod.yaml:1 Pod.default.shop, CKV_K8S_9 unknown k8s/pod.yaml:1 Pod.default.shop, "
            "CKV_DOCKER_2 unknown Dockerfile:1 Dockerfile., CKV_DOCKER_3 unknown Dockerfile:1 Dockerfile."),
        ),
        (
            "trivy-image.json",
            "trivy",
            ("CVE-2011-3374 low apt 1.8.2.3, CVE-2026-0001 critical libssl1.1 1:1.1.1n-0+deb10u6, CVE-2019-10906 high jinja2 2.10, "
            "DS002 high Dockerfile, github-pat critical /app/settings.py:24, GPL-2.0 high apt"),
        ),
        ("trivy-cluster.json", "trivy", "KSV001 medium Deployment/web:132 shop/Deployment/web"),
        ("trivy-clean.json", "trivy", ""),
        ("grype.json", "grype", "CVE-2019-10906 high jinja2 2.10, CVE-2011-3374 info apt 1.8.2.3"),
        ("kubesec.json", "kubesec", "Privileged critical pod.yaml Pod/shop.default, RunAsNonRoot low pod.yaml Pod/shop.default"),
        ("zap.json", "zap", "40012 high http://shop.example:8080, 10202 medium http://shop.example:8080"),
        ("gitleaks.json", "gitleaks", "generic-api-key critical deploy/values.yaml:12"),
    ],
)  # fmt: skip
def test_reports(name: str, scanner: str, found: str) -> None:
    """Each format is told by what is in it, and each finding has its name, how bad it is, and where."""
    findings = report(name).findings
    assert ", ".join(f"{one.id} {one.severity} {one.where}" for one in findings) == found
    assert {one.scanner for one in findings} <= {scanner}


@pytest.mark.parametrize("file", sorted(REPORTS.iterdir()), ids=lambda file: file.name)
def test_secrets_stay_secret(file: Path) -> None:
    """Whatever secret a report has in it, nothing that is made of the report has it."""
    try:
        said = repr(read(Given(file)))
    except BrokenReportError as error:
        said = str(error)
    assert not [secret for secret in SECRETS if secret in said]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("bandit-broken.json", "could not look at broken.py"),
        ("pip-audit-skipped.json", "no dependency of 2 could be audited"),
        ("checkov-none.json", "looked at nothing"),
        ("trivy-nothing.json", "looked at nothing"),
        ("absent.json", "there is no such file"),
        ("", "it can't be read"),
    ],
)
def test_scans_that_saw_nothing(name: str, why: str) -> None:
    """Real reports of scans that have failed, or have looked at nothing, and files that aren't there."""
    with pytest.raises(BrokenReportError, match=why):
        report(name)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"\0\0\0\0", "it is empty"),
        (b"null", "no known kind"),
        (b"{}", "no known kind"),
        (b"[]", "could be anything"),
        (b"3", "no known kind"),
        (b'{"matches": [], "matches": []}', "a key twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b"{} {}", "no whole JSON"),
        (b"<xml/>", "no whole JSON"),
        (b"9" * 5_000, "longer than any that is one"),
        (b"\xff{", "no text"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_no_reports(content: bytes, why: str) -> None:
    """What is no report at all."""
    with pytest.raises(BrokenReportError, match=why):
        understood(content, "report.json")


def test_utf_16() -> None:
    """As a redirection on Windows writes it."""
    assert understood(json.dumps(loaded("grype.json")).encode("utf-16"), "report.json").findings == told(loaded("grype.json")).findings


def test_nothing_leaked() -> None:
    """Gitleaks that has found nothing is believed only if it is said that it is gitleaks'."""
    assert understood(b"[]", "leaks.json", "gitleaks") == Report("leaks.json", "gitleaks")
    for other in ("kubesec", "checkov", "pip-audit", "trivy"):
        with pytest.raises(BrokenReportError, match=f"not {other}'s"):
            understood(b"[]", "leaks.json", other)


def _run(**parts: Any) -> dict[str, Any]:
    return {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Some Tool", **parts.pop("driver", {})}}, "results": [], **parts}]}


def _result(**parts: Any) -> dict[str, Any]:
    return _run(results=[{"ruleId": "R1", "message": {"text": "wrong"}, **parts}], driver={"rules": parts.pop("rules", [])})


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"version": "2.1.0", "runs": []}, "runs"),
        ({"version": "2.0.0", "runs": []}, "version"),
        (_run(results=None), "results"),
        (_run(invocations=[{"executionSuccessful": False}]), "says that its scan failed"),
        (_run(invocations=[{}]), "executionSuccessful"),
        (
            _run(
                invocations=[{"executionSuccessful": True, "toolExecutionNotifications": [{"level": "error", "message": {"text": "oops"}}]}]
            ),
            "failed: oops",
        ),
        (_run(externalPropertyFileReferences={"results": [{}]}), "in other files"),
        (_result(ruleIndex=3, rules=[{"id": "R0"}]), "names the rule 3"),
        (_result(properties={"security-severity": "11"}), "no score from 0 to 10"),
        (_result(level="terrible"), "level"),
    ],
)
def test_sarif_of_no_whole_scan(document: dict[str, Any], why: str) -> None:
    """A run that failed, or has no results, is no report; a clean one has an empty list of them."""
    with pytest.raises(BrokenReportError, match=why):
        told(document)


@pytest.mark.parametrize(
    ("parts", "severity"),
    [
        ({}, "medium"),
        ({"level": "error"}, "high"),
        ({"level": "note"}, "low"),
        ({"level": "none"}, "info"),
        ({"rules": [{"id": "R1", "defaultConfiguration": {"level": "error"}}]}, "high"),
        ({"rules": [{"id": "R1", "properties": {"security-severity": "9.1"}}]}, "critical"),
        ({"rules": [{"id": "R1", "properties": {"security-severity": "9.1"}}], "level": "note"}, "critical"),
        ({"properties": {"security-severity": "0.0"}}, "info"),
        ({"ruleId": "R1/one", "rules": [{"id": "R1", "properties": {"security-severity": "7"}}]}, "high"),
        ({"kind": "open"}, "unknown"),
        ({"kind": "informational"}, "info"),
        ({"kind": "pass"}, None),
        ({"baselineState": "absent"}, None),
    ],
)
def test_how_bad_sarif_is(parts: dict[str, Any], severity: str | None) -> None:
    """The score counts before the level, the result's before the rule's; what passed or is no more is no finding."""
    assert [one.severity for one in told(_result(**parts)).findings] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("suppressions", "aside"),
    [
        ([], ""),
        ([{"kind": "inSource"}], "suppressed in the report"),
        ([{"kind": "external", "status": "accepted", "justification": "a test"}], "suppressed in the report: a test"),
        ([{"kind": "external", "status": "underReview"}], ""),
        ([{"kind": "inSource"}, {"kind": "external", "status": "rejected"}], ""),
    ],
)
def test_suppressed_in_sarif(suppressions: list[dict[str, Any]], aside: str) -> None:
    """As the format has it: suppressed is what nobody has refused to suppress."""
    assert [one.aside for one in told(_result(suppressions=suppressions)).findings] == [aside]


def test_packages_in_sarif() -> None:
    """What scanners of packages say in words is understood: the same finding as in their own format."""
    trivy = _run(
        driver={"name": "Trivy"},
        results=[
            {"ruleId": "CVE-2026-0001", "level": "error", "message": {"text": "Package: openssl\nInstalled Version: 3.0.1\nSeverity: HIGH"}}
        ],
    )
    grype = _run(
        driver={"name": "Grype"},
        results=[
            {
                "ruleId": "GHSA-462w-v97r-4m45-jinja2",
                "message": {"text": "A high vulnerability in python package: jinja2, version 2.10 was found at: /x"},
            }
        ],
    )
    assert [str(one.component) for document in (trivy, grype) for one in told(document).findings] == ["openssl 3.0.1", "jinja2 2.10"]
    assert told(grype).findings[0].id == "GHSA-462w-v97r-4m45"


def _changed(name: str, **parts: Any) -> Any:
    return {**loaded(name), **parts}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (_changed("trivy-image.json", Results=[]), "looked at nothing"),
        (_changed("trivy-image.json", SchemaVersion=3), "SchemaVersion"),
        (
            _changed("trivy-image.json", Results=[{"Target": "x", "Class": "os-pkgs", "Vulns": [{"Severity": "HIGH"}]}]),
            "isn't known: Vulns",
        ),
        (_changed("trivy-image.json", Results=[{"Target": "x", "Vulnerabilities": None}]), "Vulnerabilities"),
        (_changed("trivy-cluster.json", Resources=[{"Kind": "Pod", "Name": "x", "Error": "timeout"}]), "could not be scanned"),
        (_changed("trivy-cluster.json", Resources=[]), "looked at nothing"),
        (_changed("grype.json", matches=None), "matches"),
        (_changed("grype.json", descriptor={"name": "grype", "db": {"status": {"valid": False, "error": "too old"}}}), "database"),
        (_changed("bandit.json", metrics={"_totals": {}}), "looked at nothing"),
        (_changed("semgrep.json", paths={"scanned": []}), "looked at nothing"),
        (_changed("semgrep.json", errors=[{"level": "error", "type": "Timeout", "path": "a.py"}]), "failed, at a.py"),
        (_changed("safety-check.json", scanned_packages={}), "looked at nothing"),
        (_changed("safety-scan.json", scan_results={"projects": []}), "looked at nothing"),
        (_changed("zap.json", site=[]), "looked at no site"),
        (_changed("zap.json", site=[{"@name": "http://x"}]), "no list of alerts"),
        ([{**loaded("kubesec.json")[0], "valid": False, "message": "not a manifest"}], "could not judge Pod/shop.default: not a manifest"),
        ([{**loaded("kubesec.json")[0], "scoring": {}}], "nothing critical that would explain it"),
        (loaded("kubesec.json")[1:], "looked at nothing"),
        ([{**loaded("checkov.json")[0], "results": {"failed_checks": []}}], "its summary has 2 failed checks"),
        (_changed("vex.json", vulnerabilities=None), "vulnerabilities"),
        ({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}, "no scan's report"),
    ],
)
def test_broken_reports(document: Any, why: str) -> None:
    """Reports that lack what makes them one, or say themselves that they are none."""
    with pytest.raises(BrokenReportError, match=why):
        told(document)


def test_what_distributions_deny() -> None:
    """A vulnerability that the distribution says it isn't affected by is set aside."""
    document = loaded("trivy-image.json")
    document["Results"][0]["Vulnerabilities"][0]["Status"] = "not_affected"
    assert [one.id for one in told(document).findings if one.aside] == ["CVE-2011-3374"]


def test_scores_of_safety() -> None:
    """Where there is no word for how bad it is, there may be a number."""
    document = loaded("safety-check.json")
    document["vulnerabilities"][0]["severity"]["cvssv3"] = {"base_score": 9.8}
    assert [one.severity for one in told(document).findings] == ["critical"]


def test_what_semgrep_ignored() -> None:
    """What has a nosemgrep beside it is set aside; what Semgrep could not understand is said."""
    document = loaded("semgrep.json")
    document["results"][0]["extra"]["is_ignored"] = True
    document["errors"] = [{"level": "warn", "type": ["PartialParsing", []], "path": "./b.py"}]
    found = told(document)
    assert [one.aside for one in found.findings] == ["nosemgrep, in the code", "", ""]
    assert found.notes == ("Semgrep could not understand all of b.py",)


def test_statements() -> None:
    """A VEX has statements, of components by this file's names or by package URLs, and is no scan."""
    vex = report("vex.json")
    assert [(one.ids, str(one.component), one.state) for one in vex.statements] == [
        (("CVE-2019-10906",), "jinja2 2.10", "not_affected"),
        (("CVE-2011-3374",), "apt 1.8.2.3", "in_triage"),
    ]
    assert not vex.scan
    assert not vex.findings


def _said(**vulnerability: Any) -> Report:
    one = {"id": "CVE-2026-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "a"}], **vulnerability}
    parts = [{"name": "app", "components": [{"bom-ref": "a", "name": "liba", "purl": "pkg:npm/%40scope/liba"}]}]
    return told({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": parts, "vulnerabilities": [{**one, "id": "CVE-2026-1234"}]})


@pytest.mark.parametrize(
    ("affects", "meant", "note"),
    [
        ([{"ref": "a"}], ["@scope/liba "], ""),
        ([{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#a"}], ["@scope/liba "], ""),
        ([{"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg:pypi/b@1"}], ["b 1"], ""),
        ([{"ref": "a", "versions": [{"version": "1.0"}, {"version": "1.1"}]}], ["@scope/liba 1.0,1.1"], ""),
        ([{"ref": "a", "versions": [{"range": "vers:npm/<2"}]}], [], "name the versions"),
        ([{"ref": "pkg:pypi/b@1", "versions": [{"range": "vers:pypi/<2"}]}], ["b 1"], ""),
        ([{"ref": "nobody"}], [], "no component that it has"),
        ([], [], "doesn't say in what"),
    ],
)
def test_whom_a_statement_is_about(affects: list[dict[str, Any]], meant: list[str], note: str) -> None:
    """By this file's names, by links into another's, by package URLs; what it isn't clear about counts for nothing, and that is said."""
    found = _said(affects=affects)
    assert [f"{one.component.name} {one.component.version}{','.join(one.versions)}" for one in found.statements] == meant
    assert bool(note) == bool(found.notes)
    assert all(note in one for one in found.notes)


def test_vulnerabilities_of_a_bill_of_materials() -> None:
    """Without a word of what has been found out, they are findings: as bad as the worst of their ratings."""
    found = _said(analysis={}, ratings=[{"severity": "low"}, {"score": 9.3}, {"severity": "unknown"}])
    assert [(one.id, one.severity, str(one.component)) for one in found.findings] == [("CVE-2026-1234", "critical", "@scope/liba")]
    assert found.scan


WHOLE = sorted(name.name for name in REPORTS.iterdir() if name.name.endswith("json") and "vex" not in name.name)


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from([one for one in WHOLE if one not in {"trivy-nothing.json", "checkov-none.json"}]), data=st.data())
def test_a_report_that_ends_early_is_none(name: str, data: st.DataObject) -> None:
    """Cut anywhere, it is refused."""
    content = (REPORTS / name).read_bytes().rstrip()
    end = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(BrokenReportError):
        understood(content[:end], name)


def places(document: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where something is, in plain data."""
    parts = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    return [place for key, one in parts for place in ((*above, key), *places(one, (*above, key)))]


def mangled(document: Any, place: tuple[str | int, ...], instead: Any) -> Any:
    """The same, with something else in one place."""
    found = json.loads(json.dumps(document))
    holder = found
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = instead
    return found


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(
        ["trivy-image.json", "grype.json", "bandit.json", "semgrep.json", "checkov.json", "safety-check.json", "zap.json", "bandit.sarif"]
    ),
    instead=st.sampled_from([None, 7, -1.5, "oops", True, {}, {"oops": 1}]),
    data=st.data(),
)
def test_what_is_mangled_hides_nothing(name: str, instead: Any, data: st.DataObject) -> None:
    """With something senseless in any place, a report is refused, or has all findings that it had, none of them milder than before."""
    document = loaded(name)
    place = data.draw(st.sampled_from(places(document)))
    before = told(document).findings
    try:
        after = told(mangled(document, place, instead)).findings
    except BrokenReportError:
        return
    assert len(after) == len(before)
    for one, other in zip(before, after, strict=True):
        assert other.severity in {one.severity, "unknown"} or name.endswith("sarif")
        assert not other.aside or other.aside == one.aside
