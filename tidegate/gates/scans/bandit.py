"""Bandit's JSON: `results`, the `errors` it had, and in `metrics` which files it has looked at."""

from __future__ import annotations

from typing import Any, Final, Literal

from tidegate.gates.scans.findings import BrokenReportError, Finding, code_mark, file_path, severity_of, shown
from tidegate.gates.scans.parts import Part, of_code, taken

NAME: Final = "bandit"
PASSWORDS: Final = frozenset({"B105", "B106", "B107"})
"""Rules whose words have the password in them."""


class _Cwe(Part):
    id: int | None = None


class _Result(Part):
    test_id: str
    test_name: str
    filename: str
    line_number: int
    issue_severity: Literal["UNDEFINED", "LOW", "MEDIUM", "HIGH"]
    issue_text: str
    issue_cwe: _Cwe = _Cwe()
    code: str = ""
    more_info: str = ""


class _Error(Part):
    filename: str = ""
    reason: str = ""


class _Report(Part):
    errors: list[_Error]
    metrics: dict[str, Any]
    results: list[_Result]


def recognises(document: Any) -> bool:
    """Whether it is Bandit's."""
    return isinstance(document, dict) and {"errors", "metrics", "results", "generated_at"} <= document.keys()


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    report = taken(_Report, document)
    if report.errors:
        first = report.errors[0]
        raise BrokenReportError(f"Bandit could not look at {file_path(first.filename) or 'a file'}: {shown(first.reason)}")
    if not report.metrics.keys() - {"_totals"}:
        raise BrokenReportError("it has looked at nothing: no file is in its metrics")
    return [_finding(one) for one in report.results], []


def _finding(one: _Result) -> Finding:
    rule = shown(one.test_id)
    kind, title = of_code(one.test_name, [str(one.issue_cwe.id)], one.issue_text, one.test_name.replace("_", " "))
    if rule in PASSWORDS:
        kind, title = "secret", shown(one.test_name.replace("_", " "))
    return Finding(
        NAME, kind, (rule,), severity_of(one.issue_severity), title, path=file_path(one.filename), line=one.line_number,
        mark="" if kind == "secret" else code_mark(one.code), url=shown(one.more_info),
    )  # fmt: skip
