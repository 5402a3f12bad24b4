"""Whoever takes users has pods.

Looks at: backends of HTTPRoutes and Ingresses; `spec.selector` of Services; `spec.replicas` and the template's labels of Deployments and
StatefulSets in the same namespace.
Allowed: a Service without a selector; one that matches a workload with at least one replica; and, as long as no route gives it users, the
Service of a slot (`web-green`, `web-preview`): the slot may be empty.
"""

from collections.abc import Iterator
from typing import Any

from pulumi_policy import ReportViolation, StackValidationArgs, StackValidationPolicy

SERVICE, INGRESS, ROUTE = (
    "kubernetes:core/v1:Service",
    "kubernetes:networking.k8s.io/v1:Ingress",
    "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
)
WORKLOADS = {"kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"}
APP, SLOT = "app.kubernetes.io/name", "tidegate.dev/slot"


def routed(kind: str, spec: dict[str, Any]) -> Iterator[str]:
    """The Services that a route sends requests to."""
    for rule in spec.get("rules") or ():
        if kind == ROUTE:
            yield from (ref["name"] for ref in rule.get("backendRefs") or () if ref.get("weight", 1) > 0)
        if kind == INGRESS:
            paths = (rule.get("http") or {}).get("paths") or ()
            yield from (path["backend"]["service"]["name"] for path in paths if "service" in path["backend"])


def serves(workload: dict[str, Any], namespace: str | None, selector: dict[str, str]) -> bool:
    """Whether the workload has pods that the selector finds."""
    spec = workload["spec"]
    labels = spec["template"]["metadata"].get("labels") or {}
    return workload["metadata"].get("namespace") == namespace and spec.get("replicas", 1) > 0 and selector.items() <= labels.items()


def takes_users(name: str, selector: dict[str, str], *, routed_to: bool) -> bool:
    """Whether anybody but testers gets there: by a route, or from inside by the application's own name."""
    app = selector.get(APP)
    return SLOT not in selector or name == app or (routed_to and name != f"{app}-preview")


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    workloads = [r.props for r in args.resources if r.resource_type in WORKLOADS]
    targets = {
        (r.props["metadata"].get("namespace"), target)
        for r in args.resources
        if r.resource_type in {INGRESS, ROUTE}
        for target in routed(r.resource_type, r.props["spec"])
    }
    for service in args.resources:
        if service.resource_type != SERVICE or not (selector := service.props["spec"].get("selector")):
            continue
        name, namespace = service.props["metadata"].get("name", ""), service.props["metadata"].get("namespace")
        if not takes_users(name, selector, routed_to=(namespace, name) in targets):
            continue
        if not any(serves(workload, namespace, selector) for workload in workloads):
            wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
            report(f"the users would be sent where nothing runs: nothing with replicas has pods with {wanted}.", service.urn)


live_slot_runs = StackValidationPolicy("live-slot-runs", "The users are sent to a slot that runs.", _validate)
