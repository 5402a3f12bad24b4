"""How a stack is watched: by an operator's Prometheus and Grafana, that get rules and dashboards, or by a Prometheus of its own.

What the ledger says becomes series, too: rules of constants, that change with each step of a release.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap

from components.alerts import groups, rules, state
from components.dashboards import boards
from components.given import given
from components.monitors.alertmanager import Alertmanager
from components.monitors.grafana import Grafana
from components.monitors.prometheus import STATE, Prometheus
from components.monitors.state_metrics import StateMetrics
from components.watch import Watch, WatchArgs, watch, watch_of
from tidegate.model.intent.intent import Intent
from tidegate.model.ledger import Ledger

DASHBOARD: Final = "grafana_dashboard"
"""The label by which Grafana's sidecar finds dashboards."""


class OwnArgs(TypedDict):
    """What a Prometheus, an Alertmanager and a Grafana of one's own need."""

    retention: str
    """How long metrics are kept."""
    storage: str
    """How big Prometheus' volume is."""
    secret: pulumi.Input[str]
    """The Secret with `grafana-password`, and `slack-url` or `pagerduty-key` if alerts go there."""
    keys: list[str]
    """The keys that the Secret has."""


class MonitoringArgs(TypedDict):
    """How a stack is watched."""

    namespace: pulumi.Input[str]
    labels: dict[str, str]
    """Of all its objects."""
    watch: WatchArgs
    release_label: NotRequired[str]
    """The operator's `release` label: its Prometheus takes rules that have it."""
    own: NotRequired[OwnArgs]
    """For a Prometheus of one's own; without it there is an operator."""
    ledger: NotRequired[pulumi.Input[dict[str, Any]]]
    """The stack's ledger: which slots are live, and what the release under way does."""


class Monitoring(pulumi.ComponentResource):
    """Alerts and dashboards, and what runs them."""

    dashboards: list[str]
    """The names of the dashboards' ConfigMaps."""

    def __init__(
        self,
        name: str,
        args: MonitoringArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        waits: pulumi.Output[Sequence[pulumi.Resource]] | None = None,
    ) -> None:
        """`waits` is what the ledger's series wait for: they say what has happened."""
        super().__init__("tidegate:index:Monitoring", name, None, opts)
        self._name, self._args = name, args
        seen = watch(args["watch"])
        self.dashboards = [self._dashboard(slug, text) for slug, text in boards.written(seen).items()]
        if "own" in args:
            self._run(args["own"], seen, waits)
        else:
            self._declare(seen, waits)
        self.register_outputs({"dashboards": self.dashboards})

    def _dashboard(self, slug: str, text: str) -> str:
        called = f"dashboard-{slug}"
        metadata = self._metadata(called, {DASHBOARD: "1"})
        ConfigMap(f"{self._name}-{called}", metadata=metadata, data={f"{slug}.json": text}, opts=self._opts())
        return called

    def _declare(self, seen: Watch, waits: pulumi.Output[Sequence[pulumi.Resource]] | None) -> None:
        """Rules for an operator."""
        self._rules("alerts", rules.written(groups.groups(seen), seen), self._opts())
        if "ledger" in self._args:
            self._rules("state", self._state(seen).apply(list), pulumi.ResourceOptions(parent=self, depends_on=waits))

    def _rules(self, called: str, written: pulumi.Input[list[dict[str, Any]]], opts: pulumi.ResourceOptions) -> None:
        label = self._args.get("release_label")
        CustomResource(
            f"{self._name}-{called}",
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            metadata=self._metadata(called, {"release": label} if label else {}),
            spec={"groups": written},
            opts=opts,
        )

    def _run(self, own: OwnArgs, seen: Watch, waits: pulumi.Output[Sequence[pulumi.Resource]] | None) -> None:
        """A Prometheus, and who asks it and is told by it."""
        args = self._args
        files: dict[str, pulumi.Input[str]] = {"alerts.yaml": _file(rules.written(groups.groups(seen), seen))}
        if "ledger" in args:
            # By itself, and last: were it with the others, an update that fails would have said what never happened.
            ConfigMap(
                f"{self._name}-state",
                metadata=self._metadata(STATE, {}),
                data={"state.yaml": self._state(seen).apply(_file)},
                opts=pulumi.ResourceOptions(parent=self, depends_on=waits),
            )
        namespace, labels = args["namespace"], args["labels"]
        StateMetrics("kube-state-metrics", {"namespace": namespace, "labels": labels, "watched": seen.namespace}, self._opts())
        Alertmanager("alertmanager", {"namespace": namespace, "labels": labels, "secret": own["secret"], "keys": own["keys"]}, self._opts())
        Prometheus(
            "prometheus",
            {
                "namespace": namespace,
                "labels": labels,
                "watch": args["watch"],
                "rules": files,
                "retention": own["retention"],
                "storage": own["storage"],
            },
            self._opts(),
        )
        Grafana("grafana", {"namespace": namespace, "labels": labels, "secret": own["secret"], "dashboards": self.dashboards}, self._opts())

    def _state(self, seen: Watch) -> pulumi.Output[list[dict[str, Any]]]:
        def of(ledger: dict[str, Any]) -> list[dict[str, Any]]:
            return rules.written((state.state(Ledger.model_validate(ledger, strict=False), seen.namespace),), seen)

        return given(self._args["ledger"]).apply(of)

    def _metadata(self, name: str, more: Mapping[str, str]) -> Any:
        return {"name": name, "namespace": self._args["namespace"], "labels": {**self._args["labels"], **more}}

    def _opts(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self)


def arguments(
    intent: Intent,
    namespace: pulumi.Input[str],
    labels: Mapping[str, str],
    *,
    secret: pulumi.Input[str] | None = None,
    ledger: pulumi.Input[dict[str, Any]] | None = None,
) -> MonitoringArgs:
    """How an intent wants its stack to be watched. `secret` is the Secret that monitoring's set has become."""
    found = intent.monitoring
    args: MonitoringArgs = {"namespace": namespace, "labels": dict(labels), "watch": watch_of(intent)}
    if ledger is not None:
        args["ledger"] = ledger
    if found.kind == "operator":
        args["release_label"] = found.release_label
        return args
    if found.secret is None or secret is None:
        raise ValueError("monitoring.secret: kind own needs a set with grafana-password; name one")
    known = intent.secrets[found.secret]
    args["own"] = {
        "retention": found.retention,
        "storage": found.storage,
        "secret": secret,
        "keys": sorted({*known.required, *known.values}),
    }
    return args


def _file(written: list[dict[str, Any]]) -> str:
    """A rules file; JSON is YAML as well."""
    return json.dumps({"groups": written}, indent=1)
