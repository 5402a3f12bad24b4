"""A stack's own Grafana. All that it shows is provisioned, so it keeps nothing: whatever is done by hand is gone with its pod."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import json
from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment

from components.monitors import scraping, server

PASSWORD: Final = "grafana-password"  # noqa: S105 - the key's name
_SECRETS: Final = "/etc/grafana/secrets"
_PROVISIONING: Final = "/etc/grafana/provisioning"
_DASHBOARDS: Final = "/etc/grafana/dashboards"
_DATA: Final = "/var/lib/grafana"


class GrafanaArgs(TypedDict):
    """What a Grafana is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    secret: pulumi.Input[str]
    """The Secret that has `grafana-password`."""
    dashboards: list[str]
    """The ConfigMaps that have the dashboards, a file each."""


class Grafana(pulumi.ComponentResource):
    """A Grafana that shows what Prometheus has."""

    url: pulumi.Output[str]
    """Where it is reached in the namespace, once it is ready."""

    def __init__(self, name: str, args: GrafanaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Grafana", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        place = server.Place(server.GRAFANA, args["namespace"], args["labels"])
        account = server.account(place, own)
        config = server.fixed(place, "config", {"datasources.yaml": _datasources(), "dashboards.yaml": _providers()}, own)
        peers = [server.towards(server.PROMETHEUS.name, server.PROMETHEUS.port)]
        # Nobody else in the cluster calls it: people come through `kubectl port-forward`.
        policy = server.policy(place, [server.PROMETHEUS.name], peers, own)
        service = server.service(place, own)
        running = Deployment(
            name,
            metadata=place.metadata(),
            spec=server.one(place, _template(place, args, config.metadata["name"], account.metadata["name"])),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[policy]),
        )
        url = f"http://{place.monitor.name}:{place.monitor.port}"
        self.url = pulumi.Output.all(running.id, service.id).apply(lambda _: url)
        self.register_outputs({"url": self.url})


def _datasources() -> str:
    prometheus = f"http://{server.PROMETHEUS.name}:{server.PROMETHEUS.port}"
    source = {
        "name": "Prometheus",
        "uid": "prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": prometheus,
        "isDefault": True,
        "jsonData": {"timeInterval": scraping.INTERVAL, "httpMethod": "POST"},
    }
    return json.dumps({"apiVersion": 1, "datasources": [source]})


def _providers() -> str:
    provider = {"name": "tidegate", "type": "file", "disableDeletion": True, "allowUiUpdates": False, "options": {"path": _DASHBOARDS}}
    return json.dumps({"apiVersion": 1, "providers": [provider | {"updateIntervalSeconds": 30}]})


def _template(place: server.Place, args: GrafanaArgs, config: pulumi.Input[str], account: pulumi.Input[str]) -> Any:
    settings = {
        "GF_SECURITY_ADMIN_PASSWORD__FILE": f"{_SECRETS}/{PASSWORD}",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
        "GF_NEWS_NEWS_FEED_ENABLED": "false",
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_AUTH_ANONYMOUS_ENABLED": "false",
        "GF_LOG_MODE": "console",
        "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    }
    files = ("datasources", "dashboards")
    password = {"key": PASSWORD, "path": PASSWORD}
    pod = {
        "serviceAccountName": account,
        "volumes": [
            {"name": "data", "emptyDir": {"sizeLimit": "512Mi"}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "64Mi"}},
            *({"name": f, "configMap": {"name": config, "items": [{"key": f"{f}.yaml", "path": f"{f}.yaml"}]}} for f in files),
            {"name": "boards", "projected": {"sources": [{"configMap": {"name": board}} for board in args["dashboards"]]}},
            {"name": "secrets", "secret": {"secretName": args["secret"], "defaultMode": 0o440, "items": [password]}},
        ],
    }
    mounts = {f: f"{_PROVISIONING}/{f}" for f in files} | {"boards": _DASHBOARDS, "secrets": _SECRETS}
    container = {
        "env": [{"name": key, "value": value} for key, value in settings.items()],
        "volumeMounts": [
            {"name": "data", "mountPath": _DATA},
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - the container's
            *({"name": mount, "mountPath": path, "readOnly": True} for mount, path in mounts.items()),
        ],
        **server.probes("/api/health", "/api/health"),
    }
    return server.template(place, pod, container, {"prometheus.io/scrape": "true", "prometheus.io/port": str(place.monitor.port)})
