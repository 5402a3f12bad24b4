"""SARIF 2.1.0, that many scanners write. Each run must say that it was carried through, and have results, be it none.

How bad something is: the score `security-severity` if the rule has one, else the level. What is suppressed, or no failure, doesn't count.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from tidegate.gates.scans.findings import BrokenReportError, Finding, component, file_path, is_cve, names, rated, severity_of, shown
from tidegate.gates.scans.parts import Part, about_secret, of_code, taken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.intent.scans import Severity

NAME: Final = "sarif"
_LEVELS: Final[dict[str, Severity]] = {"error": "high", "warning": "medium", "note": "low", "none": "info"}
_TRIVY: Final = re.compile(r"Package: (?P<name>\S+)\s+Installed Version: (?P<version>\S+)")
_GRYPE: Final = re.compile(r"vulnerability in (?P<kind>\S+) package: (?P<name>\S+), version (?P<version>\S+) was found")
_GRYPE_RULE: Final = re.compile(r"^(CVE-\d{4}-\d{4,}|GHSA(?:-[a-z0-9]{4}){3})", re.IGNORECASE)

Level = Literal["none", "note", "warning", "error"]


class _Text(Part):
    text: str = ""
    id: str = ""


class _Configuration(Part):
    level: Level = "warning"


class _Properties(Part):
    tags: list[str] = []
    score: str | float | None = Field(default=None, alias="security-severity")


class _Rule(Part):
    id: str
    name: str = ""
    shortDescription: _Text = _Text()
    defaultConfiguration: _Configuration = _Configuration()
    helpUri: str = ""
    messageStrings: dict[str, _Text] = {}
    properties: _Properties = _Properties()


class _Driver(Part):
    name: str
    rules: list[_Rule] = []


class _Tool(Part):
    driver: _Driver
    extensions: list[_Driver] = []


class _Notification(Part):
    level: Level = "warning"
    message: _Text = _Text()


class _Invocation(Part):
    executionSuccessful: bool
    toolExecutionNotifications: list[_Notification] = []
    toolConfigurationNotifications: list[_Notification] = []


class _Artifact(Part):
    uri: str = ""


class _Snippet(Part):
    text: str = ""


class _Region(Part):
    startLine: int | None = None
    snippet: _Snippet = _Snippet()


class _Physical(Part):
    artifactLocation: _Artifact = _Artifact()
    region: _Region = _Region()


class _Logical(Part):
    fullyQualifiedName: str = ""
    name: str = ""


class _Location(Part):
    physicalLocation: _Physical = _Physical()
    logicalLocations: list[_Logical] = []


class _Extension(Part):
    index: int | None = None


class _Reference(Part):
    id: str = ""
    index: int | None = None
    toolComponent: _Extension = _Extension()


class _Suppression(Part):
    status: Literal["accepted", "underReview", "rejected"] = "accepted"
    justification: str = ""


class _Result(Part):
    ruleId: str = ""
    ruleIndex: int | None = None
    rule: _Reference = _Reference()
    kind: Literal["notApplicable", "pass", "fail", "review", "open", "informational"] = "fail"
    level: Level | None = None
    message: _Text
    locations: list[_Location] = []
    suppressions: list[_Suppression] = []
    baselineState: Literal["new", "unchanged", "updated", "absent"] = "new"
    partialFingerprints: dict[str, Any] = {}
    fingerprints: dict[str, Any] = {}
    properties: _Properties = _Properties()


class _Run(Part):
    tool: _Tool
    invocations: list[_Invocation] = []
    results: list[_Result]
    externalPropertyFileReferences: dict[str, Any] = {}


class _Log(Part):
    version: Literal["2.1.0"]
    runs: list[_Run] = Field(min_length=1)


def recognises(document: Any) -> bool:
    """Whether it is SARIF, of any version."""
    return isinstance(document, dict) and "runs" in document and ("version" in document or "sarif" in str(document.get("$schema", "")))


def read(document: Any) -> tuple[list[Finding], list[str]]:
    """All findings, and what else is to be said."""
    findings: list[Finding] = []
    for run in taken(_Log, document).runs:
        _carried_through(run)
        findings += (finding for one in run.results for finding in _findings(run.tool, one))
    return findings, []


def _carried_through(run: _Run) -> None:
    name = shown(run.tool.driver.name)
    if "results" in run.externalPropertyFileReferences:
        raise BrokenReportError(f"results of {name} are in other files, that can't be read here: have it write one file")
    for one in run.invocations:
        errors = [said for said in (*one.toolExecutionNotifications, *one.toolConfigurationNotifications) if said.level == "error"]
        if errors or not one.executionSuccessful:
            said = f": {shown(errors[0].message.text)}" if errors and errors[0].message.text else ""
            raise BrokenReportError(f"{name} says that its scan failed{said}")


def _findings(tool: _Tool, result: _Result) -> Iterator[Finding]:
    if result.kind in {"pass", "notApplicable"} or result.baselineState == "absent":
        return
    rule = _rule(tool, result)
    scanner = _scanner(tool.driver.name)
    place = result.locations[0] if result.locations else _Location()
    physical = place.physicalLocation
    path, line = file_path(physical.artifactLocation.uri), physical.region.startLine
    logical = place.logicalLocations[0] if place.logicalLocations else _Logical()
    severity, url, aside = _severity(rule, result), shown(rule.helpUri), _aside(result)
    if (found := _package(scanner, result.message.text)) is not None:
        match = _GRYPE_RULE.match(rule.id)
        ids = names(match.group() if match else rule.id)
        yield Finding(
            scanner, "vulnerability", ids, severity, shown(rule.shortDescription.text), component(*found), path=path, url=url, aside=aside
        )
        return
    tags = [tag for tag in rule.properties.tags if "cwe" in tag.lower()]
    words = result.message.text or rule.messageStrings.get(result.message.id, _Text()).text or rule.shortDescription.text
    instead = (rule.shortDescription.text or rule.name or "what looks like a secret").replace("_", " ")
    secret = about_secret(f"{rule.id} {rule.name} {scanner}", tags)
    kind, title = of_code("secret" if secret else "", (), words.partition("\n")[0], instead)
    marks = {**result.partialFingerprints, **result.fingerprints}
    mark = ",".join(shown(str(marks[key])) for key in sorted(marks) if marks[key] != "requires login")
    ids = names(rule.id) if is_cve(rule.id) else (shown(rule.id),)
    yield Finding(
        scanner, "vulnerability" if is_cve(rule.id) else kind, ids, severity, title, path=path, line=line,
        subject=shown(logical.fullyQualifiedName or logical.name), mark=mark, url=url, aside=aside,
    )  # fmt: skip


def _rule(tool: _Tool, result: _Result) -> _Rule:
    reference = result.rule
    holder = tool.driver
    if (place := reference.toolComponent.index) is not None:
        if not 0 <= place < len(tool.extensions):
            raise BrokenReportError(f"a result names the extension {place}, and there is none")
        holder = tool.extensions[place]
    index = result.ruleIndex if result.ruleIndex is not None else reference.index
    if index is not None and index >= 0 and holder.rules:
        if index >= len(holder.rules):
            raise BrokenReportError(f"a result names the rule {index}, and there are {len(holder.rules)}")
        return holder.rules[index]
    name = result.ruleId or reference.id
    if not name:
        return _Rule(id="(no rule)")
    known = {rule.id: rule for rule in holder.rules}
    # A rule's id may have parts after a slash that the rule itself hasn't.
    return known.get(name) or known.get(name.rpartition("/")[0]) or _Rule(id=name)


def _severity(rule: _Rule, result: _Result) -> Severity:
    for properties in (result.properties, rule.properties):
        if properties.score is not None:
            return _score(properties.score)
    if result.kind in {"informational", "review", "open"} and result.level in {None, "none"}:
        return "info" if result.kind == "informational" else "unknown"
    return _LEVELS[result.level or rule.defaultConfiguration.level]


def _score(score: str | float) -> Severity:
    """A number as text, as the format has it, or as a number; some tools write a word."""
    try:
        number = float(score)
    except ValueError:
        return severity_of(str(score))
    return rated(number)


def _aside(result: _Result) -> str:
    """Suppressed is what somebody has suppressed, and nobody still looks at or has refused."""
    if not result.suppressions or any(one.status != "accepted" for one in result.suppressions):
        return ""
    why = shown(result.suppressions[0].justification)
    return f"suppressed in the report{f': {why}' if why else ''}"


def _package(scanner: str, message: str) -> tuple[str, str, str] | None:
    """Which package a scanner of packages speaks of: it has no better place for that than its words."""
    match scanner:
        case "trivy" if found := _TRIVY.search(message):
            return "", found["name"], found["version"]
        case "grype" if found := _GRYPE.search(message):
            return _ECOSYSTEMS.get(found["kind"], ""), found["name"], found["version"]
        case _:
            return None


def _scanner(name: str) -> str:
    """A tool's name as its own reports have it: `Semgrep OSS` is semgrep."""
    words = shown(name).lower().split()
    return words[0] if words else "unknown"


_ECOSYSTEMS: Final[Mapping[str, str]] = {"python": "pypi", "npm": "npm", "deb": "deb", "rpm": "rpm", "apk": "apk", "go-module": "golang"}
