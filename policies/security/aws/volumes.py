"""Disks and file systems are encrypted.

Looks at: `encrypted` of `aws:ebs/volume:Volume` and `aws:efs/fileSystem:FileSystem`; `enabled` of
`aws:ebs/encryptionByDefault:EncryptionByDefault`.
Allowed: true; for a volume also nothing, where the account encrypts all of them.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, To, Violation, each, of_stack
from policies.security.aws.frameworks import cis, gdpr, soc2

_VOLUME = "aws:ebs/volume:Volume"
_DEFAULT = "aws:ebs/encryptionByDefault:EncryptionByDefault"


@of_stack(
    "Disks and file systems are encrypted.",
    severity="high",
    fix="Set `encrypted: true`; for volumes also once for the account: `EncryptionByDefault`.",
    standards=(cis("2.2.1", "2.4.1"), soc2("CC6.1", "C1.1"), gdpr("32")),
    tags=("aws", "encryption"),
    url="https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",
)
def volume_encryption(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """What the account does holds for volumes that say nothing."""
    by_default = any(one.at("enabled").value is not False for one in stack.of(_DEFAULT))
    yield from each(stack.of(_VOLUME, "aws:efs/fileSystem:FileSystem"), lambda one: _judge(one, by_default=by_default))


def _judge(disk: Subject, *, by_default: bool) -> Iterator[Finding]:
    flag = disk.at("encrypted")
    said = disk.gives("encrypted")
    if disk.type == _VOLUME and by_default and not (said and flag.given):
        return
    if not (said and flag.value is True):
        yield Violation(flag, f"{disk.shown} isn't encrypted", mended=To(value=True))
