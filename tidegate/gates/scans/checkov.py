"""Checkov's JSON: one object a framework, or a list of them, with the checks that failed.

Without an account Checkov doesn't say how bad a check is: then nothing is known of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, file_path, names, severity_of, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "checkov"


class _Details(Part):
    id: str
    package_name: str
    package_version: str = ""
    severity: str | None = None


class _Check(Part):
    check_id: str
    check_name: str
    file_path: str
    file_line_range: list[int] | None = None
    resource: str
    severity: str | None = None
    guideline: str | None = None
    vulnerability_details: _Details | None = None


class _Results(Part):
    failed_checks: list[_Check] = []
    parsing_errors: list[str] = []


class _Summary(Part):
    passed: int
    failed: int
    skipped: int
    parsing_errors: int


class _Framework(Part):
    check_type: str
    results: _Results
    summary: _Summary


def recognises(document: Any) -> bool:
    """Whether it is Checkov's."""
    if isinstance(document, list):
        return bool(document) and all(isinstance(one, dict) and "check_type" in one for one in document)
    return isinstance(document, dict) and ("check_type" in document or "checkov_version" in document)


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    raw = document if isinstance(document, list) else [document]
    if any("check_type" not in one for one in raw):
        raise BrokenReportError("Checkov has looked at nothing: it found no file that it knows")
    frameworks = [taken(_Framework, one) for one in raw]
    for one in frameworks:
        if one.summary.parsing_errors or one.results.parsing_errors:
            first = file_path(one.results.parsing_errors[0]) if one.results.parsing_errors else "a file"
            raise BrokenReportError(f"Checkov could not read {first}")
        if one.summary.failed != len(one.results.failed_checks):
            raise BrokenReportError(
                f"its summary has {one.summary.failed} failed checks of {shown(one.check_type)}, "
                f"its results {len(one.results.failed_checks)}"
            )
    if not any(one.summary.passed + one.summary.failed + one.summary.skipped for one in frameworks):
        raise BrokenReportError("it has looked at nothing: no check passed, failed or was skipped")
    return [finding for one in frameworks for finding in _findings(one)], []


def _findings(framework: _Framework) -> Iterator[Finding]:
    for one in framework.results.failed_checks:
        path, url = file_path(one.file_path.lstrip("/")), shown(one.guideline or "")
        if (details := one.vulnerability_details) is not None:
            where = component("", details.package_name, details.package_version)
            yield Finding(
                NAME,
                "vulnerability",
                names(details.id),
                severity_of(details.severity or one.severity or ""),
                shown(one.check_name),
                where,
                url=url,
            )
            continue
        line = one.file_line_range[0] if one.file_line_range else None
        severity, title = severity_of(one.severity or ""), shown(one.check_name)
        if framework.check_type == "secrets":
            yield Finding(NAME, "secret", (shown(one.check_id),), severity, title, path=path, line=line, url=url)
            continue
        what = shown(one.resource)
        yield Finding(NAME, "misconfiguration", (shown(one.check_id),), severity, title, path=path, line=line, subject=what, url=url)
