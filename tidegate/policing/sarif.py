"""SARIF 2.1.0, as code hosts read it: findings of any kind, told the same way."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_SCORES: Final = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
"""What code hosts sort by: a number out of ten as text."""


@dataclass(frozen=True, slots=True)
class Result:
    """One finding."""

    rule: str
    """What found it: `security/host-ports`, `CVE-2026-1234`."""
    level: Literal["error", "warning", "note"]
    message: str
    title: str = ""
    """Of the rule, in a sentence."""
    help: str = ""
    """What to do about it."""
    url: str = ""
    tags: tuple[str, ...] = ()
    severity: str = ""
    """critical, high, medium or low."""
    file: str = ""
    line: int = 1
    what: str = ""
    """The object or package that it is about: `shop/Deployment/web`."""
    path: str = ""
    """Where in the object."""
    suppressed: str = ""
    """Why it doesn't count, if it doesn't."""
    fingerprint: str = ""
    """What it is known by from one run to the next; else made from rule, file, object and path."""


def sarif(tool: str, version: str, results: Iterable[Result], url: str = "") -> dict[str, Any]:
    """A log of one run."""
    results = list(results)
    rules: dict[str, dict[str, Any]] = {}
    for result in results:
        rules.setdefault(result.rule, _rule(result))
    places = {name: place for place, name in enumerate(rules)}
    driver: dict[str, Any] = {"name": tool, "version": version, "rules": list(rules.values())}
    if url:
        driver["informationUri"] = url
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [_result(result, places[result.rule]) for result in results]}],
    }


def _rule(result: Result) -> dict[str, Any]:
    properties: dict[str, Any] = {"tags": list(result.tags)} if result.tags else {}
    if result.severity in _SCORES:
        properties["security-severity"] = _SCORES[result.severity]
    rule: dict[str, Any] = {"id": result.rule, "shortDescription": {"text": result.title or result.rule}}
    if result.help:
        rule["help"] = {"text": result.help}
    if result.url:
        rule["helpUri"] = result.url
    if properties:
        rule["properties"] = properties
    return rule


def _result(result: Result, place: int) -> dict[str, Any]:
    location: dict[str, Any] = {}
    if result.file:
        location["physicalLocation"] = {"artifactLocation": {"uri": _uri(result.file)}, "region": {"startLine": max(1, result.line)}}
    if named := "#".join(part for part in (result.what, result.path) if part):
        location["logicalLocations"] = [{"fullyQualifiedName": named}]
    found: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": place,
        "level": result.level,
        "message": {"text": result.message},
        "locations": [location] if location else [],
        "partialFingerprints": {"tidegate/v1": result.fingerprint or _fingerprint(result)},
    }
    if result.suppressed:
        found["suppressions"] = [{"kind": "external", "status": "accepted", "justification": result.suppressed}]
    return found


def _uri(file: str) -> str:
    return quote(file.removeprefix("./").replace("\\", "/"), safe="/:~+@,=")


def _fingerprint(result: Result) -> str:
    return hashlib.sha256(f"{result.rule}\n{result.file}\n{result.what}\n{result.path}".encode()).hexdigest()[:32]
