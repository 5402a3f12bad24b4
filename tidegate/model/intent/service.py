"""One service: what runs, how big it is, how it is known to be well, and how a new version of it takes over."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from tidegate.model.base import Count, Duration, Model, Name, Percent, Port, Quantity
from tidegate.model.intent.analysis import Analysis
from tidegate.model.intent.environment import Domain, Resources

Version = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][-.+A-Za-z0-9_]{0,62}$"), Field(examples=["v1.4.2"])]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
HttpPath = Annotated[str, StringConstraints(pattern=r"^/[^\s]*$")]
FilePath = Annotated[str, StringConstraints(pattern=r"^(/[-._A-Za-z0-9]+)+$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")]


class Autoscaling(Model):
    """How many replicas, between which bounds, by how much of what was asked for is used."""

    min: Count
    max: Count
    cpu: Percent | None = 70
    memory: Percent | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min ({self.min}) is above max ({self.max})")
        if self.cpu is None and self.memory is None:
            raise ValueError("give a target for cpu or memory")
        return self


class Probe(Model):
    """A question to a container over HTTP, and how often it may be answered badly."""

    path: HttpPath
    port: Name | None = None
    """The port's name; the first one if there is none."""
    period: Duration = "10s"
    timeout: Duration = "5s"
    failures: Annotated[int, Field(ge=1, le=1000)] = 3


class Probes(Model):
    """Whether a container has started, whether it takes requests, whether it lives."""

    startup: Probe = Probe(path="/health", period="2s", failures=60)
    ready: Probe = Probe(path="/ready", period="5s", timeout="5s", failures=3)
    live: Probe = Probe(path="/health", period="10s", timeout="5s", failures=3)


class Check(Model):
    """A check that runs as a Job: its image and command, or paths that must answer well."""

    paths: tuple[HttpPath, ...] = ()
    """Asked for over HTTP, one after the other; each must answer with a 2xx."""
    image: str | None = None
    """Instead of paths: an image whose command exits with 0 if all is well. TARGET is the URL to look at."""
    command: tuple[str, ...] = ()
    timeout: Duration = "2m"
    retries: Annotated[int, Field(ge=0, le=10)] = 2

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.paths) == (self.image is not None):
            raise ValueError("give either paths or an image")
        if self.command and self.image is None:
            raise ValueError("a command needs an image")
        return self


class Checks(Model):
    """What must be well before users come."""

    smoke: Check | None = None
    """Runs against the candidate before it gets traffic."""
    end_to_end: Check | None = None
    """Runs after a release, against what the users get."""


class Step(Model):
    """A step of a canary: so much traffic, for so long."""

    weight: Annotated[int, Field(ge=1, le=100)]
    soak: Duration = "5m"


class Match(Model):
    """Requests that reach the candidate whatever the weight: testers' header or cookie."""

    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][-A-Za-z0-9]*$")] | None = None
    cookie: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][-_A-Za-z0-9]*$")] | None = None
    value: Annotated[str, StringConstraints(pattern=r"^[-._A-Za-z0-9]+$")]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.header is None) == (self.cookie is None):
            raise ValueError("name either a header or a cookie")
        return self


class Traffic(Model):
    """How the users get to the service."""

    kind: Literal["selector", "gateway"] = "selector"
    """selector: the Service's selector flips from slot to slot. gateway: an HTTPRoute's weights shift."""
    host: Domain | Literal["@"] | None = None
    """The service's host: a name below the environment's domain, or @ for the domain itself. Without one it is reached from inside only."""
    path: HttpPath = "/"
    preview_host: Domain | None = None
    """A host, below the domain, that leads to the candidate."""
    match: Match | None = None
    mirror: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of requests that are also sent to the candidate, whose answers nobody sees."""
    affinity: Duration | None = None
    """How long a user stays with the same pod."""


class Egress(Model):
    """A place outside the cluster that the service may reach."""

    cidr: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F.:]+/[0-9]{1,3}$")] = "0.0.0.0/0"
    ports: tuple[Port, ...] = (443,)


class Metrics(Model):
    """Where Prometheus finds the service's metrics."""

    path: HttpPath = "/metrics"
    port: Name | None = None


class Migrations(Model):
    """The schema that this version needs, and how it comes about."""

    revision: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
    """The schema's revision after this version's migrations."""
    contract: bool = False
    """Whether they take something away, so that earlier versions can't run on it."""
    image: str | None = None
    """The image that runs them; the service's own if there is none."""
    command: tuple[str, ...] = ("alembic", "upgrade", "head")
    timeout: Duration = "10m"


class Container(Model):
    """A container beside the main one, or before it."""

    image: str
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: dict[Variable, str] = {}
    resources: Resources | None = None
    """Those of the environment's smallest container if not given."""


class Service(Model):
    """One deployable unit, with two slots."""

    image: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][-._/:a-z0-9]*$")]
    """The image, without tag and digest; below the environment's registry unless it names a host itself."""
    version: Version
    """What people call it, and the image's tag."""
    digest: Digest | None = None
    """Pins the image: what runs is exactly this."""
    ports: dict[Name, Port] = Field(default={"http": 8080}, min_length=1)
    """The container's ports. The first is where requests go; the Service has it at 80."""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    replicas: Count | None = None
    autoscaling: Autoscaling | None = None
    resources: Resources | None = None
    env: dict[Variable, str] = {}
    config: dict[FilePath, str] = {}
    """Files, by where they are in the container."""
    secrets: tuple[Name, ...] = ()
    """Sets of `tidegate:secrets`; each key becomes a variable."""
    probes: Probes = Probes()
    checks: Checks = Checks()
    depends_on: tuple[Name, ...] = ()
    """Services and data services that it calls: they come first, and it may reach them."""
    egress: tuple[Egress, ...] = ()
    traffic: Traffic = Traffic()
    metrics: Metrics | None = Metrics()
    strategy: Literal["blue-green", "canary"] = "blue-green"
    steps: tuple[Step, ...] = ()
    analysis: Analysis | None = None
    keep: Duration = "1h"
    """How long the old slot stays at full size after a release."""
    ready_within: Duration = "10m"
    """How long a slot may take to get ready."""
    drain: Duration = "15s"
    """How long a pod that is told to go still takes requests: until every proxy knows."""
    grace: Duration = "60s"
    """How long it may take to end after that."""
    migrations: Migrations | None = None
    init: dict[Name, Container] = {}
    sidecars: dict[Name, Container] = {}
    writable: tuple[FilePath, ...] = ("/tmp",)  # noqa: S108 - a place in the container, emptied with it
    """Folders that may be written to; everything else is read-only."""
    scratch: Quantity = "64Mi"
    """How much may be written to each."""
    user: Annotated[int, Field(ge=1)] = 10001
    annotations: dict[str, str] = {}
    """Annotations of the pods."""
    renamed_from: Name | None = None
    """What the service was called before; its slots are taken over."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.replicas is not None and self.autoscaling is not None:
            raise ValueError("give either replicas or autoscaling")
        weights = [step.weight for step in self.steps]
        if weights != sorted(set(weights)):
            raise ValueError(f"steps: the weights must rise, but are {', '.join(map(str, weights))}")
        if self.strategy == "canary" and self.traffic.kind != "gateway":
            raise ValueError("strategy canary needs traffic.kind gateway: a selector has no weights")
        if self.strategy == "canary" and (not weights or weights[-1] != 100):
            raise ValueError("strategy canary needs steps, of which the last has weight 100")
        if self.steps and self.strategy != "canary":
            raise ValueError("steps need strategy canary")
        if self.traffic.kind == "selector" and (self.traffic.match or self.traffic.mirror):
            raise ValueError("traffic.match and traffic.mirror need traffic.kind gateway")
        return self
