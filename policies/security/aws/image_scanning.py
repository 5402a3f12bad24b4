"""Repositories of ECR look into images for known vulnerabilities.

Looks at: `imageScanningConfiguration.scanOnPush` of `aws:ecr/repository:Repository`; `rules` of
`aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration`.
Allowed: true; or a registry with a rule that scans all repositories (`*`) on push or all the time.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, To, Violation, each, of_stack
from policies.security.aws.frameworks import gdpr, soc2


@of_stack(
    "Repositories look into images for known vulnerabilities.",
    severity="medium",
    fix="Set `imageScanningConfiguration: {scanOnPush: true}`, or have the registry scan all.",
    standards=(soc2("CC7.1", "CC6.8"), gdpr("32")),
    tags=("aws", "ecr", "images"),
    url="https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html",
)
def ecr_scanning(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """The registry's own configuration holds for all repositories that its filters find."""
    registries = stack.of("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration")
    if not any(_scans_all(one) for one in registries):
        yield from each(stack.of("aws:ecr/repository:Repository"), _judge)


def _judge(repository: Subject) -> Iterator[Finding]:
    flag = repository.at("imageScanningConfiguration", "scanOnPush")
    if flag.value is not True:
        yield Violation(flag, f"{repository.shown} doesn't look into images", mended=To(value=True))


def _scans_all(registry: Subject) -> bool:
    return any(
        rule.at("scanFrequency").text in {"SCAN_ON_PUSH", "CONTINUOUS_SCAN"}
        and any(one.at("filter").text == "*" for one in rule.at("repositoryFilters").items())
        for rule in registry.at("rules").items()
    )
