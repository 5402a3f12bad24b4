"""Keys of one's own are changed each year.

Looks at: `enableKeyRotation` of `aws:kms/key:Key`.
Allowed: true; anything for asymmetric keys, those that sign, and those that are kept elsewhere, which KMS can't change.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2


@of_objects(
    "aws:kms/key:Key",
    title="Keys of one's own are changed each year.",
    severity="medium",
    fix="Set `enableKeyRotation: true`; what is encrypted with the older ones stays readable.",
    standards=(cis("3.6"), soc2("CC6.1"), gdpr("32")),
    tags=("aws", "kms"),
    url="https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",
)
def kms_rotation(key: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """Where nothing is said, they stay the same for ever."""
    symmetric = key.at("customerMasterKeySpec").text in {"", "SYMMETRIC_DEFAULT"}
    encrypts = key.at("keyUsage").text in {"", "ENCRYPT_DECRYPT"}
    elsewhere = key.at("customKeyStoreId").given or key.at("xksKeyId").given
    flag = key.at("enableKeyRotation")
    if symmetric and encrypts and not elsewhere and flag.value is not True:
        yield Violation(flag, f"{key.shown} is never changed", mended=To(value=True))
