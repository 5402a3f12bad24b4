"""Redis: one server that writes each change to an append-only file on a volume of its own."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet

from components import pods, store
from tidegate.model.base import amount
from tidegate.model.intent.data import Redis as RedisIntent
from tidegate.model.intent.intent import Intent

PORT: Final = 6379
KIND: Final = "redis"
KEY: Final = "redis-password"
VOLUME: Final = "/data"

_CONFIG: Final = "/etc/redis"
_AUTH: Final = "/run/redis/auth.conf"


class RedisArgs(TypedDict):
    """What a Redis is made from."""

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
    """The number of the image's user `redis`; 999 if not given."""
    storage: str
    """How big its volume is; it can grow."""
    storage_class: NotRequired[str]
    """What makes it; the cluster's default if not given."""
    fsync: str
    """When a change is on the disk: `always` before it is answered, `everysec` within a second."""
    secret: pulumi.Input[str]
    """The Secret with `redis-password`."""
    rotation: NotRequired[str]
    """Changes when the password does: the server is started anew, and takes it on."""
    resources: store.SizeArgs
    """What the server asks for, and may take; it keeps as much data as 60% of the memory."""
    priority_class: NotRequired[pulumi.Input[str]]
    """How important the pod is when a node runs short."""
    pull_secret: NotRequired[pulumi.Input[str]]
    """The Secret that images are pulled with."""
    release_label: NotRequired[str]
    """By which an operator's Prometheus finds what it is to scrape; without one there is no ServiceMonitor."""
    protect: NotRequired[bool]
    """Whether it is protected from being deleted."""


class Redis(pulumi.ComponentResource):
    """A StatefulSet of one pod, its volume, Services and configuration."""

    host: pulumi.Output[str]
    """The name by which the services reach it, once it is ready."""

    def __init__(self, name: str, args: RedisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Redis", name, None, opts)
        own = store.kept(self, args.get("protect", False))
        place = store.Place(name, args["namespace"], args["labels"])
        volume = store.claim(place, f"{name}-data", args["storage"], args.get("storage_class"), own)
        config = store.files(place, f"{name}-config", {"redis.conf": configuration(args), **store.scripts("redis/start.sh")}, own)
        service = store.services(place, PORT, KIND, own)
        store.budget(place, own)
        if label := args.get("release_label"):
            store.monitor(place, label, own)
        server = StatefulSet(
            name,
            metadata=place.metadata(name),
            spec=stateful_set(place, args, config.metadata["name"]),
            opts=pulumi.ResourceOptions.merge(own, pulumi.ResourceOptions(depends_on=[volume])),
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
) -> RedisArgs:
    """A Redis, as an intent has it. `secret` is the Secret that its set has become."""
    found = intent.data[name]
    if not isinstance(found, RedisIntent):
        raise TypeError(f"data.{name} is of kind {found.kind}, not {KIND}")
    args: RedisArgs = {
        "namespace": namespace,
        "labels": dict(labels),
        "image": store.image(intent, name),
        "version": found.version,
        "exporter": found.exporter,
        "user": found.user,
        "storage": found.storage,
        "fsync": found.fsync,
        "secret": secret,
        "rotation": store.rotation(intent, found.secret, *found.keys),
        "resources": store.size_args(found.resources),
        "protect": intent.environment.tier == "production",
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


def configuration(args: RedisArgs) -> str:
    """The server's configuration. Its password is in a file that it makes itself."""
    memory = round(amount(args["resources"]["limits"]["memory"]) * 0.6)
    settings = {
        "include": _AUTH,
        "dir": VOLUME,
        "appendonly": "yes",
        "appendfilename": "appendonly.aof",
        "appenddirname": "appendonlydir",
        "appendfsync": args["fsync"],
        # The append-only file has it all; a snapshot beside it would only be written.
        "save": '""',
        # While the file is written anew, each page that is changed is there twice: the rest of the limit is for that.
        "maxmemory": str(memory),
        # Data, not a cache: a write that doesn't fit is refused, and told to its writer.
        "maxmemory-policy": "noeviction",
    }
    return "".join(f"{key} {value}\n" for key, value in settings.items())


def stateful_set(place: store.Place, args: RedisArgs, config: pulumi.Input[str]) -> Any:
    """The StatefulSet's specification."""
    password = {"valueFrom": {"secretKeyRef": {"name": args["secret"], "key": KEY}}}
    spec: dict[str, Any] = {
        "securityContext": pods.security(args.get("user", 999)),
        "terminationGracePeriodSeconds": 60,
        "containers": [
            _server(args, password),
            store.exporter(
                args["exporter"],
                KIND,
                [{"name": "REDIS_ADDR", "value": f"redis://127.0.0.1:{PORT}"}, {"name": "REDIS_PASSWORD", **password}],
                [],
            ),
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": f"{place.name}-data"}},
            {"name": "config", "configMap": {"name": config, "defaultMode": 0o555}},
            {"name": "auth", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }
    return {
        "replicas": 1,
        "serviceName": f"{place.name}-pods",
        "selector": {"matchLabels": store.selector(place.name)},
        "template": store.template(place, args["version"], KIND, args.get("rotation", ""), {**spec, **store.placed(args)}),
    }


def _server(args: RedisArgs, password: dict[str, Any]) -> dict[str, Any]:
    # While it loads its file it answers with an error, which redis-cli takes for success.
    ready = {"exec": {"command": ["sh", "-c", '[ "$(redis-cli ping)" = PONG ]']}, "timeoutSeconds": 5}
    mounts = {"data": VOLUME, "config": _CONFIG, "auth": "/run/redis", "temporary": "/tmp"}  # noqa: S108 - the container's
    return {
        "name": KIND,
        "image": args["image"],
        "command": ["sh", f"{_CONFIG}/start.sh"],
        "env": [
            {"name": "AUTH", "value": _AUTH},
            {"name": "CONF", "value": f"{_CONFIG}/redis.conf"},
            {"name": "REDISCLI_AUTH", **password},
        ],
        "ports": [{"name": KIND, "containerPort": PORT}],
        "resources": args["resources"],
        # Loading a big file takes as long as it takes: killed in the midst of it, it would begin anew.
        "startupProbe": {**ready, "periodSeconds": 5, "failureThreshold": 720},
        "readinessProbe": {**ready, "periodSeconds": 5, "failureThreshold": 2},
        # Not `ping`: a long script is no reason to kill it, and there is no other pod to go to.
        "livenessProbe": {"tcpSocket": {"port": KIND}, "timeoutSeconds": 5, "periodSeconds": 10, "failureThreshold": 6},
        "securityContext": pods.locked(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in mounts.items()],
    }
