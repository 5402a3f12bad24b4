"""IAM allows what is named.

Looks at: `policy` of `aws:iam/policy:Policy`, RolePolicy, UserPolicy and GroupPolicy, `inlinePolicies` of roles, as text or as data.
Allowed: actions and resources by name; all actions of a service on named resources; of those in the setting `services` on all. No NotAction
and no NotResource in what is allowed.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import EVERYTHING, Statement, statements
from policies.security.aws.frameworks import gdpr, soc2
from policies.security.aws.grants import DOCUMENTS, documents


class Services(Settings):
    """Of which services all may be allowed."""

    services: tuple[str, ...] = ()
    """By their prefixes: logs, xray."""


@of_objects(
    *DOCUMENTS,
    title="IAM allows what is named.",
    severity="high",
    fix="Name the actions that are needed instead of `service:*` and NotAction; and the resources instead of `*` and NotResource.",
    standards=(soc2("CC6.1", "CC6.3"), gdpr("25", "32")),
    tags=("aws", "iam"),
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
    settings=Services,
)
def iam_wildcards(subject: Subject, given: Given[Services]) -> Iterator[Finding]:
    """All actions on named resources, all actions of a service on all, and all but some."""
    allowed = frozenset(given.settings.services)
    yield from each(documents(subject), lambda document: each(statements(document), lambda one: _judge(one, allowed)))


def _judge(statement: Statement, services: frozenset[str]) -> Iterator[Finding]:
    if not statement.allows:
        return
    who = f"{statement.shown} of {statement.at.subject.shown}"
    if statement.not_actions:
        yield Violation(statement.at, f"{who} allows all but what it names in NotAction")
    if statement.not_resources:
        yield Violation(statement.at, f"{who} allows it on all but what it names in NotResource")
    for action in statement.actions:
        service, colon, rest = action.partition(":")
        if action in EVERYTHING and not statement.everywhere:
            yield Violation(statement.at, f"{who} allows every action")
        elif colon and rest == "*" and service != "*" and statement.everywhere and service.lower() not in services:
            yield Violation(statement.at, f"{who} allows {service}:* on all resources")
