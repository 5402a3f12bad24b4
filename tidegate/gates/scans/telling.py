"""The verdict, for programs: as JSON, and as SARIF for those who show findings beside the code."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.policing.sarif import Result, sarif

if TYPE_CHECKING:
    from tidegate.gates.scans.findings import Finding
    from tidegate.gates.scans.judging import Verdict
    from tidegate.model.intent.scans import Severity

_LEVELS: Final[dict[Severity, Literal["error", "warning", "note"]]] = {
    "critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note", "unknown": "error",
}  # fmt: skip


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict, for programs."""
    return {
        "verdict": "pass" if verdict.passed else "fail",
        "refused": list(verdict.refused),
        "counts": verdict.counts,
        "thresholds": dict(verdict.thresholds),
        "findings": [_finding(one) for one in verdict.counting],
        "aside": [{**_finding(one.finding), "by": one.by, "why": one.why} for one in verdict.aside],
        "reports": [{"file": one.source, "format": one.scanner, "findings": len(one.findings)} for one in verdict.reports],
        "failures": list(verdict.failures),
        "notes": list(verdict.notes),
    }


def _finding(one: Finding) -> dict[str, Any]:
    part = one.component
    return {
        "id": one.id,
        "aliases": list(one.ids[1:]),
        "severity": one.severity,
        "kind": one.kind,
        "component": None if part is None else {"ecosystem": part.ecosystem, "name": part.name, "version": part.version},
        "path": one.path,
        "line": one.line,
        "subject": one.subject,
        "title": one.title,
        "fixed": one.fixed,
        "url": one.url,
        "scanner": one.scanner,
        "files": list(one.sources),
        "fingerprint": one.fingerprints[0],
    }


def as_sarif(verdict: Verdict) -> dict[str, Any]:
    """All findings; what is set aside is suppressed, with why. A report that is none makes it the log of a scan that has failed."""
    found = [(one, "") for one in verdict.counting] + [(one.finding, f"{one.by}: {one.why}") for one in verdict.aside]
    log = sarif("tidegate gate scans", version("tidegate"), [_result(one, why) for one, why in found])
    failures = [{"level": "error", "message": {"text": text}} for text in verdict.failures]
    log["runs"][0]["invocations"] = [{"executionSuccessful": not failures, "toolExecutionNotifications": failures}]
    return log


def _result(one: Finding, why: str) -> Result:
    fix = f"Take {one.component.name} {one.fixed}" if one.component is not None and one.fixed else ""
    return Result(
        rule=one.id,
        level=_LEVELS[one.severity],
        message=f"{one.title or one.id}: {one.where}",
        title=one.title,
        help=fix,
        url=one.url,
        tags=("security", one.kind),
        severity=one.severity,
        file=one.path,
        line=one.line or 1,
        what=str(one.component or one.subject),
        suppressed=why,
        fingerprint=one.fingerprints[0],
    )
