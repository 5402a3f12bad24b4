"""The environment that a stack is: where it runs, who may do what in it, and how big things are in it by default."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from tidegate.model.base import Count, Model, Name, Quantity

Tier = Literal["local", "staging", "production"]
Domain = Annotated[str, StringConstraints(pattern=r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)*[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=253)]


class Amounts(Model):
    """Processor and memory."""

    cpu: Quantity
    memory: Quantity


class Resources(Model):
    """What a pod's main container asks for, and what it may take at most."""

    requests: Amounts
    limits: Amounts


class Sizes(Model):
    """How big a service is that doesn't say so itself."""

    replicas: Count
    resources: Resources


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

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.issuer is None) == (self.secret is None):
            raise ValueError("name either an issuer or a secret")
        return self


class Gateway(Model):
    """The Gateway that routes attach to."""

    name: Name
    namespace: Name


class Ingress(Model):
    """The ingress controller."""

    class_name: Name = "nginx"
    namespace: Name = "ingress-nginx"
    """Where its pods are: they may reach the services that have a host."""


class Access(Model):
    """Who may do what in the namespace: names of groups as the cluster's authentication knows them."""

    deployers: tuple[str, ...] = ()
    """May change everything that a release changes."""
    operators: tuple[str, ...] = ()
    """May look, read logs, restart pods and scale."""
    viewers: tuple[str, ...] = ()
    """May look; never at Secrets."""


class Environment(Model):
    """Where a stack runs."""

    name: Name
    """What people call it: staging, production."""
    tier: Tier
    """Which defaults hold: local, staging or production."""
    domain: Domain
    """The services' hosts are below it, or are it."""
    registry: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-._a-z0-9]*[a-z0-9])?(:[0-9]+)?(/[-._a-z0-9]+)*$")]
    """Goes before each image that names no registry of its own."""
    namespace: Name
    team: Name
    """Who runs it; a label of everything."""
    cost_centre: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$", max_length=63)]
    """Who pays; a label of everything."""
    pod_security: Literal["restricted", "baseline"] = "restricted"
    """The Pod Security Standard that the namespace enforces."""
    sizes: Sizes | None = None
    """Other defaults than the tier's."""
    pull_secret: Name | None = None
    """The set of `tidegate:secrets` with username and password for the registry."""
    access: Access = Access()
    ingress: Ingress = Ingress()
    gateway: Gateway | None = None
    """Needed by services whose traffic goes by weights."""
    tls: Tls | None = None
    dns: bool = False
    """Whether ExternalDNS makes the hosts' records."""

    @property
    def defaults(self) -> Sizes:
        """How big a service is that doesn't say so itself."""
        return self.sizes or TIERS[self.tier]


class PriorityClasses(Model):
    """The priorities of pods when a node runs short: higher ones are kept."""

    services: Annotated[int, Field(ge=0, le=1_000_000)] = 1000
    data: Annotated[int, Field(ge=0, le=1_000_000)] = 2000
