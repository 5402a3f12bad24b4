"""Judge: what a policy finds of an object or of all of them, with what isn't known yet told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judging.declaring import Given
from policies.judging.fields import UnknownError
from policies.judging.findings import Doubt, Violation
from policies.judging.stacks import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policies.judging.declaring import Policy
    from policies.judging.findings import Finding
    from policies.judging.pods import Pod
    from policies.judging.subjects import Subject


def judge(policy: Policy, what: Subject | Stack, given: Given[Any] | None = None) -> list[Finding]:
    """All that a policy finds. Without `given`: with its defaults, as in production."""
    given = given or Given(policy.settings())
    if isinstance(what, Stack):
        subjects: Iterable[Subject | Stack] = (what,) if policy.scope in {"stack", "update"} else what.subjects
        return [finding for one in subjects for finding in _judged(policy, one, given)]
    return list(_judged(policy, what, given))


def _judged(policy: Policy, what: Subject | Stack, given: Given[Any]) -> Iterator[Finding]:
    if isinstance(what, Stack):
        yield from _found(policy, what, given)
    elif concerns(policy, what):
        try:
            parts = tuple(policy.parts(what))
        except UnknownError as unknown:
            yield Doubt(unknown.field)
            return
        for part in parts:
            yield from _found(policy, part, given)


def concerns(policy: Policy, subject: Subject) -> bool:
    """Whether a policy looks at such an object."""
    if policy.scope == "pods":
        return subject.package == "kubernetes"
    return policy.scope == "objects" and any(name in policy.looks_at for name in subject.names)


def _found(policy: Policy, what: Subject | Pod | Stack, given: Given[Any]) -> Iterator[Finding]:
    try:
        for finding in policy.find(what, given):
            # A patch leaves alone what it doesn't say.
            if isinstance(finding, Violation) and finding.at.subject.partial and finding.at.known and not finding.at.given:
                continue
            yield finding
    except UnknownError as unknown:
        yield Doubt(unknown.field)
