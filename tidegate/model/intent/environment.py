"""The environment that a stack is: where it runs, who may do what in it, and how big things are in it by default."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import Count, Cpu, Domain, Finding, Memory, Model, Name, Text, amount, shape

if TYPE_CHECKING:
    from collections.abc import Iterable

Tier = Literal["local", "staging", "production"]
Image = Annotated[
    str,
    shape(
        "^[a-z0-9][-._a-z0-9]*(:[0-9]+/[-._a-z0-9]+)?(/[-._a-z0-9]+)*(:[A-Za-z0-9_][-.A-Za-z0-9_]*)?(@sha256:[0-9a-f]{64})?$",
        "an image: dashboard, or ghcr.io/team/tool:v2",
        "ghcr.io/team/tool:v2",
    ),
]
Cidr = Annotated[
    str,
    shape("^[0-9a-fA-F.:]+/[0-9]{1,3}$", "a range of addresses with its prefix: 10.0.0.0/16, or 10.1.2.3/32 for one", "10.0.0.0/16"),
]

_MEBIBYTE: Final = 2**20
_MOST_PROCESSORS: Final = 512


class Amounts(Model):
    """Processor and memory."""

    cpu: Cpu
    """Processors, or thousandths of one with m."""
    memory: Memory
    """Bytes, with their unit."""

    def findings(self) -> Iterable[Finding]:
        """Amounts that only a slip gives."""
        if not amount(self.cpu):
            yield Finding(("cpu",), "must be more than nothing")
        if amount(self.cpu) > _MOST_PROCESSORS:
            yield Finding(("cpu",), f"{self.cpu} processors are more than any machine has; {self.cpu}m is so many thousandths of one")
        if amount(self.memory) < _MEBIBYTE:
            yield Finding(("memory",), f"{self.memory} is less than anything can run with; Mi and Gi are the usual units")


class Resources(Model):
    """What a pod's main container asks for, and what it may take at most."""

    requests: Amounts
    """What a node must have free for it."""
    limits: Amounts
    """What it may take at most."""

    def findings(self) -> Iterable[Finding]:
        """More asked for than may be taken."""
        for what in ("cpu", "memory"):
            asked, most = getattr(self.requests, what), getattr(self.limits, what)
            if amount(asked) > amount(most):
                yield Finding(("requests", what), f"{asked} is above the limit, which is {most}", (("limits", what),))


class Sizes(Model):
    """How big a service is that doesn't say so itself."""

    replicas: Count
    """Pods of a slot."""
    resources: Resources
    """What each asks for, and may take at most."""


TIERS: Final[dict[Tier, Sizes]] = {
    "local": Sizes(
        replicas=2,
        resources=Resources(requests=Amounts(cpu="50m", memory="64Mi"), limits=Amounts(cpu="250m", memory="256Mi")),
    ),
    "staging": Sizes(
        replicas=2,
        resources=Resources(requests=Amounts(cpu="100m", memory="256Mi"), limits=Amounts(cpu="500m", memory="512Mi")),
    ),
    "production": Sizes(
        replicas=5,
        resources=Resources(requests=Amounts(cpu="500m", memory="1Gi"), limits=Amounts(cpu="2000m", memory="4Gi")),
    ),
}


class Tls(Model):
    """Where the certificates of the domain come from: cert-manager's issuer, or a Secret that is there."""

    issuer: Name | None = None
    """A ClusterIssuer of cert-manager."""
    secret: Name | None = None
    """A Secret of type kubernetes.io/tls in the namespace."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is one of both."""
        if (self.issuer is None) == (self.secret is None):
            yield Finding((), "give an issuer, or a secret, and not both", (("issuer",), ("secret",)))


class Gateway(Model):
    """The Gateway that routes attach to."""

    name: Name
    """What it is called."""
    namespace: Name | None = None
    """Where it is, if not in the stack's own namespace."""
    class_name: Name | None = None
    """The GatewayClass, if this stack is to make the Gateway, in its own namespace. Without one the Gateway is there already."""
    proxies: Name | None = None
    """The namespace of the pods that carry its requests, if it is another one: Envoy Gateway's is envoy-gateway-system. They may reach
    the services that have a host."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is known where it is."""
        if (self.namespace is None) == (self.class_name is None):
            yield Finding((), "give its namespace, or the class_name to make it by, and not both", (("namespace",), ("class_name",)))


class Ingress(Model):
    """The ingress controller."""

    class_name: Name = "nginx"
    """The class of the ingresses that it serves."""
    namespace: Name = "ingress-nginx"
    """Where its pods are: they may reach the services that have a host."""


class Access(Model):
    """Who may do what in the namespace: names of groups as the cluster's authentication knows them."""

    deployers: tuple[Text, ...] = ()
    """May change everything that a release changes."""
    operators: tuple[Text, ...] = ()
    """May look, read logs, restart pods and scale."""
    viewers: tuple[Text, ...] = ()
    """May look; never at Secrets."""


class PriorityClasses(Model):
    """The priorities of pods when a node runs short: higher ones are kept."""

    services: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    """Of the services' pods."""
    data: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
    """Of the data services' pods."""


class Environment(Model):
    """Where a stack runs."""

    name: Name = Field(examples=["staging"])
    """What people call it: staging, production."""
    tier: Tier
    """Which sizes hold by default: those of local, staging or production."""
    domain: Domain
    """The services' hosts are below it, or are it."""
    registry: Annotated[
        str,
        shape(
            "^[a-z0-9]([-._a-z0-9]*[a-z0-9])?(:[0-9]+)?(/[-._a-z0-9]+)*$",
            "a registry's host with the path before the images, without https://: ghcr.io/team",
            "ghcr.io/team",
        ),
    ]
    """Goes before each image that names no registry of its own."""
    namespace: Name
    """Where everything lives; it is made."""
    team: Name
    """Who runs it; a label of everything."""
    cost_centre: Annotated[
        str,
        shape(
            "^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$",
            "letters, digits, dashes, dots and underscores, as a label takes them; at most 63",
            "4711",
            longest=63,
        ),
    ]
    """Who pays; a label of everything."""
    pod_security: Literal["restricted", "baseline"] = "restricted"
    """The Pod Security Standard that the namespace enforces."""
    sizes: Sizes | None = None
    """Other sizes than the tier's, for services that don't say their own."""
    pull_secret: Name | None = None
    """The set of `tidegate:secrets` with `username` and `password` for the registry."""
    access: Access = Access()
    """Who may do what in the namespace."""
    priorities: PriorityClasses = PriorityClasses()
    """What is kept when a node runs short."""
    ingress: Ingress = Ingress()
    """The ingress controller that hosts are served by."""
    gateway: Gateway | None = None
    """Needed by services whose traffic goes by weights."""
    tls: Tls | None = None
    """Where the hosts' certificates come from; without it there are none."""
    dns: bool = False
    """Whether ExternalDNS makes the hosts' records."""

    @property
    def defaults(self) -> Sizes:
        """How big a service is that doesn't say so itself."""
        return self.sizes or TIERS[self.tier]

    @property
    def labels(self) -> dict[str, str]:
        """Labels of everything that there is: whose it is, and who pays."""
        return {
            "app.kubernetes.io/part-of": self.namespace,
            "app.kubernetes.io/managed-by": "tidegate",
            "tidegate.dev/environment": self.name,
            "tidegate.dev/team": self.team,
            "tidegate.dev/cost-centre": self.cost_centre,
        }


def no_range(cidr: str) -> str | None:
    """What is wrong with a range of addresses, if anything."""
    try:
        ipaddress.ip_network(cidr)
    except ValueError as error:
        return f"is no range of addresses: {error}"
    return None
