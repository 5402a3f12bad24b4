"""Which controls of which frameworks are covered: by which policies, how strictly, and what they said of what was judged."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from policies.judging.judging import concerns, judge
from policies.judging.stacks import Stack
from tidegate.policing.catalogue import CONTROLS

if TYPE_CHECKING:
    from policies.judging.fields import Field
    from policies.judging.pods import Pod
    from policies.judging.rulebook import Rule
    from policies.judging.subjects import Subject
    from tidegate.policing.checking import Report

State = Literal["violated", "exempt", "unknown", "held", "not judged", "disabled", "no policy"]
_WORST: Final[tuple[State, ...]] = ("violated", "unknown", "exempt", "held", "not judged", "disabled", "no policy")

_PLATFORMS: Final = {"cis-aws": "aws", "cis-kubernetes": "kubernetes"}
"""Frameworks that are about one platform."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A policy, and what it said."""

    policy: str
    title: str
    severity: str
    level: str
    state: State
    violations: int


@dataclass(frozen=True, slots=True)
class Control:
    """A control, and the policies that stand for it."""

    id: str
    """"" where the framework has no controls with ids of their own."""
    state: State
    policies: tuple[Judged, ...]
    title: str = ""
    """What it is about, in a few words."""


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework, with the controls that policies stand for, and those that none stands for."""

    name: str
    version: str
    controls: tuple[Control, ...]

    @property
    def counts(self) -> dict[State, int]:
        """How many controls are in each state."""
        return dict(Counter(control.state for control in self.controls))


def coverage(report: Report, only: str = "") -> list[Framework]:
    """All frameworks, or one, with what was judged."""
    found: dict[tuple[str, str], dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    parts = {platform: _part(report, platform) for platform in ("", *_PLATFORMS.values())}
    said = {platform: _said(part) for platform, part in parts.items()}
    for rule in report.rules.rules:
        judged: dict[str, Judged] = {}
        for standard in rule.policy.standards:
            if not only or only in {standard.framework, standard.framework.partition("/")[0]}:
                platform = _PLATFORMS.get(standard.framework, "")
                if platform not in judged:
                    judged[platform] = _judged(parts[platform], rule, said[platform])
                for control in standard.controls or ("",):
                    found[standard.framework, standard.version][control].append(judged[platform])
    return [_framework(name, version, found[name, version]) for name, version in sorted(found)]


def _part(report: Report, platform: str) -> Report:
    """What of a report is about a platform: a volume of Kubernetes says nothing of a control on buckets."""
    others = {*_PLATFORMS.values()} - {platform} if platform else set()
    return replace(
        report,
        subjects=tuple(one for one in report.subjects if one.package not in others),
        rulings=tuple(one for one in report.rulings if one.subject.package not in others),
    )


def _framework(name: str, version: str, found: dict[str, list[Judged]]) -> Framework:
    titles = CONTROLS.get((name, version), {})
    ids = sorted({*found, *titles}, key=_order)
    return Framework(name, version, tuple(_control(one, titles.get(one, ""), found.get(one, [])) for one in ids))


def _control(name: str, title: str, policies: list[Judged]) -> Control:
    states = {one.state for one in policies}
    state = next((state for state in _WORST if state in states), _WORST[-1])
    return Control(name, state, tuple(sorted(policies, key=lambda one: one.policy)), title)


def _said(report: Report) -> dict[str, Counter[str]]:
    said: dict[str, Counter[str]] = defaultdict(Counter)
    for one in report.rulings:
        kind = "unknown" if one.kind == "doubt" else "exempt" if one.exemption is not None else "violated"
        said[one.rule.name][kind] += 1
    return said


def _judged(report: Report, rule: Rule, said: dict[str, Counter[str]]) -> Judged:
    counts = said[rule.name]
    state: State
    if rule.level == "disabled":
        state = "disabled"
    elif counts["violated"]:
        state = "violated"
    elif counts["unknown"]:
        state = "unknown"
    elif counts["exempt"]:
        state = "exempt"
    else:
        state = "held" if _looked(report, rule) else "not judged"
    return Judged(rule.name, rule.policy.title, rule.policy.severity, rule.level, state, counts["violated"])


def _looked(report: Report, rule: Rule) -> bool:
    """Whether there was anything for a policy to look at, and to ask for."""
    if rule.policy.scope == "update" or not rule.policy.asks(rule.given.settings):
        return False
    if rule.policy.scope == "stack":
        watched = _Watched(report.subjects)
        judge(rule.policy, watched, rule.given)
        return bool(watched.seen)
    return any(concerns(rule.policy, subject) and any(True for _ in rule.policy.parts(subject)) for subject in report.subjects)


@dataclass(frozen=True)
class _Watched(Stack):
    """A stack that knows whether a policy has found something in it to look at."""

    seen: list[Any] = field(default_factory=list, compare=False)

    def of(self, *names: str) -> tuple[Subject, ...]:
        found = super().of(*names)
        self.seen.extend(found)
        return found

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        found: tuple[Pod, ...] = super().pods
        self.seen.extend(found)
        return found

    @cached_property
    def itself(self) -> Subject:
        # Of a policy that looks at nothing of the stack, but at what the settings name.
        found: Subject = super().itself
        self.seen.append(found)
        return found

    def output(self, name: str) -> Field:
        found = Stack(self.subjects).output(name)
        if not found.known or found.given:
            self.seen.append(found)
        return found


def _order(control: str) -> tuple[Any, ...]:
    """`5.2.10` after `5.2.9`."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in control.replace(".", " . ").split())
