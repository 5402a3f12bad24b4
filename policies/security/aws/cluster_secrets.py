"""Secrets of a cluster of EKS are encrypted with a key of one's own.

Looks at: `encryptionConfig.resources` and `encryptionConfig.provider.keyArn` of `aws:eks/cluster:Cluster`.
Allowed: resources that have `secrets`, and a key.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, of_objects
from policies.security.aws.frameworks import gdpr, soc2


@of_objects(
    "aws:eks/cluster:Cluster",
    title="Secrets of a cluster of EKS are encrypted with a key of one's own.",
    severity="high",
    fix='Set `encryptionConfig` to {resources: ["secrets"], provider: {keyArn: a key of KMS}}.',
    standards=(soc2("CC6.1", "C1.1"), gdpr("32")),
    tags=("aws", "eks", "encryption"),
    url="https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
)
def eks_secrets_encryption(cluster: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Without it, they are encrypted with a key of Amazon's."""
    configuration = cluster.at("encryptionConfig")
    named = any(one.text == "secrets" for one in configuration.at("resources").items())
    key = configuration.at("provider", "keyArn")
    # A key that is made in the same update has no name yet, but it is one.
    if not named or not (not key.known or key.given):
        yield Violation(configuration, f"{cluster.shown} doesn't encrypt secrets with a key of yours")
