"""CycloneDX 1.4 and newer: vulnerabilities of components, and what has been found out about them (VEX).

One that is said not to be affected, to be a false positive or to be resolved takes such findings of scanners away; one that is looked into
keeps them. One of which nothing is said, or that it is exploitable, is a finding itself. A list of components without vulnerabilities is no
scan's report, and neither is one of statements alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import unquote

from pydantic import Field

from tidegate.gates.scans.findings import (
    BrokenReportError,
    Finding,
    Report,
    State,
    Statement,
    component,
    names,
    of_purl,
    rated,
    severity_of,
    shown,
    worst,
)
from tidegate.gates.scans.parts import Part, taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tidegate.gates.scans.findings import Component
    from tidegate.model.intent.scans import Severity

NAME: Final = "cyclonedx"
TAKES_AWAY: Final = frozenset({"not_affected", "false_positive", "resolved", "resolved_with_pedigree"})
_LINK: Final = "urn:cdx:"


class _Component(Part):
    name: str
    version: str = ""
    purl: str = ""
    bom_ref: str = Field("", alias="bom-ref")
    components: list[_Component] = []


class _Metadata(Part):
    component: _Component | None = None


class _Rating(Part):
    severity: str = ""
    score: float | None = None


class _Reference(Part):
    id: str = ""


class _Analysis(Part):
    state: State | None = None
    justification: str = ""
    detail: str = ""


class _Version(Part):
    version: str = ""
    range: str = ""
    status: Literal["affected", "unaffected", "unknown"] = "affected"


class _Affected(Part):
    ref: str
    versions: list[_Version] = []


class _Vulnerability(Part):
    id: str
    references: list[_Reference] = []
    ratings: list[_Rating] = []
    analysis: _Analysis = _Analysis()
    affects: list[_Affected] = []


class _Bom(Part):
    bomFormat: Literal["CycloneDX"]
    specVersion: str
    metadata: _Metadata = _Metadata()
    components: list[_Component] = []
    vulnerabilities: list[_Vulnerability]


def recognises(document: Any) -> bool:
    """Whether it is CycloneDX, whatever it lists."""
    return isinstance(document, dict) and "bomFormat" in document


def read(document: Any, source: str) -> Report:
    """All findings, all statements, and what else is to be said."""
    if "vulnerabilities" not in document:
        raise BrokenReportError("it lists components, and no vulnerabilities: that is no scan's report")
    bom = taken(_Bom, document)
    known = _known(bom)
    findings: list[Finding] = []
    statements: list[Statement] = []
    notes: list[str] = []
    for one in bom.vulnerabilities:
        ids = names(one.id, *(reference.id for reference in one.references))
        state = one.analysis.state
        if state is not None:
            statements += _statements(one, ids, state, known, source, notes)
        if state in {None, "exploitable"}:
            findings += (replace(finding, sources=(source,)) for finding in _findings(one, ids, known))
    scan = any(one.analysis.state is None for one in bom.vulnerabilities)
    return Report(source, NAME, tuple(findings), tuple(statements), tuple(notes), scan)


def _known(bom: _Bom) -> dict[str, Component]:
    """The components of this file, by what it calls them."""
    found: dict[str, Component] = {}
    left = [*bom.components, *((bom.metadata.component,) if bom.metadata.component else ())]
    while left:
        one = left.pop()
        left += one.components
        found[one.bom_ref or one.purl] = _component(one)
    found.pop("", None)
    return found


def _component(one: _Component) -> Component:
    if not one.purl:
        return component("", one.name, one.version)
    found = of_purl(one.purl)
    return component(found.ecosystem, found.name, found.version or one.version)


def _meant(ref: str, known: dict[str, Component]) -> Component | None:
    """Which component that is: one of this file's, or one of another's that is named by its package URL."""
    name = unquote(ref.partition("#")[2]) if ref.startswith(_LINK) else ref
    if name in known:
        return known[name]
    return of_purl(name) if name.startswith("pkg:") else None


def _findings(one: _Vulnerability, ids: tuple[str, ...], known: dict[str, Component]) -> Iterator[Finding]:
    severity = _rating(one)
    if not one.affects:
        yield Finding(NAME, "vulnerability", ids, severity, "", subject="(nothing is said of where)")
    for affected in one.affects:
        where = _meant(affected.ref, known)
        yield Finding(NAME, "vulnerability", ids, severity, "", where, subject="" if where else shown(affected.ref))


def _rating(one: _Vulnerability) -> Severity:
    return worst([_severity(rating) for rating in one.ratings])


def _severity(rating: _Rating) -> Severity:
    if rating.severity:
        return severity_of(rating.severity)
    return "unknown" if rating.score is None else rated(rating.score)


def _statements(
    one: _Vulnerability, ids: tuple[str, ...], state: State, known: dict[str, Component], source: str, notes: list[str]
) -> Iterator[Statement]:
    detail = "; ".join(shown(text) for text in (one.analysis.justification, one.analysis.detail) if text)
    for affected in one.affects:
        where = _meant(affected.ref, known)
        if where is None:
            notes.append(f"what {source} says of {ids[0]} counts for nothing: {shown(affected.ref)} is no component that it has")
            continue
        exact = tuple(shown(version.version) for version in affected.versions if version.version)
        if affected.versions and not exact and not where.version:
            notes.append(f"what {source} says of {ids[0]} in {where} counts for nothing: name the versions, not ranges of them")
            continue
        yield Statement(ids, where, exact, state, detail, source)
    if not one.affects:
        notes.append(f"what {source} says of {ids[0]} counts for nothing: it doesn't say in what (affects)")
