"""Semgrep's JSON: `results`, the `errors` it had, and in `paths` which files it has looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.gates.scans.findings import BrokenReportError, Finding, file_path, severity_of, shown
from tidegate.gates.scans.parts import Part, of_code, taken

if TYPE_CHECKING:
    from tidegate.model.intent.scans import Severity

NAME: Final = "semgrep"
_NO_FINGERPRINT: Final = "requires login"
_SEVERITIES: Final[dict[str, Severity]] = {"ERROR": "high", "WARNING": "medium", "INFO": "low", "EXPERIMENT": "info", "INVENTORY": "info"}


class _Metadata(Part):
    cwe: list[str] | str = []
    source: str = ""


class _Extra(Part):
    message: str
    severity: str
    metadata: _Metadata = _Metadata()
    fingerprint: str = ""
    is_ignored: bool = False


class _Start(Part):
    line: int


class _Result(Part):
    check_id: str
    path: str
    start: _Start
    extra: _Extra


class _Error(Part):
    level: Literal["error", "warn", "info"]
    type: Any = ""
    path: str = ""


class _Paths(Part):
    scanned: list[str] | None = None


class _Report(Part):
    results: list[_Result]
    errors: list[_Error]
    paths: _Paths


def recognises(document: Any) -> bool:
    """Whether it is Semgrep's."""
    return isinstance(document, dict) and {"results", "errors", "paths"} <= document.keys() and "metrics" not in document


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    report = taken(_Report, document)
    failed = [one for one in report.errors if one.level == "error"]
    if failed:
        raise BrokenReportError(f"Semgrep says that the scan failed{f', at {file_path(failed[0].path)}' if failed[0].path else ''}")
    if not report.paths.scanned:
        raise BrokenReportError("it has looked at nothing: no file is in paths.scanned")
    partly = sorted({file_path(one.path) for one in report.errors if one.level == "warn" and one.path})
    return [_finding(one) for one in report.results], [f"Semgrep could not understand all of {path}" for path in partly]


def _finding(one: _Result) -> Finding:
    extra = one.extra
    cwes = [extra.metadata.cwe] if isinstance(extra.metadata.cwe, str) else extra.metadata.cwe
    kind, title = of_code(one.check_id, cwes, extra.message, "what looks like a secret")
    severity = _SEVERITIES.get(extra.severity) or severity_of(extra.severity)
    mark = "" if extra.fingerprint == _NO_FINGERPRINT else shown(extra.fingerprint)
    return Finding(
        NAME, kind, (shown(one.check_id),), severity, title, path=file_path(one.path), line=one.start.line, mark=mark,
        url=shown(extra.metadata.source), aside="nosemgrep, in the code" if extra.is_ignored else "",
    )  # fmt: skip
