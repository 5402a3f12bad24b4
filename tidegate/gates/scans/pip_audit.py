"""pip-audit's JSON: each dependency with its vulnerabilities, or why it wasn't audited. It doesn't say how bad anything is."""

from __future__ import annotations

from typing import Any, Final

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, names, shown
from tidegate.gates.scans.parts import Part, taken

NAME: Final = "pip-audit"


class _Vulnerability(Part):
    id: str
    fix_versions: list[str]
    aliases: list[str] = []


class _Dependency(Part):
    name: str
    version: str
    vulns: list[_Vulnerability]


class _Skipped(Part):
    name: str
    skip_reason: str


class _Report(Part):
    dependencies: list[dict[str, Any]]


def recognises(document: Any) -> bool:
    """Whether it is pip-audit's; older ones have the list alone."""
    found = document.get("dependencies") if isinstance(document, dict) else document
    return isinstance(found, list) and bool(found) and all(isinstance(one, dict) and _audited(one) for one in found)


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    found = taken(_Report, document if isinstance(document, dict) else {"dependencies": document}).dependencies
    skipped = [taken(_Skipped, one) for one in found if "skip_reason" in one]
    audited = [taken(_Dependency, one) for one in found if "skip_reason" not in one]
    if not audited:
        raise BrokenReportError(f"it has looked at nothing: no dependency of {len(skipped)} could be audited")
    notes = [f"pip-audit did not audit {shown(one.name)}: {shown(one.skip_reason)}" for one in skipped]
    return [_finding(one, vulnerability) for one in audited for vulnerability in one.vulns], notes


def _finding(dependency: _Dependency, one: _Vulnerability) -> Finding:
    where = component("pypi", dependency.name, dependency.version)
    fixed = ", ".join(map(shown, one.fix_versions))
    return Finding(NAME, "vulnerability", names(one.id, *one.aliases), "unknown", "", where, fixed=fixed)


def _audited(one: dict[str, Any]) -> bool:
    return "name" in one and ("vulns" in one or "skip_reason" in one)
