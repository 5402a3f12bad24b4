"""PostgreSQL: one server with a volume of its own, whose log is archived to another one, so that one can go back to any moment.

One server, not several: what goes on without it when its node is lost is worth more where somebody looks after it (kind `managed`). What is
here loses nothing, says how it is, and comes back: data pages have checksums, and the archive is beside the data, not on the same volume.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet

from components import pods, store
from tidegate.model.base import amount, seconds
from tidegate.model.intent.data import EXPORTER, SUPERUSER
from tidegate.model.intent.data import Postgresql as PostgresqlIntent
from tidegate.model.intent.intent import Intent

PORT: Final = 5432
KIND: Final = "postgresql"
VOLUME: Final = "/data"
PGDATA: Final = f"{VOLUME}/pgdata"
ARCHIVE: Final = "/archive"
SECRETS: Final = "/run/secrets/postgresql"

_SOCKETS: Final = "/var/run/postgresql"
_CONFIG: Final = "/etc/postgresql"
_MIB: Final = 2**20


class ArchiveArgs(TypedDict):
    """The write-ahead log's archive."""

    storage: str
    """How big its volume is."""
    timeout: int
    """After how many seconds a segment is archived that isn't full: the most that can be lost."""
    keep: int
    """How many minutes back one can go, from the base backups of that time."""


class PostgresqlArgs(TypedDict):
    """What a PostgreSQL is made from."""

    namespace: pulumi.Input[str]
    """Where it is."""
    labels: dict[str, str]
    """Of all its objects."""
    image: str
    """The whole name of the server's image, with tag, and digest if it is to be pinned."""
    version: str
    """What people call it; a label."""
    exporter: str
    """The image of what tells Prometheus how it is."""
    user: NotRequired[int]
    """The number of the image's user `postgres`; 999 if not given."""
    database: str
    """The database that is made."""
    owner: str
    """The role that owns the database, made if the Secret has its password."""
    storage: str
    """How big its volume is; it can grow."""
    storage_class: NotRequired[str]
    """What makes its volumes; the cluster's default if not given."""
    archive: NotRequired[ArchiveArgs]
    """Where the write-ahead log is archived; without it, it isn't."""
    connections: int
    """How many there may be at once."""
    secret: pulumi.Input[str]
    """The Secret with `postgres-password` and `<owner>-password`."""
    rotation: NotRequired[str]
    """Changes when the passwords do: the server is started anew, and takes them on."""
    resources: store.SizeArgs
    """What the server asks for, and may take; its buffers follow from the memory."""
    priority_class: NotRequired[pulumi.Input[str]]
    """How important the pod is when a node runs short."""
    pull_secret: NotRequired[pulumi.Input[str]]
    """The Secret that images are pulled with."""
    release_label: NotRequired[str]
    """By which an operator's Prometheus finds what it is to scrape; without one there is no ServiceMonitor."""
    protect: NotRequired[bool]
    """Whether it is protected from being deleted."""


class Postgresql(pulumi.ComponentResource):
    """A StatefulSet of one pod, its volumes, Services and configuration."""

    host: pulumi.Output[str]
    """The name by which the services reach it, once it is ready."""

    def __init__(self, name: str, args: PostgresqlArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Postgresql", name, None, opts)
        own = store.kept(self, args.get("protect", False))
        place = store.Place(name, args["namespace"], args["labels"])
        storage_class = args.get("storage_class")
        claims = [store.claim(place, f"{name}-data", args["storage"], storage_class, own)]
        if "archive" in args:
            claims.append(store.claim(place, f"{name}-archive", args["archive"]["storage"], storage_class, own))
        content = {
            "postgresql.conf": configuration(args),
            "pg_hba.conf": ACCESS,
            **store.scripts("postgresql/archive.sh", "postgresql/roles.sh"),
        }
        config = store.files(place, f"{name}-config", content, own)
        service = store.services(place, PORT, KIND, own)
        store.budget(place, own)
        if label := args.get("release_label"):
            store.monitor(place, label, own)
        server = StatefulSet(
            name,
            metadata=place.metadata(name),
            spec=stateful_set(place, args, config.metadata["name"]),
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=claims)),
        )
        self.host = pulumi.Output.all(service.metadata["name"], server.id).apply(lambda both: str(both[0]))
        self.register_outputs({"host": self.host})


def arguments(
    intent: Intent,
    name: str,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    secret: pulumi.Input[str],
    priority_class: pulumi.Input[str] | None = None,
) -> PostgresqlArgs:
    """A PostgreSQL, as an intent has it. `secret` is the Secret that its set has become."""
    found = intent.data[name]
    if not isinstance(found, PostgresqlIntent):
        raise TypeError(f"data.{name} is of kind {found.kind}, not {KIND}")
    args: PostgresqlArgs = {
        "namespace": namespace,
        "labels": dict(labels),
        "image": store.image(intent, name),
        "version": found.version,
        "exporter": found.exporter,
        "user": found.user,
        "database": found.database,
        "owner": found.owner,
        "storage": found.storage,
        "connections": found.connections,
        "secret": secret,
        "rotation": store.rotation(intent, found.secret, *found.keys),
        "resources": store.size_args(found.resources),
        "protect": intent.environment.tier == "production",
    }
    # A log is of use from a base backup on only.
    if found.archive is not None and intent.backup is not None:
        args["archive"] = {
            "storage": found.archive,
            "timeout": round(seconds(found.archive_timeout)),
            "keep": round(seconds(intent.backup.retention) / 60),
        }
    if found.storage_class is not None:
        args["storage_class"] = found.storage_class
    if priority_class is not None:
        args["priority_class"] = priority_class
    if intent.environment.pull_secret is not None:
        args["pull_secret"] = intent.environment.pull_secret
    if intent.monitoring.kind == "operator":
        args["release_label"] = intent.monitoring.release_label
    return args


# The first line that fits a connection decides. The socket is shared with the exporter alone, that has another user.
ACCESS: Final = f"""\
local postgres    {EXPORTER} trust
local all         {SUPERUSER} peer
host  replication {SUPERUSER} all scram-sha-256
host  replication all      all reject
host  all         all      all scram-sha-256
"""


def configuration(args: PostgresqlArgs) -> str:
    """The server's configuration: what its memory and volume allow, and nothing that is a default anyway."""
    memory = round(amount(args["resources"]["limits"]["memory"]) / _MIB)
    storage = round(amount(args["storage"]) / _MIB)
    settings: dict[str, str | int] = {
        "listen_addresses": "*",
        "hba_file": f"{_CONFIG}/pg_hba.conf",
        "unix_socket_directories": _SOCKETS,
        "password_encryption": "scram-sha-256",
        "max_connections": args["connections"],
        "shared_buffers": f"{memory // 4}MB",
        "effective_cache_size": f"{memory // 2}MB",
        "maintenance_work_mem": f"{max(memory // 16, 16)}MB",
        # Were all connections to sort at once, they'd fit into what is left.
        "work_mem": f"{max(memory // 4 * 1024 // args['connections'], 1024)}kB",
        "max_wal_size": f"{min(max(storage // 10, 128), 4096)}MB",
        "min_wal_size": "80MB",
        "wal_compression": "on",
        # Put back from a backup, it takes nobody until it is where it is to be.
        "hot_standby": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_lock_waits": "on",
        "log_checkpoints": "on",
        "track_io_timing": "on",
        "shared_preload_libraries": "pg_stat_statements",
        # Statements that set passwords are not to be kept.
        "pg_stat_statements.track_utility": "off",
    }
    if "archive" in args:
        settings["archive_mode"] = "on"
        settings["archive_command"] = f'sh {_CONFIG}/archive.sh "%p" "%f"'
        settings["archive_timeout"] = f"{args['archive']['timeout']}s"
    return "".join(f"{key} = {value if isinstance(value, int) else _quoted(value)}\n" for key, value in settings.items())


def stateful_set(place: store.Place, args: PostgresqlArgs, config: pulumi.Input[str]) -> Any:
    """The StatefulSet's specification."""
    user = args.get("user", 999)
    spec: dict[str, Any] = {
        "securityContext": pods.security(user),
        # A fast shutdown writes all that is in memory to the volume first.
        "terminationGracePeriodSeconds": 120,
        "containers": [
            _server(args),
            store.exporter(
                args["exporter"],
                KIND,
                [{"name": "DATA_SOURCE_NAME", "value": f"host={_SOCKETS} user={EXPORTER} dbname=postgres sslmode=disable"}],
                [{"name": "sockets", "mountPath": _SOCKETS, "readOnly": True}],
            ),
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": f"{place.name}-data"}},
            *([{"name": "archive", "persistentVolumeClaim": {"claimName": f"{place.name}-archive"}}] if "archive" in args else []),
            {"name": "config", "configMap": {"name": config, "defaultMode": 0o555}},
            {"name": "passwords", "projected": {"defaultMode": 0o440, "sources": _passwords(args)}},
            {"name": "sockets", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "64Mi"}},
            # What parallel queries share; a container's own 64 MiB are soon full.
            {"name": "shared", "emptyDir": {"medium": "Memory", "sizeLimit": args["resources"]["limits"]["memory"]}},
        ],
    }
    return {
        "replicas": 1,
        "serviceName": f"{place.name}-pods",
        "selector": {"matchLabels": store.selector(place.name)},
        "template": store.template(place, args["version"], KIND, args.get("rotation", ""), {**spec, **store.placed(args)}),
    }


def _server(args: PostgresqlArgs) -> dict[str, Any]:
    ready = {"exec": {"command": ["pg_isready", "--quiet", "--host=127.0.0.1"]}, "timeoutSeconds": 5}
    env = {
        "PGDATA": PGDATA,
        "POSTGRES_DB": args["database"],
        "POSTGRES_INITDB_ARGS": "--data-checksums",
        "POSTGRES_PASSWORD_FILE": f"{SECRETS}/{SUPERUSER}-password",
        "DATABASE": args["database"],
        "OWNER": args["owner"],
        "SECRETS": SECRETS,
    }
    mounts = {"data": VOLUME, "config": _CONFIG, "passwords": SECRETS, "sockets": _SOCKETS, "temporary": "/tmp", "shared": "/dev/shm"}  # noqa: S108 - the container's
    if "archive" in args:
        env |= {"ARCHIVE": f"{ARCHIVE}/wal", "KEEP": str(args["archive"]["keep"])}
        mounts["archive"] = ARCHIVE
    return {
        "name": KIND,
        "image": args["image"],
        "args": ["-c", f"config_file={_CONFIG}/postgresql.conf"],
        "env": [{"name": key, "value": value} for key, value in env.items()],
        "ports": [{"name": KIND, "containerPort": PORT}],
        "resources": args["resources"],
        "lifecycle": {"postStart": {"exec": {"command": ["sh", f"{_CONFIG}/roles.sh"]}}},
        # Replaying the log after a crash takes as long as it takes: killed in the midst of it, it would begin anew.
        "startupProbe": {**ready, "periodSeconds": 5, "failureThreshold": 720},
        "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {**ready, "periodSeconds": 10, "failureThreshold": 6},
        "securityContext": pods.locked(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }


def _passwords(args: PostgresqlArgs) -> list[dict[str, Any]]:
    def source(key: str, **more: bool) -> dict[str, Any]:
        return {"secret": {"name": args["secret"], "items": [{"key": key, "path": key}], **more}}

    return [source(f"{SUPERUSER}-password"), source(f"{args['owner']}-password", optional=True)]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
