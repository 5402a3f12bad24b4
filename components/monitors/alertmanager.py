"""A stack's own Alertmanager: what Prometheus finds, it tells."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet

from components.monitors import routing, server

DATA: Final = "/alertmanager"
_HTTPS: Final = 443


class AlertmanagerArgs(TypedDict):
    """What an Alertmanager is made from."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    secret: pulumi.Input[str]
    """The Secret that has the keys."""
    keys: list[str]
    """Which keys it has: `slack-url`, `pagerduty-key`; others are left alone."""


class Alertmanager(pulumi.ComponentResource):
    """An Alertmanager with a volume for what was silenced and told."""

    url: pulumi.Output[str]
    """Where it is reached in the namespace, once it is ready."""

    def __init__(self, name: str, args: AlertmanagerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:Alertmanager", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        place = server.Place(server.ALERTMANAGER, args["namespace"], args["labels"])
        account = server.account(place, own)
        config = server.fixed(place, "config", {"alertmanager.yaml": routing.configuration(args["keys"])}, own)
        claim = server.claim(place, server.ALERTS_STORAGE, own)
        policy = server.policy(place, [server.PROMETHEUS.name], [server.anywhere(_HTTPS)], own)
        service = server.service(place, own)
        template = _template(place, args, config.metadata["name"], account.metadata["name"])
        running = StatefulSet(
            name,
            metadata=place.metadata(),
            spec=server.one(place, template, serviceName=place.monitor.name),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[claim, policy]),
        )
        url = f"http://{place.monitor.name}:{place.monitor.port}"
        self.url = pulumi.Output.all(running.id, service.id).apply(lambda _: url)
        self.register_outputs({"url": self.url})


def _template(place: server.Place, args: AlertmanagerArgs, config: pulumi.Input[str], account: pulumi.Input[str]) -> Any:
    used = sorted({routing.SLACK, routing.PAGERDUTY} & set(args["keys"]))
    secrets = {"secretName": args["secret"], "defaultMode": 0o440, "items": [{"key": key, "path": key} for key in used]}
    pod = {
        "serviceAccountName": account,
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": f"{place.monitor.name}-data"}},
            {"name": "config", "configMap": {"name": config}},
            *([{"name": "secrets", "secret": secrets}] if used else []),
        ],
    }
    container = {
        "args": [
            f"--config.file={routing.CONFIG}/alertmanager.yaml",
            f"--storage.path={DATA}",
            # There is but one: it has nobody to agree with.
            "--cluster.listen-address=",
        ],
        "volumeMounts": [
            {"name": "data", "mountPath": DATA},
            {"name": "config", "mountPath": routing.CONFIG, "readOnly": True},
            *([{"name": "secrets", "mountPath": routing.SECRETS, "readOnly": True}] if used else []),
        ],
        **server.probes("/-/ready", "/-/healthy"),
    }
    return server.template(place, pod, container, _SCRAPED)


_SCRAPED: Final = {"prometheus.io/scrape": "true", "prometheus.io/port": str(server.ALERTMANAGER.port)}
