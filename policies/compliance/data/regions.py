"""Data stay in the regions that they may be in.

Looks at: `region` of resources of AWS and of their providers (`pulumi:providers:aws`), `availabilityZone(s)`, `replicas[].regionName` of
tables, `destinations[].region` of copies of images.
Allowed: the setting `regions`: those in the European Union unless it says otherwise. `eu-*` stands for all that begin so.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from policies.compliance.frameworks import gdpr, soc2
from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects

_ZONE = re.compile(r"^([a-z]+(-[a-z]+)+-[0-9]+)[a-z]$")
"""A zone is its region, and a letter: eu-central-1a."""
_NOWHERE = frozenset({"", "global", "aws-global"})


class Regions(Settings):
    """Where data may be."""

    regions: tuple[str, ...] = ("eu-central-1", "eu-west-1", "eu-west-3", "eu-north-1", "eu-south-1", "eu-south-2")
    """Regions by their names; `*` stands for anything."""


@of_objects(
    "aws:*",
    "pulumi:providers:aws",
    title="Data stay in the regions that they may be in.",
    severity="high",
    fix="Put it into one of the regions, or name the region in the setting `regions` if data may be there.",
    standards=(gdpr("44"), soc2("C1.1")),
    tags=("aws", "data", "region"),
    url="https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    level="advisory",
    settings=Regions,
)
def data_regions(subject: Subject, given: Given[Regions]) -> Iterator[Finding]:
    """Where a resource says nothing, it is where its provider is, and that is judged for itself."""
    for places in (_own, _zones, _copies):
        yield from each(places(subject), lambda field: _judge(field, given.settings.regions))


def _own(subject: Subject) -> Iterator[Field]:
    yield from (subject.at("region"), subject.at("availabilityZone"))


def _zones(subject: Subject) -> Iterator[Field]:
    for name in ("availabilityZones", "preferredCacheClusterAzs"):
        yield from _known(subject.at(name))


def _copies(subject: Subject) -> Iterator[Field]:
    for replica in _known(subject.at("replicas")):
        yield from (replica.at("regionName"), replica.at("region"))
    for rule in _known(subject.at("replicationConfiguration", "rules")):
        yield from (one.at("region") for one in _known(rule.at("destinations")))


def _known(field: Field) -> Iterator[Field]:
    """The parts of a list; the list itself where it isn't known yet, so that reading it says so."""
    return field.items() if field.known else iter((field,))


def _judge(field: Field, allowed: tuple[str, ...]) -> Iterator[Finding]:
    region = _ZONE.sub(r"\1", field.text)
    if region not in _NOWHERE and not any(fnmatchcase(region, pattern) for pattern in allowed):
        yield Violation(field, f"{field.subject.shown} is in {region}")
