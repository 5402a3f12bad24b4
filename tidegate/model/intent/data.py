"""Where services keep their data: in the namespace, or managed elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidegate.model.base import Duration, Model, Name, Port, Quantity
from tidegate.model.intent.environment import Amounts, Resources


class Postgresql(Model):
    """A PostgreSQL of this stack: a StatefulSet with a volume, its log archived for going back to any moment."""

    kind: Literal["postgresql"]
    version: str = "17.6"
    image: str = "docker.io/library/postgres"
    exporter: str = "quay.io/prometheuscommunity/postgres-exporter:v0.18.1"
    database: Name = "app"
    storage: Quantity = "10Gi"
    storage_class: Name | None = None
    archive: Quantity | None = "10Gi"
    """The volume that the write-ahead log is archived to; null for none."""
    archive_timeout: Duration = "5m"
    """The most that can be lost: a log segment is archived at least that often."""
    connections: Annotated[int, Field(ge=10, le=5000)] = 100
    secret: Name
    """The set of `tidegate:secrets` that has its `postgres-password`."""
    resources: Resources = Resources(requests=Amounts(cpu="250m", memory="512Mi"), limits=Amounts(cpu="1", memory="1Gi"))


class Redis(Model):
    """A Redis of this stack: a StatefulSet with a volume and an append-only file."""

    kind: Literal["redis"]
    version: str = "8.2"
    image: str = "docker.io/library/redis"
    exporter: str = "docker.io/oliver006/redis_exporter:v1.77.0"
    storage: Quantity = "2Gi"
    storage_class: Name | None = None
    fsync: Literal["always", "everysec"] = "everysec"
    secret: Name
    """The set of `tidegate:secrets` that has its `redis-password`."""
    resources: Resources = Resources(requests=Amounts(cpu="100m", memory="256Mi"), limits=Amounts(cpu="500m", memory="512Mi"))


class Managed(Model):
    """A data service that something else runs: a name in the namespace that leads to it."""

    kind: Literal["managed"]
    host: str
    """Its DNS name."""
    port: Port
    cidr: str
    """Where it is: the services that depend on it may reach this."""


Data = Annotated[Postgresql | Redis | Managed, Field(discriminator="kind")]
