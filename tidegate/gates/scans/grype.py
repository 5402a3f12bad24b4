"""Grype's JSON: `matches` of vulnerabilities and packages, and in `descriptor` whether the database was any good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, names, of_purl, severity_of, shown
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from tidegate.gates.scans.findings import Component

NAME: Final = "grype"
_ECOSYSTEMS: Final = {
    "python": "pypi", "npm": "npm", "deb": "deb", "rpm": "rpm", "apk": "apk", "go-module": "golang", "java-archive": "maven",
    "gem": "gem", "rust-crate": "cargo", "php-composer": "composer", "dotnet": "nuget",
}  # fmt: skip


class _Fix(Part):
    versions: list[str] = []


class _Vulnerability(Part):
    id: str
    severity: str = ""
    dataSource: str = ""
    fix: _Fix = _Fix()


class _Related(Part):
    id: str


class _Artifact(Part):
    name: str
    version: str
    type: str = ""
    purl: str = ""


class _Match(Part):
    vulnerability: _Vulnerability
    relatedVulnerabilities: list[_Related] = []
    artifact: _Artifact


class _Status(Part):
    valid: bool = True
    error: str | None = None


class _Database(Part):
    status: _Status = _Status()
    valid: bool = True
    error: str | None = None


class _Descriptor(Part):
    db: _Database | None = None


class _Report(Part):
    matches: list[_Match]
    source: dict[str, Any]
    descriptor: _Descriptor


def recognises(document: Any) -> bool:
    """Whether it is Grype's."""
    return isinstance(document, dict) and {"matches", "descriptor"} <= document.keys()


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    report = taken(_Report, document)
    database = report.descriptor.db
    if database is not None and (database.error or database.status.error or not (database.valid and database.status.valid)):
        raise BrokenReportError("Grype says that its database of vulnerabilities isn't valid: `grype db update`, then scan again")
    return [_finding(one) for one in report.matches], []


def _finding(match: _Match) -> Finding:
    one, artifact = match.vulnerability, match.artifact
    return Finding(
        NAME, "vulnerability", names(one.id, *(related.id for related in match.relatedVulnerabilities)), severity_of(one.severity), "",
        _component(artifact), fixed=", ".join(map(shown, one.fix.versions)), url=shown(one.dataSource),
    )  # fmt: skip


def _component(artifact: _Artifact) -> Component:
    if artifact.purl:
        found = of_purl(artifact.purl)
        return component(found.ecosystem, found.name, artifact.version or found.version)
    return component(_ECOSYSTEMS.get(artifact.type, ""), artifact.name, artifact.version)
