"""All that a stack, or a manifest, is held to: packs of policies, each policy with its level, its settings, and who is let off.

What is said of a level counts by how closely it is said: of all, of a pack, of a standard, of a policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ValidationError

from policies.judging.declaring import Given, version_of
from policies.judging.findings import Doubt
from policies.judging.judging import concerns, judge
from policies.judging.masking import masked
from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.policies import ALL, Policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from policies.judging.declaring import Policy, Scope
    from policies.judging.findings import To, Violation
    from policies.judging.stacks import Stack
    from policies.judging.subjects import Subject
    from tidegate.model.intent.policies import Exemption, Level

_LATER: Final = "will be checked on up"


@dataclass(frozen=True, slots=True)
class Pack:
    """Policies that are enforced together."""

    name: str
    title: str
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy as it is enforced here."""

    pack: str
    policy: Policy
    level: Level
    given: Given[Any]

    @property
    def name(self) -> str:
        """The policy in its pack: `security/host-ports`."""
        return f"{self.pack}/{self.policy.name}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is said against an object."""

    rule: Rule
    subject: Subject
    kind: Literal["violation", "doubt", "failure"]
    """violation: it is wrong. doubt: it can't be told yet. failure: the policy itself could not do its work."""
    level: Literal["advisory", "mandatory"]
    path: str
    reason: str
    fix: str
    note: str = ""
    """What is said of an exemption."""
    exemption: Exemption | None = None
    """The one that lets it off."""
    mended: To | None = None
    steps: tuple[str | int, ...] = ()

    @property
    def text(self) -> str:
        """All of it, for people."""
        where = f" ({self.path})" if self.path and self.path not in self.reason else ""
        parts = (f"{self.reason}{where}", self.fix, self.note)
        return " ".join(part if part.endswith((".", "?")) else f"{part}." for part in parts if part)


@dataclass(frozen=True)
class Rulebook:
    """Rules, put together."""

    rules: tuple[Rule, ...]
    exemptions: tuple[Exemption, ...] = ()
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    _concerned: dict[tuple[str, bool], tuple[Rule, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls, packs: Iterable[Pack], told: Policies | None = None, environment: str = "production", today: date | None = None
    ) -> Rulebook:
        """The rules of these packs as a stack is told to be held to them; `ConfigurationError` for what no policy knows."""
        told, packs = told or Policies(), tuple(packs)
        today = today or datetime.now(UTC).date()
        _check_names(packs, told)
        # A stack that isn't held to restricted is held to baseline.
        baseline = told.enforcement.get("pod-security/restricted") == "disabled"
        given: Given[Any] = Given(
            settings=None,
            kubernetes=version_of(told.kubernetes),
            environment=environment,
            today=today,
            level="baseline" if baseline else "restricted",
        )
        rules = tuple(
            Rule(
                pack.name,
                policy,
                _level(pack.name, policy, told.enforcement),
                replace(
                    given, settings=_settings(f"{pack.name}/{policy.name}", policy, told.settings.get(f"{pack.name}/{policy.name}", {}))
                ),
            )
            for pack in packs
            for policy in pack.policies
        )
        return cls(rules, told.exemptions, today)

    def set_to(self, levels: Mapping[str, Level], settings: Mapping[str, Mapping[str, Any]]) -> Rulebook:
        """The same with these levels and settings, by the policies' names."""
        return replace(
            self,
            rules=tuple(
                replace(
                    rule,
                    level=levels.get(rule.policy.name, rule.level),
                    given=replace(rule.given, settings=_settings(rule.name, rule.policy, settings[rule.policy.name]))
                    if rule.policy.name in settings
                    else rule.given,
                )
                for rule in self.rules
            ),
            _concerned={},
        )

    def judge(self, subject: Subject) -> list[Ruling]:
        """All that is said against an object by itself."""
        return [ruling for rule in self._concerning(subject) for ruling in self._ruled(rule, subject, subject)]

    def judge_stack(self, stack: Stack) -> list[Ruling]:
        """All that is said against a stack as a whole."""
        return self._judge_whole("stack", stack)

    def judge_update(self, stack: Stack) -> list[Ruling]:
        """All that is said against what an update would do; the stack's changes are known."""
        return self._judge_whole("update", stack)

    def _judge_whole(self, scope: Scope, stack: Stack) -> list[Ruling]:
        rules = (rule for rule in self.rules if rule.policy.scope == scope and rule.level != "disabled")
        return [ruling for rule in rules for ruling in self._ruled(rule, stack, stack.itself)]

    def judge_all(self, stack: Stack) -> list[Ruling]:
        """Both."""
        return [*(ruling for subject in stack.subjects for ruling in self.judge(subject)), *self.judge_stack(stack)]

    def mending(self, subject: Subject) -> Sequence[Rule]:
        """The rules that may change such an object."""
        return [rule for rule in self._concerning(subject) if rule.level == "remediate"]

    def mends(self, rule: Rule, subject: Subject) -> list[Ruling]:
        """What a rule says against an object that it would change, too."""
        return [one for one in self._ruled(rule, subject, subject) if one.mended is not None and one.exemption is None]

    def _concerning(self, subject: Subject) -> tuple[Rule, ...]:
        key = (subject.type, subject.partial)
        found = self._concerned.get(key)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.level != "disabled" and concerns(rule.policy, subject))
            self._concerned[key] = found
        return found

    def _ruled(self, rule: Rule, what: Subject | Stack, whole: Subject) -> Iterator[Ruling]:
        try:
            findings = judge(rule.policy, what, rule.given)
        except Exception as error:  # noqa: BLE001 - a policy that fails must not pass for one that found nothing
            # Its text may quote anything.
            reason = f"the policy failed with {type(error).__name__}: it wasn't judged"
            yield Ruling(rule, whole, "failure", "mandatory", "", reason, "Report it, and meanwhile exempt the object from the policy")
            return
        for finding in findings:
            yield self._ruling(rule, finding)

    def _ruling(self, rule: Rule, finding: Violation | Doubt) -> Ruling:
        at = finding.at
        path = masked(at.subject, at.path)
        if isinstance(finding, Doubt):
            return Ruling(rule, at.subject, "doubt", "advisory", path, f"{path or 'it'} isn't known before the update: {_LATER}", "")
        reason, fix = masked(at.subject, finding.reason), masked(at.subject, finding.fix) or rule.policy.fix
        exemption, note = self._exempted(rule, at.subject)
        mandatory = rule.level in {"mandatory", "remediate"} and exemption is None
        level: Literal["advisory", "mandatory"] = "mandatory" if mandatory else "advisory"
        return Ruling(rule, at.subject, "violation", level, path, reason, fix, note, exemption, finding.mended, at.steps)

    def _exempted(self, rule: Rule, subject: Subject) -> tuple[Exemption | None, str]:
        """The exemption that counts, and what is to be said of it, or of one that counts no more."""
        ended = ""
        for one in self.exemptions:
            if one.policy not in {rule.name, f"{rule.pack}/*"} or not _meant(one, subject):
                continue
            if one.last >= self.today:
                return one, f"Exempt until {one.until}, says {one.owner}: {one.reason}"
            ended = f"The exemption of {one.owner} ended on {one.until}"
        return None, ended


def _meant(exemption: Exemption, subject: Subject) -> bool:
    names = {subject.shown, f"{subject.kind}/{subject.name}", subject.urn}
    return any(fnmatchcase(name, pattern) for name in names if name for pattern in exemption.objects)


def _level(pack: str, policy: Policy, enforcement: Mapping[str, Level]) -> Level:
    standards = [one.framework for one in policy.standards if one.framework in enforcement]
    names = [ALL, pack, f"{pack}/*", *standards, f"{pack}/{policy.name}"]
    return next((enforcement[name] for name in reversed(names) if name in enforcement), policy.level)


def _settings(name: str, policy: Policy, told: Mapping[str, Any]) -> Any:
    from pydantic_core import to_json

    try:
        return policy.settings.model_validate_json(to_json(told))
    except ValidationError as error:
        wrong = "; ".join(map(_slip, error.errors(include_input=False, include_url=False)))
        raise ConfigurationError(
            f"the settings of the policy {name} are wrong: {wrong}. `tidegate policies show {name}` says what it takes."
        ) from None


def _slip(error: Mapping[str, Any]) -> str:
    where, what = ".".join(map(str, error["loc"])), error["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _check_names(packs: Sequence[Pack], told: Policies) -> None:
    """Refuse what is said of policies that these packs don't have; other packs' are for those."""
    names = {f"{pack.name}/{policy.name}" for pack in packs for policy in pack.policies}
    ours = {pack.name for pack in packs}
    said = [*told.enforcement, *told.settings, *(one.policy for one in told.exemptions)]
    for name in said:
        pack, _, policy = name.partition("/")
        if pack in ours and policy and policy != "*" and name not in names:
            near = get_close_matches(name, sorted(names), n=1)
            raise ConfigurationError(
                f"there is no policy {name}{f'; do you mean {near[0]}?' if near else '.'} `tidegate policies list` has them all."
            )
