"""Wherever data are kept, they are encrypted.

Looks at: of AWS the field of each kind of store that says so (caches, search, warehouses, queues, topics, streams, tables that are kept in
memory); of Kubernetes `parameters.encrypted` of StorageClasses of Amazon's disks. Buckets, databases, disks and file systems have policies
of their own in the pack `security`.
Allowed: encryption that is on; with a key of one's own or with Amazon's.
"""

from collections.abc import Callable, Iterator

from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, of_objects

_DISKS = frozenset({"ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs"})


def _is_on(field: Field) -> bool:
    return field.value is True


def _has_key(field: Field) -> bool:
    """A key that is made in the same update has no name yet, but it is one."""
    return not field.known or field.given


def _not_off(field: Field) -> bool:
    return field.value is not False


_STORES: dict[str, tuple[tuple[str, ...], Callable[[Field], bool]]] = {
    "aws:elasticache/replicationGroup:ReplicationGroup": (("atRestEncryptionEnabled",), lambda field: field.value in {True, "true"}),
    "aws:opensearch/domain:Domain": (("encryptAtRest", "enabled"), _is_on),
    "aws:elasticsearch/domain:Domain": (("encryptAtRest", "enabled"), _is_on),
    "aws:redshift/cluster:Cluster": (("encrypted",), lambda field: field.value in {True, "true"}),
    "aws:dax/cluster:Cluster": (("serverSideEncryption", "enabled"), _is_on),
    "aws:kinesis/stream:Stream": (("encryptionType",), lambda field: field.text == "KMS"),
    "aws:sns/topic:Topic": (("kmsMasterKeyId",), _has_key),
    # A queue that says nothing is encrypted with Amazon's key.
    "aws:sqs/queue:Queue": (("sqsManagedSseEnabled",), _not_off),
}


@of_objects(
    *_STORES,
    "storage.k8s.io/StorageClass",
    title="Wherever data are kept, they are encrypted.",
    severity="high",
    fix="Turn its encryption on.",
    standards=(gdpr("32"), soc2("CC6.1", "C1.1")),
    tags=("aws", "data", "encryption"),
    url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
)
def encryption_at_rest(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each kind says it in its own way."""
    if subject.type in _STORES:
        path, good = _STORES[subject.type]
        field = subject.at(*path)
        if not good(field) and not _has_own_key(subject):
            yield Violation(field, f"{subject.shown} isn't encrypted")
    elif subject.at("provisioner").text in _DISKS:
        flag = subject.at("parameters", "encrypted")
        if flag.text.lower() != "true":
            yield Violation(flag, f"disks of {subject.shown} aren't encrypted")


def _has_own_key(subject: Subject) -> bool:
    return subject.type == "aws:sqs/queue:Queue" and _has_key(subject.at("kmsMasterKeyId"))
