"""Where services keep their data: in the namespace, or managed elsewhere."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import Domain, Duration, Finding, Memory, Model, Name, Port, amount, seconds
from tidegate.model.intent.environment import Amounts, Cidr, Image, Resources, no_range
from tidegate.model.intent.service import Digest, Repository, Version

if TYPE_CHECKING:
    from collections.abc import Iterable

SUPERUSER: Final = "postgres"
EXPORTER: Final = "exporter"
"""The role that PostgreSQL's exporter has."""

_LEAST_MEMORY: Final = 2.0**28

User = Annotated[int, Field(ge=1, le=65535)]


class Postgresql(Model):
    """A PostgreSQL of this stack: a StatefulSet with a volume, its log archived for going back to any moment."""

    kind: Literal["postgresql"]
    """That it is one."""
    version: Version = "17.6"
    """The image's tag. The first number stays: data of one is not read by the next; docs/components.md says how to get there."""
    image: Repository = "docker.io/library/postgres"
    """The image, without tag and digest."""
    digest: Digest | None = None
    """Pins the image: what runs is exactly this."""
    exporter: Image = "quay.io/prometheuscommunity/postgres-exporter:v0.18.1"
    """The image of what tells Prometheus how it is."""
    user: User = 999
    """The number of the image's user `postgres`: 999 in Debian's, 70 in Alpine's."""
    database: Name = "app"
    """The database that is made."""
    owner: Name = "app"
    """The role that owns it, for the services: it is made if the set has its password, `<owner>-password`."""
    storage: Memory = "10Gi"
    """How big its volume is; it can grow."""
    storage_class: Name | None = None
    """What makes its volumes; the cluster's default if not given."""
    archive: Memory | None = "10Gi"
    """The volume that the write-ahead log is archived to, if there are backups; null for none."""
    archive_timeout: Duration = "5m"
    """The most that can be lost: a log segment is archived at least that often."""
    backup_storage: Memory | None = None
    """The volume of its backups, if not as big as `tidegate:backup` says."""
    connections: Annotated[int, Field(ge=10, le=5000)] = 100
    """How many there may be at once."""
    secret: Name
    """The set of `tidegate:secrets` that has its `postgres-password`."""
    resources: Resources = Resources(requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi"))
    """What it asks for, and may take; its buffers follow from the memory."""

    @property
    def keys(self) -> tuple[str, str]:
        """The set's keys: that of the superuser, and that of the services' role."""
        return f"{SUPERUSER}-password", f"{self.owner}-password"

    def findings(self) -> Iterable[Finding]:
        """What PostgreSQL wouldn't take."""
        if self.owner in {SUPERUSER, EXPORTER}:
            yield Finding(("owner",), f"{self.owner} is a role that is there already; choose another name, such as app")
        if seconds(self.archive_timeout) < 1:
            yield Finding(("archive_timeout",), f"{self.archive_timeout} is less than a second: PostgreSQL takes whole seconds")
        if amount(self.resources.limits.memory) < _LEAST_MEMORY:
            yield Finding(("resources", "limits", "memory"), f"{self.resources.limits.memory} is too little: PostgreSQL needs 256Mi")


class Redis(Model):
    """A Redis of this stack: a StatefulSet with a volume and an append-only file."""

    kind: Literal["redis"]
    """That it is one."""
    version: Version = "8.2"
    """The image's tag; 7 or newer."""
    image: Repository = "docker.io/library/redis"
    """The image, without tag and digest."""
    digest: Digest | None = None
    """Pins the image: what runs is exactly this."""
    exporter: Image = "docker.io/oliver006/redis_exporter:v1.77.0"
    """The image of what tells Prometheus how it is."""
    user: User = 999
    """The number of the image's user `redis`."""
    storage: Memory = "2Gi"
    """How big its volume is; it can grow."""
    storage_class: Name | None = None
    """What makes its volumes; the cluster's default if not given."""
    backup_storage: Memory | None = None
    """The volume of its backups, if not as big as `tidegate:backup` says."""
    fsync: Literal["always", "everysec"] = "everysec"
    """When a change is on the disk: before it is answered, or within a second."""
    secret: Name
    """The set of `tidegate:secrets` that has its `redis-password`."""
    resources: Resources = Resources(requests=Amounts(cpu="100m", memory="256Mi"), limits=Amounts(cpu="500m", memory="512Mi"))
    """What it asks for, and may take; it keeps as much data as 60% of the memory."""

    @property
    def keys(self) -> tuple[str]:
        """The set's keys."""
        return ("redis-password",)


class Managed(Model):
    """A data service that something else runs: a name in the namespace that leads to it."""

    kind: Literal["managed"]
    """That it is one."""
    host: Domain
    """Its DNS name."""
    port: Port
    """Where it listens."""
    cidr: Cidr
    """Where it is: the services that depend on it may reach this."""

    def findings(self) -> Iterable[Finding]:
        """Whether the host is a name (a name in the namespace can't lead to an address), and the range is one."""
        with suppress(ValueError):
            ipaddress.ip_address(self.host)
            yield Finding(("host",), f"{self.host} is an address; give the DNS name that leads to it")
        wrong = no_range(self.cidr)
        if wrong is not None:
            yield Finding(("cidr",), wrong)


Data = Annotated[Postgresql | Redis | Managed, Field(discriminator="kind")]
