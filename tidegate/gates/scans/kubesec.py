"""Kubesec's JSON: a score an object, made of what is critical and what it advises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.gates.scans.findings import BrokenReportError, Finding, file_path, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "kubesec"
_UNSUPPORTED: Final = "not supported by kubesec"


class _Rule(Part):
    id: str
    reason: str
    href: str = ""


class _Scoring(Part):
    critical: list[_Rule] = []
    advise: list[_Rule] = []


class _Object(Part):
    object: str
    valid: bool
    score: int
    fileName: str = ""
    message: str = ""
    scoring: _Scoring = _Scoring()


class _Report(Part):
    objects: list[_Object]


def recognises(document: Any) -> bool:
    """Whether it is Kubesec's."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and {"object", "score"} <= one.keys() for one in document)
    )


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    objects = taken(_Report, {"objects": document}).objects
    invalid = [one for one in objects if not one.valid]
    if invalid:
        raise BrokenReportError(f"Kubesec could not judge {shown(invalid[0].object)}: {shown(invalid[0].message)}")
    judged = [one for one in objects if _UNSUPPORTED not in one.message]
    if not judged:
        raise BrokenReportError("it has looked at nothing: no object is of a kind that Kubesec knows")
    for one in judged:
        if one.score < 0 and not one.scoring.critical:
            raise BrokenReportError(f"{shown(one.object)} has a score of {one.score}, and nothing critical that would explain it")
    return [finding for one in judged for finding in _findings(one)], []


def _findings(one: _Object) -> Iterator[Finding]:
    path = file_path(one.fileName)
    for severity, rules in (("critical", one.scoring.critical), ("low", one.scoring.advise)):
        for rule in rules:
            yield Finding(
                NAME, "misconfiguration", (shown(rule.id),), "critical" if severity == "critical" else "low", shown(rule.reason), path=path,
                subject=shown(one.object), url=shown(rule.href),
            )  # fmt: skip
