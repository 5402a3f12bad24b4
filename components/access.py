"""Who may do what in an environment: a role each for those who look, those who keep it going, and those who release.

Nobody may look into running containers, get tokens, or change who may do what: that, and what an environment is made of, is for those who
set it up. Who looks never sees Secrets, nor logs, in which users' data may be.
"""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Iterable
from typing import Any, Final, TypedDict

from components.monitors.server import PROMETHEUS
from tidegate.model.intent.intent import Intent

Obj = dict[str, Any]

_LOOK: Final = ("get", "list", "watch")
_ADJUST: Final = (*_LOOK, "patch", "update")
_MANAGE: Final = (*_ADJUST, "create", "delete")

VIEWER: Final = "viewer"
OPERATOR: Final = "operator"
DEPLOYER: Final = "deployer"

# Kinds of operators, whether they are there or not: a release may be what takes the last one away.
_CUSTOM: Final = {
    "external-secrets.io": ("externalsecrets",),
    "gateway.networking.k8s.io": ("httproutes",),
    "monitoring.coreos.com": ("prometheusrules", "servicemonitors"),
}
# What can be looked at, by API group. Of an External Secret that is where the values are, never the values.
_SEEN: Final = {
    "": (
        "configmaps", "endpoints", "events", "limitranges", "persistentvolumeclaims", "pods", "resourcequotas", "serviceaccounts",
        "services",
    ),
    "apps": ("controllerrevisions", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "metrics.k8s.io": ("pods",),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    **_CUSTOM,
}  # fmt: skip
# Slots, routes, and what is told to others about them.
_RELEASED: Final = {
    "": ("configmaps", "secrets", "services"),
    "apps": ("deployments",),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("jobs",),
    "networking.k8s.io": ("ingresses",),
    "policy": ("poddisruptionbudgets",),
    **_CUSTOM,
}
# What there is once an environment, and a version that is bigger or calls somebody new changes.
_FITTED: Final = {"": ("limitranges", "resourcequotas"), "networking.k8s.io": ("networkpolicies",)}


class AccessArgs(TypedDict):
    """Groups of people, as the cluster's authentication knows them."""

    deployers: list[str]
    """May change everything that a release changes."""
    operators: list[str]
    """May look, read logs, restart pods and scale."""
    viewers: list[str]
    """May look; never at Secrets."""


def access_args(intent: Intent) -> AccessArgs:
    """Who may do what, as an intent has it."""
    access = intent.environment.access
    return {
        "deployers": list(access.deployers),
        "operators": list(access.operators),
        "viewers": list(access.viewers),
    }


def roles() -> dict[str, list[Any]]:
    """The roles' rules by name."""
    seen = _rules(_SEEN, _LOOK)
    # Logs are read, not watched: there is nothing else that can be done with them.
    logs = _rule("", ["pods/log"], ["get"])
    return {
        VIEWER: seen,
        OPERATOR: [
            *seen,
            logs,
            # A pod that is deleted comes anew. Evictions do it without falling below what a disruption budget keeps.
            _rule("", ["pods"], ["delete"]),
            _rule("", ["pods/eviction"], ["create"]),
            _rule("apps", ["deployments/scale", "statefulsets/scale"], ["get", "patch", "update"]),
        ],
        DEPLOYER: [
            *seen,
            logs,
            *_rules(_RELEASED, _MANAGE),
            *_rules(_FITTED, _ADJUST),
            # A role reaches the namespace that it is in, and no other.
            _rule("", ["namespaces"], ["get"]),
            # What is measured of candidates, by the stack's own Prometheus.
            _rule("", ["services/proxy"], ["get"]) | {"resourceNames": [f"http:{PROMETHEUS.name}:{PROMETHEUS.port}"]},
        ],
    }


def groups(args: AccessArgs) -> dict[str, list[str]]:
    """Who has each role; a role that nobody has is left out."""
    found = {VIEWER: args["viewers"], OPERATOR: args["operators"], DEPLOYER: args["deployers"]}
    return {role: names for role, names in found.items() if names}


def subjects(names: Iterable[str]) -> list[Any]:
    """Groups, as a binding names them."""
    return [{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": name} for name in names]


def _rules(kinds: dict[str, tuple[str, ...]], verbs: Iterable[str]) -> list[Obj]:
    return [_rule(group, plurals, verbs) for group, plurals in sorted(kinds.items())]


def _rule(group: str, plurals: Iterable[str], verbs: Iterable[str]) -> Obj:
    return {"apiGroups": [group], "resources": list(plurals), "verbs": list(verbs)}
