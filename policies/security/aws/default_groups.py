"""The security group that everything is in that names none lets nothing through.

Looks at: `ingress` and `egress` of `aws:ec2/defaultSecurityGroup:DefaultSecurityGroup`.
Allowed: nothing in either.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import cis, soc2


@of_objects(
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    title="The security group that everything is in that names none lets nothing through.",
    severity="medium",
    fix="Take all rules out, and put what needs any into a group of its own.",
    standards=(cis("5.4"), soc2("CC6.6")),
    tags=("aws", "network"),
    url="https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
)
def default_security_groups(group: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """What forgets to name a group should reach nothing, and not be reached."""
    for name in ("ingress", "egress"):
        if group.at(name).value:
            yield Violation(group.at(name), f"{group.shown} has rules of {name}", mended=To([]))
