"""A cluster of EKS writes down who asked what of it.

Looks at: `enabledClusterLogTypes` of `aws:eks/cluster:Cluster`.
Allowed: a list that has all of the setting `types`: api, audit and authenticator unless it says otherwise.
"""

from collections.abc import Iterator
from typing import Literal

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import gdpr, soc2

Type = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]


class Logs(Settings):
    """What is to be written down."""

    types: tuple[Type, ...] = ("api", "audit", "authenticator")
    """The logs that have to be on."""


@of_objects(
    "aws:eks/cluster:Cluster",
    title="A cluster of EKS writes down who asked what of it.",
    severity="medium",
    fix="Set `enabledClusterLogTypes` to the missing ones, too.",
    standards=(soc2("CC7.2", "CC7.3"), gdpr("30", "33")),
    tags=("aws", "eks", "logging"),
    url="https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    settings=Logs,
)
def eks_logging(cluster: Subject, given: Given[Logs]) -> Iterator[Finding]:
    """Where nothing is said, nothing is written down."""
    field = cluster.at("enabledClusterLogTypes")
    there = [one.text for one in field.items()]
    missing = [one for one in given.settings.types if one not in there]
    if missing:
        yield Violation(field, f"{cluster.shown} doesn't log {', '.join(missing)}", mended=To([*there, *missing]))
