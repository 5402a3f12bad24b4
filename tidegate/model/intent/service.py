"""One service: what runs, how big it is, how it is known to be well, and how a new version of it takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field

from tidegate.model.base import Count, Domain, Duration, Finding, Memory, Model, Name, Percent, Port, Text, shape
from tidegate.model.intent.analysis import Analysis
from tidegate.model.intent.environment import Cidr, Image, Resources, no_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Version = Annotated[
    str,
    shape(
        "^[A-Za-z0-9_][-.A-Za-z0-9_]*$",
        "a version as a tag can be: letters, digits, dots, dashes and underscores, such as v1.4.2; at most 63 characters",
        "v1.4.2",
        longest=63,
    ),
]
Digest = Annotated[
    str, shape("^sha256:[0-9a-f]{64}$", "sha256: with 64 hexadecimal digits, as the registry says it", f"sha256:{'0f' * 32}")
]
HttpPath = Annotated[str, shape(r"^/\S*$", "a path that begins with a slash: /health", "/health")]
FilePath = Annotated[
    str, shape("^(/[-._A-Za-z0-9]+)+$", "a whole path in the container: /etc/dashboard/app.yaml", "/etc/dashboard/app.yaml")
]
Variable = Annotated[
    str, shape("^[A-Za-z_][A-Za-z0-9_.-]*$", "a variable's name of letters, digits and underscores: LOG_LEVEL", "LOG_LEVEL")
]
Repository = Annotated[
    str,
    shape(
        "^[a-z0-9][-._a-z0-9]*(:[0-9]+/[-._a-z0-9]+)?(/[-._a-z0-9]+)*$",
        "an image in lower case without tag and digest, which are version and digest: dashboard, or ghcr.io/team/dashboard",
        "dashboard",
    ),
]
Header = Annotated[str, shape("^[A-Za-z][-A-Za-z0-9]*$", "a header's name: X-Candidate", "X-Candidate")]
Cookie = Annotated[str, shape("^[A-Za-z][-_A-Za-z0-9]*$", "a cookie's name: candidate", "candidate")]

_DIGEST_SHOWN: Final = 12


class Autoscaling(Model):
    """How many replicas, between which bounds, by how much of what was asked for is used."""

    min: Count = 2
    """So many at least."""
    max: Count = 4
    """So many at most."""
    cpu: Percent | None = 70
    """The share of the processors asked for that is aimed at; null: they don't count."""
    memory: Percent | None = None
    """The share of the memory asked for that is aimed at; null: it doesn't count."""

    def findings(self) -> Iterable[Finding]:
        """Whether the bounds are in order, and there is something to go by."""
        if self.min > self.max:
            yield Finding(("min",), f"{self.min} is above max, which is {self.max}", (("max",),))
        if not self.cpu and not self.memory:
            yield Finding((), "give a target for cpu or memory", (("cpu",), ("memory",)))


class Probe(Model):
    """A question to a container over HTTP, and how often it may be answered badly."""

    path: HttpPath
    """What is asked for."""
    port: Name | None = None
    """The port's name; the first one if there is none."""
    period: Duration = "10s"
    """How often."""
    timeout: Duration = "5s"
    """How long an answer may take."""
    failures: Annotated[int, Field(ge=1, le=1000)] = 3
    """So many bad answers one after the other count."""


class StartupProbe(Probe):
    """Asked until it is answered well, then no more."""

    path: HttpPath = "/health"
    """What is asked for."""
    period: Duration = "2s"
    """How often."""
    failures: Annotated[int, Field(ge=1, le=1000)] = 60
    """So many bad answers one after the other end the container."""


class ReadyProbe(Probe):
    """Asked all the time."""

    path: HttpPath = "/ready"
    """What is asked for."""
    period: Duration = "5s"
    """How often."""


class LiveProbe(Probe):
    """Asked all the time; who doesn't answer is started again."""

    path: HttpPath = "/health"
    """What is asked for."""


class Probes(Model):
    """Whether a container has started, whether it takes requests, whether it lives."""

    startup: StartupProbe = StartupProbe()
    """Whether it has started; until then the others don't ask."""
    ready: ReadyProbe = ReadyProbe()
    """Whether it takes requests."""
    live: LiveProbe = LiveProbe()
    """Whether it lives; otherwise it is started again."""


class Check(Model):
    """A check that runs as a Job: its image and command, or paths that must answer well."""

    paths: tuple[HttpPath, ...] = ()
    """Asked for over HTTP, one after the other; each must answer with a 2xx."""
    image: Image | None = None
    """Instead of paths: an image whose command exits with 0 if all is well. TARGET is the URL to look at, HEADER what testers send."""
    command: tuple[Text, ...] = ()
    """What runs in the image, if not what it runs by itself."""
    timeout: Duration = "2m"
    """How long it may take, with all retries."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often it is tried again."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is one kind of check."""
        if bool(self.paths) == (self.image is not None):
            yield Finding((), "give paths, or an image, and not both", (("paths",), ("image",)))
        elif self.command and self.image is None:
            yield Finding(("command",), "a command needs an image", (("image",),))


class Checks(Model):
    """What must be well before users come."""

    smoke: Check | None = None
    """Runs against the candidate before it gets traffic."""
    end_to_end: Check | None = None
    """Runs against the candidate before it gets traffic, and again when it is live: the way that testers go, if there is a `match`."""


class Step(Model):
    """A step of a canary: so much traffic, for so long."""

    weight: Annotated[int, Field(ge=1, le=100, examples=[25])]
    """Percent of the traffic on the candidate."""
    soak: Duration = "5m"
    """How long it stays so."""


class Match(Model):
    """Requests that reach the candidate whatever the weight: testers' header or cookie."""

    header: Header | None = None
    """The header that has the value."""
    cookie: Cookie | None = None
    """The cookie that has it."""
    value: Annotated[str, shape("^[-._A-Za-z0-9]+$", "letters, digits, dots, dashes and underscores", "yes")]
    """What is in it."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is one of both."""
        if (self.header is None) == (self.cookie is None):
            yield Finding((), "give a header, or a cookie, and not both", (("header",), ("cookie",)))


class Traffic(Model):
    """How the users get to the service."""

    kind: Literal["selector", "gateway"] = "selector"
    """selector: the Service's selector flips from slot to slot. gateway: an HTTPRoute's weights shift."""
    host: Domain | Literal["@"] | None = None
    """The service's host: a name below the environment's domain, or @ for the domain itself. Without one it is reached from inside only."""
    path: HttpPath = "/"
    """What of the host goes to the service."""
    preview_host: Domain | None = None
    """A host, below the domain, that leads to the candidate."""
    match: Match | None = None
    """Which requests reach the candidate whatever the weight."""
    mirror: Annotated[int, Field(ge=1, le=100)] | None = None
    """Percent of requests that are also sent to the candidate, whose answers nobody sees."""
    affinity: Duration | None = None
    """How long a user stays with the same pod."""

    def findings(self) -> Iterable[Finding]:
        """What its kind hasn't."""
        if self.kind == "selector":
            needed = "needs kind gateway: a selector knows no single requests"
            yield from (Finding((field,), needed, (("kind",),)) for field in ("match", "mirror") if getattr(self, field) is not None)
        elif self.host is None:
            yield Finding(("host",), "kind gateway needs one: it is how the gateway knows the service's requests", (("kind",),))
        if self.preview_host is not None and self.preview_host == self.host:
            yield Finding(("preview_host",), "is the service's host too; take another name", (("host",),))


class Egress(Model):
    """A place outside the cluster that the service may reach."""

    cidr: Cidr = "0.0.0.0/0"
    """Where it is."""
    ports: tuple[Port, ...] = (443,)
    """Its ports."""

    def findings(self) -> Iterable[Finding]:
        """Whether there is such a place."""
        wrong = no_range(self.cidr)
        if wrong is not None:
            yield Finding(("cidr",), wrong)


class Metrics(Model):
    """Where Prometheus finds the service's metrics."""

    path: HttpPath = "/metrics"
    """What is asked for."""
    port: Name | None = None
    """The port's name; the first one if there is none."""


class Migrations(Model):
    """The schema that this version needs, and how it comes about."""

    revision: Annotated[str, shape("^[A-Za-z0-9_.-]{1,64}$", "a revision's name: letters, digits, dots, dashes and underscores", "0001")]
    """The schema's revision after this version's migrations."""
    contract: bool = False
    """Whether they take something away, so that earlier versions can't run on it."""
    image: Image | None = None
    """The image that runs them; the service's own if there is none."""
    command: tuple[Text, ...] = ("alembic", "upgrade", "head")
    """What runs them."""
    timeout: Duration = "10m"
    """How long they may take."""


class Container(Model):
    """A container beside the main one, or before it."""

    image: Image
    """The image, with tag or digest."""
    command: tuple[str, ...] = ()
    """What it runs, if not what the image runs by itself."""
    args: tuple[str, ...] = ()
    """The command's arguments."""
    env: dict[Variable, str] = {}
    """Its variables."""
    resources: Resources | None = None
    """Those of the environment's smallest container if not given."""


class Service(Model):
    """One deployable unit, with two slots."""

    image: Repository
    """The image, without tag and digest; below the environment's registry unless it names a host itself."""
    digest: Digest | None = None
    """Pins the image: what runs is exactly this."""
    version: Version = Field(default_factory=lambda known: _named_by(known.get("digest")))
    """What people call it, and the image's tag. It may be left out where there is a digest."""
    ports: dict[Name, Port] = Field(default={"http": 8080}, min_length=1)
    """The container's ports. Requests go to the one that is called http, or to the first by name; the Service has it at 80."""
    command: tuple[str, ...] = ()
    """What the container runs, if not what the image runs by itself."""
    args: tuple[str, ...] = ()
    """The command's arguments."""
    replicas: Count | None = None
    """Pods of a slot; the tier's if neither this nor autoscaling is given."""
    autoscaling: Autoscaling | None = None
    """Instead of replicas: each slot has as many pods as it needs."""
    resources: Resources | None = None
    """What each pod asks for, and may take at most; the tier's if not given."""
    env: dict[Variable, str] = {}
    """Variables. A change is a release, and goes back with it."""
    config: dict[FilePath, str] = {}
    """Files, by where they are in the container. A change is a release, and goes back with it."""
    secrets: tuple[Name, ...] = ()
    """Sets of `tidegate:secrets`; each key becomes a variable."""
    probes: Probes = Probes()
    """How it is known to be well."""
    checks: Checks = Checks()
    """What must be well before users come."""
    depends_on: tuple[Name, ...] = ()
    """Services and data services that it calls: they come first, and it may reach them."""
    egress: tuple[Egress, ...] = ()
    """Places outside the cluster that it may reach."""
    traffic: Traffic = Traffic()
    """How its users get to it."""
    metrics: Metrics | None = Metrics()
    """Where Prometheus finds its metrics; null if it has none."""
    strategy: Literal["blue-green", "canary"] = "blue-green"
    """blue-green: all traffic goes over at once. canary: step by step."""
    steps: tuple[Step, ...] = ()
    """The steps of a canary; the last has weight 100."""
    analysis: Analysis | None = None
    """What is measured at each step."""
    keep: Duration = "1h"
    """How long the old slot stays at full size after a release."""
    ready_within: Duration = "10m"
    """How long a slot may take to get ready."""
    drain: Duration = "15s"
    """How long a pod that is told to go still takes requests: until every proxy knows."""
    grace: Duration = "60s"
    """How long it may take to end after that."""
    migrations: Migrations | None = None
    """The database schema that this version needs."""
    init: dict[Name, Container] = {}
    """Containers that run before the main one, in the order of their names."""
    sidecars: dict[Name, Container] = {}
    """Containers that run beside the main one, by name."""
    writable: tuple[FilePath, ...] = ("/tmp",)  # noqa: S108 - a place in the container, emptied with it
    """Folders that may be written to; everything else is read-only."""
    scratch: Memory = "64Mi"
    """How much may be written to each."""
    user: Annotated[int, Field(ge=1)] = 10001
    """The user that its processes run as."""
    annotations: dict[Text, str] = {}
    """Annotations of the pods."""
    renamed_from: Name | None = None
    """What the service was called before; its slots are taken over."""

    def findings(self) -> Iterable[Finding]:
        """What doesn't go together in one service."""
        if not self.version:
            yield Finding(("version",), "is missing: give a version, or a digest that pins the image", (("digest",),))
        if self.replicas is not None and self.autoscaling is not None:
            yield Finding(("replicas",), "give replicas, or autoscaling, and not both", (("autoscaling",),))
        yield from self._steps()
        yield from self._ports()
        for field in ("depends_on", "secrets", "writable"):
            yield from _twice(field, getattr(self, field))
        for name in self.init.keys() & self.sidecars.keys():
            yield Finding(("sidecars", name), "there is a container of that name in init")

    def _steps(self) -> Iterator[Finding]:
        if self.strategy == "blue-green":
            if self.steps:
                yield Finding(("steps",), "steps need strategy canary; blue-green goes over at once", (("strategy",),))
            return
        if self.traffic.kind != "gateway":
            kind = ("traffic", "kind")
            yield Finding(("strategy",), "canary needs traffic.kind gateway: a selector has no weights", (kind,))
        weights = [step.weight for step in self.steps]
        for i in range(1, len(weights)):
            if weights[i] <= weights[i - 1]:
                before = ("steps", i - 1)
                yield Finding(("steps", i, "weight"), f"weights must rise, but {weights[i]} comes after {weights[i - 1]}", (before,))
        if not weights:
            yield Finding(("steps",), "are missing: strategy canary needs them, such as {weight: 25, soak: 5m}", (("strategy",),))
        elif weights[-1] != 100:
            last = len(weights) - 1
            yield Finding(("steps", last, "weight"), f"the last step must have weight 100, not {weights[-1]}", (("strategy",), ("steps",)))

    def _ports(self) -> Iterator[Finding]:
        probes = [(("probes", name, "port"), getattr(self.probes, name).port) for name in type(self.probes).model_fields]
        for path, port in [*probes, (("metrics", "port"), self.metrics.port if self.metrics else None)]:
            if port is not None and port not in self.ports:
                yield Finding(path, f"the container has no port {port}; it has {', '.join(self.ports)}", (("ports",),))


def _twice(field: str, values: Sequence[str]) -> Iterator[Finding]:
    for i, value in enumerate(values):
        if value in values[:i]:
            yield Finding((field, i), f"{value} is there twice", ((field,),))


def _named_by(digest: Any) -> str:
    """What a version is called that has only a digest."""
    return digest.replace(":", "-")[: len("sha256-") + _DIGEST_SHOWN] if isinstance(digest, str) else ""


def entry_of(ports: Mapping[str, int]) -> str:
    """The name of the port where requests go. Not the first that was written: engines don't keep the order of what they are given."""
    return "http" if "http" in ports else min(ports)
