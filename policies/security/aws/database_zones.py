"""In production, databases outlive a zone.

Looks at: `multiAz` of `aws:rds/instance:Instance`; how many `aws:rds/clusterInstance:ClusterInstance` an `aws:rds/cluster:Cluster` has, or
its `dbClusterInstanceClass`.
Allowed: true; two or more instances, or a cluster whose instances RDS itself spreads over zones. Elsewhere than in production anything.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Subject, To, Violation, each, of_stack
from policies.security.aws.databases import CLUSTER, CLUSTER_INSTANCE, INSTANCE, is_copy
from policies.security.aws.frameworks import gdpr, soc2

_LEAST = 2


@of_stack(
    "In production, databases outlive a zone.",
    severity="medium",
    fix="Set `multiAz: true`, or give the cluster a second instance.",
    standards=(soc2("A1.2"), gdpr("32")),
    tags=("aws", "rds", "availability"),
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.html",
)
def rds_multi_az(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Copies needn't: their source has to."""
    if given.production:
        yield from each(stack.of(INSTANCE), _instance)
        yield from each(stack.of(CLUSTER), lambda cluster: _cluster(stack, cluster))


def _instance(instance: Subject) -> Iterator[Finding]:
    flag = instance.at("multiAz")
    if not is_copy(instance) and not (instance.gives("multiAz") and flag.value is True):
        yield Violation(flag, f"{instance.shown} is in one zone only", mended=To(value=True))


def _cluster(stack: Stack, cluster: Subject) -> Iterator[Finding]:
    if (cluster.gives("dbClusterInstanceClass") and cluster.at("dbClusterInstanceClass").given) or (
        cluster.gives("engineMode") and cluster.at("engineMode").text == "serverless"
    ):
        return
    instances = [one for one in stack.of(CLUSTER_INSTANCE) if _is_of(one, cluster)]
    if len(instances) < _LEAST:
        number = f"{len(instances)} instance{'s' if len(instances) != 1 else ''}"
        yield Violation(cluster.at("clusterIdentifier"), f"{cluster.shown} has {number}: when its zone fails, nothing takes over")


def _is_of(instance: Subject, cluster: Subject) -> bool:
    made_of = instance.comes_from("clusterIdentifier")
    if made_of:
        return cluster.urn in made_of
    name = instance.at("clusterIdentifier").text
    return bool(name) and name in {one.text for one in (cluster.at("clusterIdentifier"), cluster.at("id")) if one.known}
