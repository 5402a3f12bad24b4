"""A service's two slots: the pods of each, what they are configured with, how many there are, and the proof that they are well.

Both slots are always declared; one that isn't running has no pods. Each is made from its own frozen specification, so a release never
touches what serves the users.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Callable
from typing import Any, Final, NotRequired, TypedDict, cast

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import labels, pods, settings, sizes
from components.ports import service_ports
from components.slots import SlotArgs, State, Waits, after, state_of
from components.smoke import Smoke
from tidegate.model.base import SLOTS, Slot, seconds
from tidegate.model.errand import budget
from tidegate.model.intent.intent import Intent

_SKIP: Final = {"pulumi.com/skipAwait": "true"}
# Seconds.
_MARGIN: Final = 30


class AutoscalingArgs(TypedDict):
    """How much of what its pods ask for may be used, in percent, before there are more of them. The bounds are the slots'."""

    cpu: NotRequired[int]
    memory: NotRequired[int]


class WorkloadArgs(TypedDict):
    """What a service's slots are made from."""

    namespace: pulumi.Input[str]
    account: pulumi.Input[str]
    """The service account of the pods."""
    priority: NotRequired[pulumi.Input[str]]
    """The pods' priority class."""
    blue: pulumi.Input[SlotArgs]
    green: pulumi.Input[SlotArgs]
    ready_within: str
    """How long a slot may take to get ready: `90s`, `10m`."""
    autoscaling: NotRequired[AutoscalingArgs]
    """If the number of pods follows how busy they are."""
    smoke: NotRequired[str]
    """If slots are looked at before users get there: how long that may take, with all its tries."""
    monitor: NotRequired[dict[str, str]]
    """If an operator's Prometheus is to read metrics: the labels by which it picks its ServiceMonitors."""


class Workload(pulumi.ComponentResource):
    """The two slots of a service."""

    def __init__(self, name: str, args: WorkloadArgs, opts: pulumi.ResourceOptions | None = None, *, waits: Waits | None = None) -> None:
        super().__init__("tidegate:index:Workload", name, None, opts)
        inputs = {"blue": args["blue"], "green": args["green"]}
        made = {slot: _Slot(self, name, slot, state_of(inputs[slot]), args, waits) for slot in SLOTS}
        # Resources of any kind: no outputs of the package's schema, which would have to name the kind.
        self.proofs: dict[Slot, list[pulumi.Resource]] = {slot: one.declare() for slot, one in made.items()}
        """What must be there before a slot gets traffic."""
        self.backends: list[pulumi.Resource] = [one.service for one in made.values()]
        """The slots' own Services: what weighted routes lead to."""
        self.register_outputs({"services": [service.metadata["name"] for service in (one.service for one in made.values())]})


def arguments(
    intent: Intent,
    name: str,
    namespace: pulumi.Input[str],
    account: pulumi.Input[str],
    slots: dict[Slot, pulumi.Output[Any]],
    priority: pulumi.Input[str] | None = None,
) -> WorkloadArgs:
    """The arguments of one of the intent's services, with its slots as the plan has them."""
    service, monitoring = intent.services[name], intent.monitoring
    args: WorkloadArgs = {
        "namespace": namespace,
        "account": account,
        "blue": slots["blue"],
        "green": slots["green"],
        "ready_within": service.ready_within,
    }
    if priority is not None:
        args["priority"] = priority
    if service.autoscaling is not None:
        args["autoscaling"] = cast("AutoscalingArgs", service.autoscaling.model_dump(include={"cpu", "memory"}, exclude_none=True))
    if service.checks.smoke is not None:
        # The Job ends by itself, and says why, before the update tires of it.
        args["smoke"] = f"{budget(service.checks.smoke) + _MARGIN:.0f}s"
    if monitoring.kind == "operator" and service.metrics is not None:
        args["monitor"] = {"release": monitoring.release_label}
    return args


class _Slot:
    """One slot's resources, children of the component."""

    def __init__(
        self, parent: Workload, name: str, slot: Slot, state: pulumi.Output[State], args: WorkloadArgs, waits: Waits | None
    ) -> None:
        self._service, self._slot, self._state, self._args = name, slot, state, args
        # Once for all: each Output costs the SDK some time.
        self._placed = pulumi.Output.all(state, args["namespace"])
        self._waits = waits[slot] if waits is not None else None
        self._opts = pulumi.ResourceOptions(parent=parent)
        self._name = f"{name}-{slot}"

    def declare(self) -> list[pulumi.Resource]:
        """All of it; what proves the slot ready is returned."""
        args = self._args
        self.service = self._in_front()
        deployment = self._deployment(settings.declare(self._service, self._slot, self._state, args["namespace"], self._opts))
        proofs: list[pulumi.Resource] = [self.service, deployment]
        if "autoscaling" in args:
            proofs.append(self._autoscaler(deployment, args["autoscaling"]))
        proofs.append(self._budget(list(proofs)))
        if "smoke" in args:
            # The Job itself: a component is there as soon as it is declared, and proves nothing.
            proofs.append(self._smoke(args["smoke"], list(proofs)).job)
        if "monitor" in args:
            self._monitor(args["monitor"])
        return proofs

    def _in_front(self) -> Service:
        return Service(
            self._name,
            # The slot has pods later, or none at all.
            metadata=self._metadata(self._name, lambda _: _SKIP),
            spec=self._state.apply(
                lambda state: {"selector": labels.selector(self._service, self._slot), "ports": service_ports(state.spec.ports)}
            ),
            opts=self._opts,
        )

    def _deployment(self, names: pulumi.Output[settings.Names]) -> Deployment:
        args = self._args

        def spec(found: list[Any]) -> Any:
            state, account, priority, given = found
            place = pods.Place(self._service, self._slot, account, priority, given.config, given.secrets)
            return {
                **sizes.replicas(state),
                "selector": {"matchLabels": labels.selector(self._service, self._slot)},
                # A pod goes only when another is ready in its place.
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
                "progressDeadlineSeconds": pods.whole(state.spec.ready_within),
                "revisionHistoryLimit": 2,
                "template": pods.template(state.spec, place),
            }

        return Deployment(
            self._name,
            metadata=self._metadata(
                self._name,
                lambda state: {
                    labels.SPEC: state.hash,
                    labels.PROVEN: state.proven,
                    labels.RELEASE: state.release,
                    **sizes.deployment_annotations(state),
                },
            ),
            spec=pulumi.Output.all(self._state, args["account"], args.get("priority"), names).apply(spec),
            opts=self._patient(after(self._waits)),
        )

    def _autoscaler(self, deployment: Deployment, targets: AutoscalingArgs) -> HorizontalPodAutoscaler:
        wanted = (targets.get("cpu"), targets.get("memory"))
        return HorizontalPodAutoscaler(
            self._name,
            metadata=self._metadata(self._name, lambda _: {}),
            spec=self._state.apply(lambda state: sizes.autoscaler(state, self._name, *wanted)),
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=after(self._waits, deployment))),
        )

    def _budget(self, pods_: list[pulumi.Resource]) -> PodDisruptionBudget:
        return PodDisruptionBudget(
            self._name,
            metadata=self._metadata(self._name, sizes.budget_annotations),
            spec=self._state.apply(lambda state: sizes.budget(self._service, self._slot, state)),
            opts=self._patient(after(self._waits, *pods_)),
        )

    def _smoke(self, timeout: str, ready: list[pulumi.Resource]) -> Smoke:
        args = self._args
        return Smoke(
            f"{self._name}-smoke",
            {
                "namespace": args["namespace"],
                "account": args["account"],
                "service": self._service,
                "slot": self._slot,
                "state": args["blue"] if self._slot == "blue" else args["green"],
                "timeout": timeout,
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=ready)),
        )

    def _monitor(self, picked_by: dict[str, str]) -> CustomResource:
        return CustomResource(
            self._name,
            "monitoring.coreos.com/v1",
            "ServiceMonitor",
            metadata=self._metadata(self._name, lambda _: {}, picked_by),
            spec=self._state.apply(lambda state: monitored(self._service, self._slot, state)),
            opts=self._opts,
        )

    def _metadata(
        self, name: str, annotations: Callable[[State], dict[str, str]], more: dict[str, str] | None = None
    ) -> pulumi.Output[Any]:
        return self._placed.apply(
            lambda all_: labels.metadata(name, all_[1], all_[0].labels(self._service, self._slot) | (more or {}), annotations(all_[0]))
        )

    def _patient(self, depends_on: Any) -> pulumi.ResourceOptions:
        """Options of what is awaited as long as the slot may take to get ready."""
        timeout = f"{seconds(self._args['ready_within']):g}s"
        more = pulumi.ResourceOptions(depends_on=depends_on, custom_timeouts=pulumi.CustomTimeouts(create=timeout, update=timeout))
        return pulumi.ResourceOptions.merge(self._opts, more)


def monitored(service: str, slot: Slot, state: State) -> Any:
    """Where the slot's metrics are; with the labels that rules and dashboards ask for."""
    metrics = state.spec.metrics
    endpoint = {
        "port": (metrics.port if metrics else None) or state.spec.entry,
        "path": metrics.path if metrics else "/metrics",
        "relabelings": [
            {"action": "replace", "sourceLabels": [source], "targetLabel": target}
            for source, target in (
                ("__meta_kubernetes_pod_label_app_kubernetes_io_name", "service"),
                ("__meta_kubernetes_pod_label_tidegate_dev_slot", "slot"),
                ("__meta_kubernetes_pod_label_app_kubernetes_io_version", "version"),
            )
        ],
    }
    # A version without metrics isn't looked at.
    return {"selector": {"matchLabels": labels.selector(service, slot)}, "endpoints": [endpoint] if metrics else []}
