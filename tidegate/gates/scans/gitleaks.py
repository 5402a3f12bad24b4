"""gitleaks' JSON: a list of leaks. Of these only the rule and the place are taken; the secret is never kept, shown or hashed.

One that found nothing is `[]`, which could be anything: it has to be said whose it is (`gitleaks=FILE`).
"""

from __future__ import annotations

from typing import Any, Final

from tidegate.gates.scans.findings import Finding, file_path, shown
from tidegate.gates.scans.parts import Part, taken

NAME: Final = "gitleaks"


class _Leak(Part):
    RuleID: str
    Description: str = ""
    File: str
    StartLine: int
    Commit: str = ""


class _Report(Part):
    leaks: list[_Leak]


def recognises(document: Any) -> bool:
    """Whether it is gitleaks' of version 8."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(isinstance(one, dict) and {"RuleID", "File"} <= one.keys() for one in document)
    )


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    return [
        Finding(
            NAME, "secret", (shown(one.RuleID),), "critical", "a leaked secret: make it void, then take it out", path=file_path(one.File),
            line=one.StartLine, mark=shown(one.Commit),
        )
        for one in taken(_Report, {"leaks": document}).leaks
    ], []  # fmt: skip
