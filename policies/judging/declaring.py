"""How a policy is declared: one function, what it looks at, and all that is told of it.

`@of_pods(...)` gives the function each pod of each kind that makes pods, `@of_objects("Service", ...)` each object of those kinds (or
resource of AWS, by Pulumi's name of its type), `@of_stack(...)` all that is asked for at once, `@of_update(...)` that and what is done
to each. The function is pure: it gives what it finds, and what it goes by is in `Given`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NotRequired, TypedDict, TypeVar, Unpack

from policies.judging.pods import pods_of
from tidegate.model.base import Model

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.judging.findings import Finding
    from policies.judging.pods import Pod
    from policies.judging.stacks import Stack
    from policies.judging.subjects import Subject
    from tidegate.model.intent.policies import Level

Severity = Literal["low", "medium", "high", "critical"]
Scope = Literal["pods", "objects", "stack", "update"]
NEWEST: Final = 37
"""The newest minor of Kubernetes that the policies know."""
OLDEST: Final = 28


class Settings(Model):
    """What a policy can be set to: fields with defaults, of texts, numbers, booleans, and tuples of them."""


Set = TypeVar("Set", bound=Settings)


@dataclass(frozen=True, slots=True)
class Standard:
    """A part of a framework that a policy stands for."""

    framework: str
    """`pod-security/baseline`, `cis-kubernetes`, `cis-aws`, `soc2`, `gdpr`, `nsa-kubernetes`: the same name wherever it is used."""
    controls: tuple[str, ...] = ()
    """Ids as the framework has them: ("5.2.2",), ("CC6.1", "CC6.6"), ("Art. 32",)."""
    version: str = ""
    """Of the framework, if it has versions: `1.9`."""


@dataclass(frozen=True, slots=True)
class Given(Generic[Set]):
    """What a policy goes by, besides what it judges."""

    settings: Set
    kubernetes: int = NEWEST
    """The cluster's minor version: 36 is Kubernetes 1.36."""
    environment: str = "production"
    """`local`, `staging` or `production`; the strictest where nothing is said."""
    today: date = field(default_factory=date.today)
    level: Literal["baseline", "restricted"] = "restricted"
    """Of the Pod Security Standards: which of them is asked for. Restricted has all of baseline, but for what it puts in its place."""

    @property
    def production(self) -> bool:
        """Whether users' own are at stake."""
        return self.environment == "production"


class Told(TypedDict):
    """What is told of a policy where it is declared, in the words of `Policy`."""

    severity: Severity
    fix: str
    standards: NotRequired[tuple[Standard, ...]]
    tags: NotRequired[tuple[str, ...]]
    url: NotRequired[str]
    level: NotRequired[Level]
    needs: NotRequired[str]


@dataclass(frozen=True)
class Policy:
    """A policy, with all that is told of it."""

    name: str
    """As it is configured and exempted by, in its pack: `host-ports`."""
    title: str
    """What holds where it isn't violated, in a sentence."""
    scope: Scope
    looks_at: tuple[str, ...]
    """The kinds, for `of_objects`."""
    settings: type[Settings]
    function: Callable[[Any, Any], Iterable[Finding]]
    text: str
    """Its module's docstring: the fields that it looks at, and the values that are allowed."""
    severity: Severity
    fix: str
    """What to do about a violation."""
    standards: tuple[Standard, ...] = ()
    tags: tuple[str, ...] = ()
    url: str = ""
    level: Level = "mandatory"
    """How it is enforced where nothing else is said."""
    needs: str = ""
    """The setting without which it asks for nothing; "" if it always does."""

    def asks(self, settings: Settings) -> bool:
        """Whether it asks for anything, as it is set."""
        return not self.needs or bool(getattr(settings, self.needs))

    def parts(self, subject: Subject) -> Iterable[Subject | Pod]:
        """What of an object is given to the function, one after the other."""
        return pods_of(subject) if self.scope == "pods" else (subject,)

    def find(self, what: Subject | Pod | Stack, given: Given[Any]) -> Iterable[Finding]:
        """What it finds, as the function gives it."""
        return self.function(what, given)


_Judge = Callable[[Any, Given[Set]], "Iterable[Finding] | Iterator[Finding]"]


def of_pods(
    title: str,
    *,
    settings: type[Set] = Settings,  # type: ignore[assignment]
    **told: Unpack[Told],
) -> Callable[[Callable[[Pod, Given[Set]], Iterable[Finding]]], Policy]:
    """Declare a policy on pods, whatever makes them."""
    return lambda judge: _declared(judge, title, "pods", (), settings, told)


def of_objects(
    *looks_at: str,
    title: str,
    settings: type[Set] = Settings,  # type: ignore[assignment]
    **told: Unpack[Told],
) -> Callable[[Callable[[Subject, Given[Set]], Iterable[Finding]]], Policy]:
    """Declare a policy on objects of some kinds: `Service`, `argoproj.io/Rollout`, `aws:s3/bucket:Bucket`, `kubernetes:*`."""
    return lambda judge: _declared(judge, title, "objects", looks_at, settings, told)


def of_stack(
    title: str,
    *,
    settings: type[Set] = Settings,  # type: ignore[assignment]
    **told: Unpack[Told],
) -> Callable[[Callable[[Stack, Given[Set]], Iterable[Finding]]], Policy]:
    """Declare a policy on everything at once."""
    return lambda judge: _declared(judge, title, "stack", (), settings, told)


def of_update(
    title: str,
    *,
    settings: type[Set] = Settings,  # type: ignore[assignment]
    **told: Unpack[Told],
) -> Callable[[Callable[[Stack, Given[Set]], Iterable[Finding]]], Policy]:
    """Declare a policy on what an update would do: the stack's `changes` are told.

    Pulumi tells packs only what is asked for. These are judged where a preview's events are heard: by `tidegate policies run`, and before
    each release.
    """
    return lambda judge: _declared(judge, title, "update", (), settings, told)


def _declared(
    judge: Callable[[Any, Any], Iterable[Finding]],
    title: str,
    scope: Scope,
    looks_at: tuple[str, ...],
    settings: type[Settings],
    told: Told,
) -> Policy:
    name = judge.__name__.strip("_").replace("_", "-")
    text = sys.modules[judge.__module__].__doc__ or ""
    return Policy(name, title, scope, looks_at, settings, judge, text, **told)


def schema(policy: Policy, *, described: bool = False) -> dict[str, Any]:
    """The JSON Schema of each of a policy's settings, by name; `described` looks up in the source what is said of them."""
    found: Mapping[str, Any] = policy.settings.model_json_schema().get("properties", {})
    said: Mapping[str, str] = {}
    if described:
        from tidegate.model.schema import said_of

        said = said_of(policy.settings)
    return {
        key: {name: value for name, value in one.items() if name != "title"} | ({"description": said[key]} if key in said else {})
        for key, one in found.items()
    }


def version_of(kubernetes: str) -> int:
    """The minor of a version of Kubernetes: 36 of `1.36`, `v1.36.2` or `1.36+`."""
    found = re.match(r"v?1\.([0-9]+)", kubernetes)
    if found is None:
        raise ValueError(f"{kubernetes!r} is no version of Kubernetes such as 1.36")
    return int(found[1])
