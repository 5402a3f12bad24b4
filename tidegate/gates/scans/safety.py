"""Safety's JSON, of `safety check` (a list of `vulnerabilities`) and of `safety scan` (files, their packages, what is known of those)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, names, rated, severity_of, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.model.intent.scans import Severity

NAME: Final = "safety"


class _Cvss(Part):
    base_severity: str | None = None
    base_score: float | None = None


class _Severity(Part):
    cvssv3: _Cvss | None = None
    cvssv2: _Cvss | None = None


class _Vulnerability(Part):
    vulnerability_id: str
    package_name: str
    analyzed_version: str | None
    CVE: str | None = None
    severity: _Severity | None = None
    fixed_versions: list[str] = []
    more_info_url: str | None = None


class _Check(Part):
    scanned_packages: dict[str, Any]
    vulnerabilities: list[_Vulnerability]


class _Ignored(Part):
    reason: str | None = None


class _Known(Part):
    id: str
    ignored: _Ignored | None = None


class _Found(Part):
    known_vulnerabilities: list[_Known]


class _Specification(Part):
    raw: str
    vulnerabilities: _Found


class _Package(Part):
    name: str
    specifications: list[_Specification]


class _Results(Part):
    dependencies: list[_Package]


class _File(Part):
    location: str
    results: _Results


class _Project(Part):
    files: list[_File] = []


class _ScanResults(Part):
    files: list[_File] = []
    projects: list[_Project] = []


class _Scan(Part):
    scan_results: _ScanResults


def recognises(document: Any) -> bool:
    """Whether it is Safety's."""
    return isinstance(document, dict) and (
        {"report_meta", "vulnerabilities"} <= document.keys() or {"meta", "scan_results"} <= document.keys()
    )


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    if "scan_results" in document:
        return list(_of_scan(taken(_Scan, document).scan_results)), []
    check = taken(_Check, document)
    if not check.scanned_packages:
        raise BrokenReportError("it has looked at nothing: there are no scanned_packages")
    return [_finding(one) for one in check.vulnerabilities], []


def _finding(one: _Vulnerability) -> Finding:
    ids = names(f"SAFETY-{one.vulnerability_id}", *((one.CVE,) if one.CVE else ()))
    where = component("pypi", one.package_name, one.analyzed_version or "")
    fixed = ", ".join(map(shown, one.fixed_versions))
    return Finding(NAME, "vulnerability", ids, _rating(one.severity), "", where, fixed=fixed, url=shown(one.more_info_url or ""))


def _rating(severity: _Severity | None) -> Severity:
    for cvss in (severity.cvssv3, severity.cvssv2) if severity is not None else ():
        if cvss is not None and cvss.base_severity:
            return severity_of(cvss.base_severity)
        if cvss is not None and cvss.base_score is not None:
            return rated(cvss.base_score)
    return "unknown"


def _of_scan(results: _ScanResults) -> Iterator[Finding]:
    files = [*results.files, *(file for project in results.projects for file in project.files)]
    if not files:
        raise BrokenReportError("it has looked at nothing: there are no files in its results")
    for file in files:
        for package in file.results.dependencies:
            for specification in package.specifications:
                version = specification.raw.partition("==")[2].partition(";")[0].strip()
                for one in specification.vulnerabilities.known_vulnerabilities:
                    aside = f"ignored by Safety's policy: {shown(one.ignored.reason or 'no reason given')}" if one.ignored else ""
                    where = component("pypi", package.name, version)
                    yield Finding(NAME, "vulnerability", (f"SAFETY-{shown(one.id)}",), "unknown", "", where, aside=aside)
