"""Judge objects by the packs' policies, as a stack or a command says, and put together what is to be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from policies.judging.rulebook import Rulebook
from policies.judging.stacks import Stack
from tidegate.policing.packs import packs as packs_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from policies.judging.declaring import Policy
    from policies.judging.rulebook import Ruling
    from policies.judging.subjects import Subject
    from tidegate.model.intent.policies import Policies

Standard = Literal["baseline", "restricted"]
_POD_SECURITY: Final = "pod-security/"
_ORDER: Final = {"critical": 0, "high": 1, "medium": 2, "low": 3}


@dataclass(frozen=True)
class Report:
    """What was judged, by which rules, and all that is said."""

    rules: Rulebook
    subjects: tuple[Subject, ...]
    rulings: tuple[Ruling, ...]
    line: Callable[[Subject, Sequence[str | int]], int]

    @property
    def violations(self) -> list[Ruling]:
        """All but what can't be told yet, the worst first."""
        return sorted((one for one in self.rulings if one.kind != "doubt"), key=_urgency)

    @property
    def mandatory(self) -> list[Ruling]:
        """What nothing gets by."""
        return [one for one in self.violations if one.level == "mandatory"]

    @property
    def doubts(self) -> list[Ruling]:
        """What can't be told yet."""
        return [one for one in self.rulings if one.kind == "doubt"]


def rulebook(names: Iterable[str], told: Policies | None, environment: str, level: Standard | None = None) -> Rulebook:
    """The rules of these packs, of Pod Security Standards only those of a level."""
    rules = Rulebook.of(packs_by(names), told, environment)
    if level == "baseline":
        kept = (rule for rule in rules.rules if not _restricted(rule.policy))
        rules = replace(rules, rules=tuple(replace(rule, given=replace(rule.given, level="baseline")) for rule in kept))
    return rules


def check(
    rules: Rulebook, subjects: Sequence[Subject], line: Callable[[Subject, Sequence[str | int]], int] | None = None, *, whole: bool = True
) -> Report:
    """Judge subjects, each by itself and all together. Not `whole`: there may be more elsewhere of what is in their namespaces."""
    rulings = rules.judge_all(Stack(tuple(subjects)))
    if not whole:
        there = {one.name for one in subjects if one.built_in and one.kind == "Namespace"}
        rulings = [one if one.rule.policy.scope != "stack" or one.subject.namespace in there else _softened(one) for one in rulings]
    return Report(rules, tuple(subjects), tuple(rulings), line or _start)


def _softened(one: Ruling) -> Ruling:
    return replace(one, level="advisory", note=one.note or "What else is in the namespace isn't known here")


def _start(subject: Subject, _steps: Sequence[str | int]) -> int:
    return subject.source.line if subject.source else 1


def _restricted(policy: Policy) -> bool:
    """Whether it belongs to the restricted standard alone."""
    names = {one.framework for one in policy.standards if one.framework.startswith(_POD_SECURITY)}
    return names == {f"{_POD_SECURITY}restricted"}


def _urgency(one: Ruling) -> tuple[Any, ...]:
    return (one.level != "mandatory", _ORDER[one.rule.policy.severity], one.rule.name, one.subject.shown, one.path)


def standard(policy: Policy) -> str:
    """The standard that a policy is known by: the Pod Security Standard, if it is one of those; else the first that it names."""
    names = [one.framework for one in policy.standards]
    return next((name for name in names if name.startswith(_POD_SECURITY)), names[0] if names else "")
