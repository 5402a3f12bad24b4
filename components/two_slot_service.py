"""A service with two slots, each a Deployment, and the Service that sends the users to one of them.

Both slots are always declared; an empty one has no pods. So which resources there are never hangs on the state of a release.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from typing import Final, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ContainerArgsDict, PodTemplateSpecArgsDict, Service

SLOTS: Final = ("blue", "green")
PORT: Final = 8080


class TwoSlotServiceArgs(TypedDict):
    """What a service with two slots is made from."""

    namespace: pulumi.Input[str]
    image: str
    """The image, without a tag."""
    replicas: int
    blue: str
    """The version in slot blue; empty for none."""
    green: str
    live: str
    """The slot that the users are sent to."""
    timeout: str
    """How long a slot may take to get ready: `90s`, `10m`."""


class TwoSlotService(pulumi.ComponentResource):
    """Two Deployments and the Service in front of them."""

    version: pulumi.Output[str]
    """The version that the users get."""

    def __init__(self, name: str, args: TwoSlotServiceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tidegate:index:TwoSlotService", name, None, opts)
        versions = {"blue": args["blue"], "green": args["green"]}
        if args["live"] not in versions:
            raise ValueError(f"tidegate:live is {args['live']!r}; it must be one of {', '.join(SLOTS)}")
        slots = [self._slot(name, slot, versions, args) for slot in SLOTS]
        service = Service(
            name,
            metadata={
                "name": name,
                "namespace": args["namespace"],
                # The slots are proven ready before this is touched; the provider's own wait would cost ten seconds at each flip.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "selector": {"app.kubernetes.io/name": name, "slot": args["live"]},
                "ports": [{"name": "http", "port": 80, "target_port": PORT}],
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=slots),
        )
        self.version = service.spec["selector"].apply(lambda selector: versions[selector["slot"]])
        self.register_outputs({"version": self.version})

    def _slot(self, name: str, slot: str, versions: dict[str, str], args: TwoSlotServiceArgs) -> Deployment:
        labels = {"app.kubernetes.io/name": name, "slot": slot}
        other = next(version for other, version in versions.items() if other != slot)
        # A slot that is being emptied keeps its image: its pods go as they came.
        version = versions[slot] or other or "none"
        return Deployment(
            f"{name}-{slot}",
            metadata={"name": f"{name}-{slot}", "namespace": args["namespace"], "labels": labels},
            spec={
                "replicas": args["replicas"] if versions[slot] else 0,
                "progress_deadline_seconds": 60,
                "selector": {"match_labels": labels},
                # A new version in the live slot never takes a ready pod away before another is ready.
                "strategy": {"rolling_update": {"max_surge": 1, "max_unavailable": 0}},
                "template": _template({**labels, "app.kubernetes.io/version": version}, f"{args['image']}:{version}"),
            },
            opts=pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(create=args["timeout"], update=args["timeout"])),
        )


def _template(labels: dict[str, str], image: str) -> PodTemplateSpecArgsDict:
    return {"metadata": {"labels": labels}, "spec": {"containers": [_container(image)], "automount_service_account_token": False}}


def _container(image: str) -> ContainerArgsDict:
    return {
        "name": "app",
        "image": image,
        "ports": [{"name": "http", "container_port": PORT}],
        "readiness_probe": {"http_get": {"path": "/ready", "port": PORT}, "period_seconds": 1},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "security_context": {
            "allow_privilege_escalation": False,
            "capabilities": {"drop": ["ALL"]},
            "read_only_root_filesystem": True,
            "run_as_non_root": True,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
    }
