"""Keys are nobody else's.

Looks at: `policy` of `aws:kms/key:Key`, `aws:kms/replicaKey:ReplicaKey` and `aws:kms/keyPolicy:KeyPolicy`.
Allowed: statements that allow something to somebody, or to everybody of an account, an organisation or a network.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.documents import Statement, statements
from policies.security.aws.frameworks import gdpr, soc2


@of_objects(
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:kms/keyPolicy:KeyPolicy",
    title="Keys are nobody else's.",
    severity="critical",
    fix="Name who may in `Principal`: the account's own root, and roles.",
    standards=(soc2("CC6.1", "CC6.6"), gdpr("32")),
    tags=("aws", "kms", "iam", "public"),
    url="https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
)
def kms_public_keys(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Each statement for itself."""
    yield from each(statements(subject.at("policy")), _judge)


def _judge(statement: Statement) -> Iterator[Finding]:
    if statement.public:
        yield Violation(statement.at, f"{statement.shown} of {statement.at.subject.shown} lets everybody use the key")
