"""Backups of one data service: when they are made, where they are kept, and how one gets back.

Three CronJobs, of which only the first runs by itself: `<name>-backup`, `<name>-restore` and, for PostgreSQL with an archive,
`<name>-recover`. The others never start of their own; a Job that is made from one of them does what its script says:
`kubectl create job --from=cronjob/<name>-backup <name>-before-release`. Prometheus sees how old the newest backup is by
`kube_cronjob_status_last_successful_time`.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.batch.v1 import CronJob

from components import labels, pods, postgresql, redis, store
from components.network import BACKUP
from tidegate.model.base import seconds
from tidegate.model.intent.data import SUPERUSER, Postgresql
from tidegate.model.intent.intent import Intent

BACKUPS: Final = "/backups"

_MINUTE: Final = 60
_HOUR: Final = 3600
_NEVER: Final = "0 0 29 2 *"
_SMALL: Final = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}


class BackupsArgs(TypedDict):
    """Which data service is backed up, and how."""

    namespace: pulumi.Input[str]
    """Where it is."""
    labels: dict[str, str]
    """Of all its objects."""
    kind: str
    """postgresql or redis."""
    host: pulumi.Input[str]
    """The data service's name in the namespace."""
    image: str
    """Its image: the tools come with the server."""
    user: NotRequired[int]
    """Who owns its files; 999 if not given."""
    secret: pulumi.Input[str]
    """The Secret with its password."""
    database: NotRequired[str]
    """PostgreSQL's database."""
    archived: NotRequired[bool]
    """Whether PostgreSQL's log is archived: then backups have all that one needs to go to any moment after them."""
    schedule: str
    """When, as cron says it, in UTC."""
    keep: int
    """How many minutes backups stay. The newest one stays however old it is."""
    storage: str
    """How big the volume is that they are kept on; it can grow."""
    storage_class: NotRequired[str]
    """What makes it; the cluster's default if not given."""
    pull_secret: NotRequired[pulumi.Input[str]]
    """The Secret that images are pulled with."""
    protect: NotRequired[bool]
    """Whether it is protected from being deleted."""


class Backups(pulumi.ComponentResource):
    """The CronJobs of a data service's backups, and the volume that these are kept on."""

    cron_job: pulumi.Output[str]
    """The name of the CronJob that makes backups: a Job made from it makes one now."""

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Backups", name, None, opts)
        own = store.kept(self, args.get("protect", False))
        place = store.Place(name, args["namespace"], args["labels"])
        volume = store.claim(place, f"{name}-backup", args["storage"], args.get("storage_class"), own)
        jobs = jobs_of(place, args)
        content = store.scripts("keep.sh", *(f"{args['kind']}/{word}.sh" for word in jobs))
        scripts = store.files(place, f"{name}-backup-scripts", content, own).metadata["name"]
        made = {
            word: CronJob(
                f"{name}-{word}",
                metadata=place.metadata(f"{name}-{word}"),
                spec=spec(place, word, {**pod, "volumes": [*pod["volumes"], _scripts(scripts)]}, args),
                opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[volume])),
            )
            for word, pod in jobs.items()
        }
        self.cron_job = made["backup"].metadata["name"].apply(str)
        self.register_outputs({"cronJob": self.cron_job})


def arguments(
    intent: Intent,
    name: str,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    secret: pulumi.Input[str],
    host: pulumi.Input[str],
) -> BackupsArgs:
    """The backups of a data service, as an intent has it. `host` is the component's output, so that there is something to back up."""
    found, backup = intent.data[name], intent.backup
    if found.kind == "managed" or backup is None:
        why = "tidegate:backup is not set" if backup is None else "it is managed elsewhere"
        raise TypeError(f"data.{name} has no backups here: {why}")
    args: BackupsArgs = {
        "namespace": namespace,
        "labels": dict(labels),
        "kind": found.kind,
        "host": host,
        "image": store.image(intent, name),
        "user": found.user,
        "secret": secret,
        "schedule": backup.schedule,
        "keep": round(seconds(backup.retention) / _MINUTE),
        "storage": found.backup_storage or backup.storage,
        "protect": intent.environment.tier == "production",
    }
    if isinstance(found, Postgresql):
        args["database"] = found.database
        args["archived"] = found.archive is not None
    if found.storage_class is not None:
        args["storage_class"] = found.storage_class
    if intent.environment.pull_secret is not None:
        args["pull_secret"] = intent.environment.pull_secret
    return args


def jobs_of(place: store.Place, args: BackupsArgs) -> dict[str, dict[str, Any]]:
    """The pods' specifications, by what they do."""
    if args["kind"] == postgresql.KIND:
        return _postgresql(place, args)
    if args["kind"] == redis.KIND:
        return _redis(place, args)
    raise ValueError(f"{place.name}: there are no backups of kind {args['kind']!r}, only of {postgresql.KIND} and {redis.KIND}")


def spec(place: store.Place, word: str, pod: dict[str, Any], args: BackupsArgs) -> Any:
    """A CronJob's specification. Only backups are made by the clock."""
    scheduled = word == BACKUP
    called = {**place.labels, labels.NAME: f"{place.name}-{word}", labels.COMPONENT: BACKUP}
    return {
        "schedule": args["schedule"] if scheduled else _NEVER,
        "timeZone": "Etc/UTC",
        "suspend": not scheduled,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _HOUR,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {
            "metadata": {"labels": called},
            "spec": {
                # A restore that failed is looked at first.
                "backoffLimit": 2 if scheduled else 0,
                "activeDeadlineSeconds": 12 * _HOUR,
                "ttlSecondsAfterFinished": 7 * 24 * _HOUR,
                "template": {"metadata": {"labels": called}, "spec": pod},
            },
        },
    }


def _postgresql(place: store.Place, args: BackupsArgs) -> dict[str, dict[str, Any]]:
    database, archived = args.get("database", SUPERUSER), args.get("archived", False)
    base = {"DATABASE": database, "BASE": "yes" if archived else "no", "PGHOST": args["host"], "PGUSER": SUPERUSER}
    password = {"PGPASSWORD": f"{SUPERUSER}-password"}
    made = {word: _pod(place, word, args, base, password, {}) for word in (BACKUP, "restore")}
    if archived:
        folders = {"PGDATA": postgresql.PGDATA, "ARCHIVE": f"{postgresql.ARCHIVE}/wal", "PGHOST": args["host"]}
        volumes = {f"{place.name}-data": postgresql.VOLUME, f"{place.name}-archive": postgresql.ARCHIVE}
        made["recover"] = _pod(place, "recover", args, folders, {}, volumes)
    return made


def _redis(place: store.Place, args: BackupsArgs) -> dict[str, dict[str, Any]]:
    password = {"REDISCLI_AUTH": redis.KEY}
    return {
        BACKUP: _pod(place, BACKUP, args, {"HOST": args["host"]}, password, {}),
        "restore": _pod(
            place, "restore", args, {"HOST": args["host"], "DATA": redis.VOLUME}, password, {f"{place.name}-data": redis.VOLUME}
        ),
    }


def _pod(
    place: store.Place, word: str, args: BackupsArgs, env: Mapping[str, Any], secrets: Mapping[str, str], claims: Mapping[str, str]
) -> dict[str, Any]:
    mounts = {f"{place.name}-backup": BACKUPS, **claims}
    variables = {"BACKUPS": BACKUPS, "KEEP": str(args["keep"]), **env}
    container = {
        "name": word,
        "image": args["image"],
        "command": ["sh", f"{store.SCRIPTS}/{word}.sh"],
        "env": [
            *({"name": key, "value": value} for key, value in variables.items()),
            *({"name": key, "valueFrom": {"secretKeyRef": {"name": args["secret"], "key": of}}} for key, of in secrets.items()),
        ],
        "resources": _SMALL,
        "securityContext": pods.locked(),
        # A Job that fails tells its log's last lines.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            *({"name": name, "mountPath": path} for name, path in mounts.items()),
            {"name": "scripts", "mountPath": store.SCRIPTS, "readOnly": True},
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - the container's
        ],
    }
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": pods.security(args.get("user", 999)),
        "containers": [container],
        "volumes": [
            *({"name": name, "persistentVolumeClaim": {"claimName": name}} for name in mounts),
            {"name": "temporary", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
        **store.placed(args),
    }


def _scripts(name: pulumi.Input[str]) -> dict[str, Any]:
    return {"name": "scripts", "configMap": {"name": name, "defaultMode": 0o555}}
