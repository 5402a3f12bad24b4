"""A Service's selector finds pods.

Looks at: `spec.selector` of Services; `spec.replicas` and the template's labels of Deployments in the same namespace.
Allowed: a Service without a selector, or one that matches a Deployment with at least one replica.
"""

from typing import Any

from pulumi_policy import ReportViolation, StackValidationArgs, StackValidationPolicy

SERVICE, DEPLOYMENT = "kubernetes:core/v1:Service", "kubernetes:apps/v1:Deployment"


def serves(deployment: dict[str, Any], namespace: str | None, selector: dict[str, str]) -> bool:
    """Whether the Deployment has pods that the selector finds."""
    spec = deployment["spec"]
    labels = spec["template"]["metadata"].get("labels") or {}
    return deployment["metadata"].get("namespace") == namespace and spec.get("replicas", 1) > 0 and selector.items() <= labels.items()


def _validate(args: StackValidationArgs, report: ReportViolation) -> None:
    deployments = [r.props for r in args.resources if r.resource_type == DEPLOYMENT]
    for service in args.resources:
        if service.resource_type != SERVICE or not (selector := service.props["spec"].get("selector")):
            continue
        namespace = service.props["metadata"].get("namespace")
        if not any(serves(deployment, namespace, selector) for deployment in deployments):
            wanted = ", ".join(f"{key}={value}" for key, value in selector.items())
            report(f"the users would be sent where nothing runs: no Deployment with replicas has pods with {wanted}.", service.urn)


live_slot_runs = StackValidationPolicy("live-slot-runs", "The users are sent to a slot that runs.", _validate)
