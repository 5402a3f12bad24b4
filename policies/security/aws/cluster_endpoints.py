"""The API of a cluster of EKS isn't there for the whole world.

Looks at: `vpcConfig.endpointPublicAccess` and `vpcConfig.publicAccessCidrs` of `aws:eks/cluster:Cluster`.
Allowed: no public endpoint; or one for named networks, unless the setting `public: never` forbids that, too.
"""

from collections.abc import Iterator
from typing import Literal

from policies.judging import Finding, Given, Settings, Subject, To, Violation, of_objects
from policies.security.aws.frameworks import gdpr, soc2
from policies.security.aws.networks import is_world


class Endpoints(Settings):
    """Which endpoints are good enough."""

    public: Literal["named", "never"] = "named"
    """`named`: a public one for named networks will do; `never`: only a private one."""


@of_objects(
    "aws:eks/cluster:Cluster",
    title="The API of a cluster of EKS isn't there for the whole world.",
    severity="high",
    fix="Set `endpointPublicAccess: false` and `endpointPrivateAccess: true`, or name the networks in `publicAccessCidrs`.",
    standards=(soc2("CC6.1", "CC6.6"), gdpr("32")),
    tags=("aws", "eks", "public"),
    url="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
    settings=Endpoints,
)
def eks_endpoints(cluster: Subject, given: Given[Endpoints]) -> Iterator[Finding]:
    """Where nothing is said it is public, for everybody."""
    network = cluster.at("vpcConfig")
    public = network.at("endpointPublicAccess")
    if public.value is False:
        return
    networks = network.at("publicAccessCidrs")
    if given.settings.public == "never":
        yield Violation(public, f"{cluster.shown} has a public endpoint", mended=To(value=False))
    elif not networks.value:
        yield Violation(public, f"the public endpoint of {cluster.shown} answers everybody")
    for one in networks.items() if given.settings.public == "named" else ():
        if is_world(one.text):
            yield Violation(one, f"the public endpoint of {cluster.shown} answers {one.text}")
