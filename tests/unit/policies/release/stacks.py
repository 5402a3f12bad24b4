"""Parts of a stack with two slots, as the release policies read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policies.judging import of_manifest

if TYPE_CHECKING:
    from policies.judging import Subject

NAMESPACE: Final = "shop"
APP, SLOT, PROVEN = "app.kubernetes.io/name", "tidegate.dev/slot", "tidegate.dev/proven"
VERSIONS: Final = {
    "HTTPRoute": "gateway.networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1",
    "Service": "v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "PodDisruptionBudget": "policy/v1",
    "PersistentVolumeClaim": "v1",
    "Namespace": "v1",
    "ConfigMap": "v1",
    "Job": "batch/v1",
    "Cluster": "postgresql.cnpg.io/v1",
}
STAMP: Final = {"at": "2026-01-01T12:00:00+00:00", "by": "ann"}


def made(kind: str, name: str, spec: dict[str, Any] | None = None, namespace: str = NAMESPACE, **metadata: Any) -> Subject:
    """An object."""
    version = VERSIONS.get(kind, "apps/v1")
    return of_manifest({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}, "spec": spec})


def pods(
    slot: str,
    replicas: int | None,
    kind: str = "Deployment",
    app: str = "web",
    namespace: str = NAMESPACE,
    proof: str | None = "r1.0",
    **more: Any,
) -> Subject:
    """What makes a slot's pods."""
    labels = {APP: app, SLOT: slot}
    spec: dict[str, Any] = {
        "template": {"metadata": {"labels": {**labels, "more": "yes"}}, "spec": {"containers": [{"name": "app"}]}},
        **more,
    }
    if replicas is not None:
        spec["replicas"] = replicas
    annotations = {} if proof is None else {PROVEN: proof}
    return made(kind, f"{app}-{slot}", spec, namespace, labels=labels, annotations=annotations)


def service(name: str, **selector: str) -> Subject:
    """A Service that selects by application and slot."""
    keys = {"app": APP, "slot": SLOT}
    found = {keys[key]: value for key, value in selector.items()}
    return made("Service", name, {"selector": found, "ports": [{"name": "http", "port": 80}]})


def route(**weights: int | None) -> Subject:
    """A route with weights for slots."""
    refs = [{"name": f"web-{slot}"} | ({} if weight is None else {"weight": weight}) for slot, weight in weights.items()]
    return made("HTTPRoute", "web", {"rules": [{"backendRefs": refs}]})


def ingress(name: str, port: Any = None) -> Subject:
    """An Ingress to a Service."""
    backend = {"service": {"name": name} | ({} if port is None else {"port": port})}
    return made("Ingress", "web", {"rules": [{"http": {"paths": [{"backend": backend}]}}]})


def autoscaler(least: int | None, most: int, target: str = "web-blue", *, hold: bool = False, **more: Any) -> Subject:
    """What moves the number of a Deployment's pods."""
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": target}, "maxReplicas": most, "metrics": [{"type": "Resource"}], **more}
    if least is not None:
        spec["minReplicas"] = least
    if hold:
        spec["behavior"] = {"scaleDown": {"selectPolicy": "Disabled"}}
    return made("HorizontalPodAutoscaler", "web-blue", spec)


def occupant(version: str = "v1", replicas: int = 3, **more: Any) -> dict[str, Any]:
    """What is in a slot, for a ledger."""
    known = {"version": version, "image": f"web:{version}", "spec": version, "config": "c", "secrets": "s", "contract": False}
    return {**known, "release": "r1", "replicas": replicas, "proven": "r1.0", **more}


def ledger(
    phase: str = "shifting",
    weight: int = 25,
    steps: tuple[tuple[str, int], ...] = (),
    blue: dict[str, Any] | None = None,
    green: dict[str, Any] | None = None,
    *,
    kind: str = "release",
    overridden: bool = False,
    **record: Any,
) -> dict[str, Any]:
    """A ledger with a release of web: blue is live."""
    gates = [{"gate": "check", "verdict": "fail", "text": "", "overridden": True}] if overridden else []
    taken = [{"step": place, "kind": name, "weight": to, "stamp": STAMP, "gates": gates} for place, (name, to) in enumerate(steps)]
    release = {"id": "r2", "kind": kind, "services": ["web"], "phase": phase, "step": 1, "weight": weight, "begun": STAMP, "changed": STAMP}
    slots = {"blue": blue or occupant(), "green": green or occupant("v2", 1)}
    web = {"live": "blue", "weight": weight, "slots": slots, "since": STAMP, **record}
    return {"version": 2, "releases": 2, "release": {**release, "taken": taken}, "services": {"web": web}}
