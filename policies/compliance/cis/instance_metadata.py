"""Who gets an instance to ask for something doesn't get its rights with that.

Looks at: `metadataOptions` of `aws:ec2/instance:Instance` and `aws:ec2/launchTemplate:LaunchTemplate`.
Allowed: `httpTokens: required`, or `httpEndpoint: disabled`. An instance of a launch template may leave it to that.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import cis_aws, gdpr, soc2
from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects


@of_objects(
    "aws:ec2/instance:Instance",
    "aws:ec2/launchTemplate:LaunchTemplate",
    title="Who gets an instance to ask for something doesn't get its rights with that.",
    severity="high",
    fix="Set `metadataOptions: {httpTokens: required}`.",
    standards=(cis_aws("5.6"), soc2("CC6.1"), gdpr("32")),
    tags=("aws", "ec2"),
    url="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",
)
def instance_metadata(subject: Subject, _given: Given[Settings]) -> Iterator[Finding]:
    """A request that somebody else made up can't fetch a token first."""
    options = subject.at("metadataOptions")
    tokens = options.at("httpTokens")
    if tokens.text == "required" or options.at("httpEndpoint").text == "disabled":
        return
    if not tokens.given and subject.at("launchTemplate").given:
        return
    yield Violation(tokens, f"{subject.shown} gives its rights to whoever asks without a token", mended=To("required"))
