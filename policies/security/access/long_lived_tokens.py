"""Tokens of service accounts end by themselves.

Looks at: `type` of Secrets.
Allowed: anything but `kubernetes.io/service-account-token`, whose token holds until somebody deletes it.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Standard, Subject, Violation, of_objects


@of_objects(
    "Secret",
    title="Tokens of service accounts end by themselves.",
    severity="high",
    fix="Ask for a token by `kubectl create token`, or mount one by a projected volume with `serviceAccountToken`.",
    standards=(Standard("cis-kubernetes", ("5.1.6",), "1.9"), Standard("soc2", ("CC6.1",))),
    tags=("service-accounts", "secrets"),
    url="https://kubernetes.io/docs/concepts/configuration/secret/#serviceaccount-token-secrets",
)
def long_lived_tokens(secret: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """By its type alone: the token itself comes later."""
    if secret.at("type").value == "kubernetes.io/service-account-token":
        yield Violation(secret.at("type"), f"{secret.shown} has a token that never ends")
