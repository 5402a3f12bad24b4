"""What scanners' reports come down to: findings in components and files, and statements that take findings away."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit

from tidegate.model.intent.scans import SEVERITIES
from tidegate.model.phrases import plain

if TYPE_CHECKING:
    from tidegate.model.intent.scans import Severity

Kind = Literal["vulnerability", "misconfiguration", "secret", "code", "licence", "web"]

_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_LONGEST: Final = 200


class BrokenReportError(Exception):
    """A report says nothing that could be relied on."""


@dataclass(frozen=True, slots=True, order=True)
class Component:
    """Something with a version that others have written."""

    ecosystem: str
    """As package URLs name it: pypi, npm, deb; empty if it isn't told."""
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a scanner doesn't like. Never holds a secret, or code that might have one."""

    scanner: str
    kind: Kind
    ids: tuple[str, ...]
    """The first is what it goes by; the others are the same thing elsewhere."""
    severity: Severity
    title: str
    component: Component | None = None
    path: str = ""
    line: int | None = None
    subject: str = ""
    """What in that file, or at that address: `Pod.default.shop`."""
    mark: str = ""
    """What tells it from its like when lines move: a scanner's own fingerprint, or a hash of the code."""
    fixed: str = ""
    url: str = ""
    aside: str = ""
    """Why it doesn't count, by the report's own word."""
    sources: tuple[str, ...] = ()
    """The files of the reports that have it."""

    @property
    def id(self) -> str:
        """What it goes by."""
        return self.ids[0]

    @property
    def where(self) -> str:
        """Where it is, in a few words."""
        if self.component is not None:
            return str(self.component)
        line = f":{self.line}" if self.line is not None else ""
        return " ".join(part for part in (f"{self.path}{line}", self.subject) if part) or "everywhere"

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """What a baseline knows it by, one for each of its names: the same for the next version, and when lines have moved."""
        place = (self.component.ecosystem, self.component.name) if self.component else (self.path, self.subject, self.mark)
        scanner = "" if self.component else self.scanner
        return tuple(_digest(self.kind, scanner, one, *place) for one in self.ids)


State = Literal["not_affected", "false_positive", "resolved", "resolved_with_pedigree", "exploitable", "in_triage"]


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody has found out about a vulnerability in a component (VEX)."""

    ids: tuple[str, ...]
    component: Component
    """Without a version it is said of all."""
    versions: tuple[str, ...]
    """If there are any, only of those."""
    state: State
    detail: str
    source: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says."""

    source: str
    scanner: str
    findings: tuple[Finding, ...] = ()
    statements: tuple[Statement, ...] = ()
    notes: tuple[str, ...] = ()
    scan: bool = True
    """Whether it is the report of a scan. Statements alone are none."""


def names(first: str, *others: str) -> tuple[str, ...]:
    """All names of a vulnerability, the best known first: its CVE, then its advisory."""
    found = {shown(one).upper() if _CVE.fullmatch(one) else shown(one) for one in (first, *others) if one.strip()}
    if not found:
        raise BrokenReportError("a finding has no name")
    return tuple(sorted(found, key=lambda one: (not is_cve(one), not one.startswith("GHSA-"), one)))


def is_cve(name: str) -> bool:
    """Whether that is a vulnerability's number that everybody uses."""
    return _CVE.fullmatch(name) is not None


def severity_of(word: str) -> Severity:
    """A scanner's word for how bad something is."""
    severity = _WORDS.get(word.strip().lower())
    if severity is None:
        raise BrokenReportError(f"{shown(word)!r} is no severity")
    return severity


def rated(score: float) -> Severity:
    """A score from 0 to 10, in CVSS' words."""
    if not 0 <= score <= 10:
        raise BrokenReportError(f"{score} is no score from 0 to 10")
    return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low" if score > 0 else "info"


def worst(severities: list[Severity]) -> Severity:
    """The worst that is known."""
    return min((one for one in severities if one != "unknown"), key=SEVERITIES.index, default="unknown")


def component(ecosystem: str, name: str, version: str) -> Component:
    """A component, written the same way whichever scanner names it."""
    ecosystem, name, version = shown(ecosystem).lower(), shown(name), shown(version)
    if not name:
        raise BrokenReportError("a component has no name")
    match ecosystem:
        case "pypi":
            name = re.sub(r"[-_.]+", "-", name).lower()
        case "maven":
            name = name.replace(":", "/")
        case "golang":
            version = version.removeprefix("v")
        case "rpm":
            version = version.removeprefix("0:")
        case _:
            pass
    return Component(ecosystem, name, version)


def of_purl(purl: str) -> Component:
    """The component of a package URL. A distribution's name is no part of its packages' names."""
    head, _, rest = purl.partition(":")
    path, _, qualifiers = rest.partition("#")[0].partition("?")
    ecosystem, _, path = path.lstrip("/").partition("/")
    name, _, version = path.rpartition("@")
    if not name:
        name, version = path, ""  # the only @ is that of a scope
    name = unquote(name)
    if head.lower() != "pkg" or not ecosystem or not name:
        raise BrokenReportError(f"{shown(purl)!r} is no package URL")
    if ecosystem.lower() in _DISTRIBUTIONS:
        name = name.rpartition("/")[2]
    epoch = next((unquote(one.removeprefix("epoch=")) for one in qualifiers.split("&") if one.startswith("epoch=")), "")
    version = unquote(version)
    return component(ecosystem, name, f"{epoch}:{version}" if epoch and version and ":" not in version else version)


def file_path(path: str) -> str:
    """A file's path, or an address, written the same way whichever scanner names it: without a query, a password, a leading `./`."""
    split = urlsplit(path) if "://" in path else None
    if split is not None and split.scheme != "file":
        return shown(f"{split.scheme}://{split.netloc.rpartition('@')[2]}{split.path}")
    plainly = unquote(split.path) if split is not None else path
    return shown(re.sub(r"^(\./)+", "", plainly.replace("\\", "/")))


def shown(text: str) -> str:
    """A report's text, in one line, without what moves a cursor, and not endless."""
    said = plain(text)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def code_mark(code: str) -> str:
    """What tells a piece of code from another, without saying what it is. Empty for none."""
    words = " ".join(code.split())
    return _digest(words) if words else ""


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


_DISTRIBUTIONS: Final = frozenset({"deb", "rpm", "apk", "alpm"})
_WORDS: Final[dict[str, Severity]] = {
    **{word: word for word in SEVERITIES},
    "error": "high", "moderate": "medium", "warning": "medium", "negligible": "info", "informational": "info", "none": "info",
    "undefined": "unknown", "": "unknown",
}  # fmt: skip
