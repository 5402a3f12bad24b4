"""What was judged, as data and as SARIF."""

from __future__ import annotations

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final, Literal

from policies.judging.declaring import schema
from tidegate.policing.checking import standard
from tidegate.policing.sarif import Result, sarif

if TYPE_CHECKING:
    from policies.judging.declaring import Policy, Standard
    from policies.judging.rulebook import Rule, Ruling
    from tidegate.policing.checking import Report

TOOL: Final = "tidegate policies"


def tool_version() -> str:
    """This Tidegate's."""
    try:
        return version("tidegate")
    except PackageNotFoundError:
        return "0"


def as_json(report: Report) -> dict[str, Any]:
    """All of it, with stable keys."""
    return {
        "violations": [_violation(report, one) for one in report.violations],
        "unknown": [_violation(report, one) for one in report.doubts],
        "objects": len(report.subjects),
        "policies": sum(rule.level != "disabled" for rule in report.rules.rules),
        "mandatory": len(report.mandatory),
    }


def as_sarif(report: Report) -> dict[str, Any]:
    """All of it, for code hosts."""
    return sarif(TOOL, tool_version(), [_result(report, one) for one in [*report.violations, *report.doubts]])


def _violation(report: Report, one: Ruling) -> dict[str, Any]:
    policy, source = one.rule.policy, one.subject.source
    return {
        "file": source.file if source else "",
        "line": report.line(one.subject, one.steps) if source else 0,
        "pack": one.rule.pack,
        "policy": one.rule.name,
        "standard": standard(policy),
        "standards": [asdict(found) for found in policy.standards],
        "severity": policy.severity,
        "level": one.level,
        "kind": one.kind,
        "object": one.subject.shown,
        "path": one.path,
        "reason": one.reason,
        "fix": one.fix,
        "url": policy.url,
        "note": one.note,
        "exemption": one.exemption.model_dump(mode="json") if one.exemption else None,
    }


def _result(report: Report, one: Ruling) -> Result:
    policy, source = one.rule.policy, one.subject.source
    level: Literal["error", "warning", "note"] = "error" if one.level == "mandatory" else "warning"
    return Result(
        one.rule.name,
        "note" if one.kind == "doubt" else level,
        f"{one.subject.shown}: {one.text}" if one.subject.shown else one.text,
        policy.title,
        policy.fix,
        policy.url,
        (*policy.tags, *(named(found) for found in policy.standards)),
        policy.severity,
        source.file if source else "",
        report.line(one.subject, one.steps) if source else 1,
        one.subject.shown,
        one.path,
        one.note if one.exemption else "",
    )


def named(found: Standard) -> str:
    """A standard with its version and controls: `cis-kubernetes 1.9 5.2.2`."""
    return " ".join(part for part in (found.framework, found.version, ", ".join(found.controls)) if part)


def policy_json(rule: Rule, *, whole: bool = False) -> dict[str, Any]:
    """A policy, for lists; in whole, with all that is told of it."""
    policy: Policy = rule.policy
    short = {
        "policy": rule.name,
        "title": policy.title,
        "severity": policy.severity,
        "level": rule.level,
        "standards": [asdict(found) for found in policy.standards],
        "tags": list(policy.tags),
    }
    if not whole:
        return short
    return {
        **short,
        "looks_at": {"pods": ["pods"], "stack": ["the whole stack"]}.get(policy.scope, list(policy.looks_at)),
        "text": policy.text.strip(),
        "fix": policy.fix,
        "url": policy.url,
        "settings": {
            name: {**one, "value": rule.given.settings.model_dump(mode="json")[name]}
            for name, one in schema(policy, described=True).items()
        },
    }
