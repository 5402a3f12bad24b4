"""What the API server puts into pods and pod templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_MODE: Final = 0o644
# Volumes made of files, whose files have a mode.
_FILES: Final = ("secret", "configMap", "downwardAPI", "projected")


def set_missing(obj: Obj, **values: Any) -> None:
    """Set fields that are absent, or an empty text, or 0: the server can't tell these apart where a field is no pointer."""
    for name, value in values.items():
        if not obj.get(name) and not isinstance(obj.get(name), (dict, list)):
            obj[name] = value


def pod(obj: Obj) -> None:
    """A pod: what its specification gets, and what pods get that templates don't."""
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    for container in _containers(spec):
        resources = container.get("resources") or {}
        if limits := resources.get("limits"):
            resources["requests"] = {**limits, **(resources.get("requests") or {})}
        for port in (container.get("ports") or []) if spec.get("hostNetwork") else []:
            set_missing(port, hostPort=port.get("containerPort"))
    spec.setdefault("enableServiceLinks", True)


def pod_spec(spec: Obj) -> None:
    """The specification of a pod or in a template."""
    set_missing(spec, dnsPolicy="ClusterFirst", restartPolicy="Always", schedulerName="default-scheduler")
    spec.setdefault("securityContext", {})
    spec.setdefault("terminationGracePeriodSeconds", 30)
    if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
        # One field under two names, for the sake of old clients.
        spec["serviceAccountName"] = spec["serviceAccount"] = account
    for volume in spec.get("volumes") or []:
        _volume(volume)
    for container in _containers(spec):
        _container(container)


def _containers(spec: Obj) -> list[Obj]:
    return [c for part in ("containers", "initContainers", "ephemeralContainers") for c in spec.get(part) or []]


def _container(container: Obj) -> None:
    policy = "Always" if is_latest(container.get("image", "")) else "IfNotPresent"
    set_missing(
        container,
        imagePullPolicy=policy,
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    for name in _PROBES:
        if (probe := container.get(name)) is not None:
            set_missing(probe, timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            _action(probe)
    for hook in (container.get("lifecycle") or {}).values():
        if isinstance(hook, dict):
            _action(hook)
    for variable in container.get("env") or []:
        if (field := (variable.get("valueFrom") or {}).get("fieldRef")) is not None:
            set_missing(field, apiVersion="v1")


def _action(holder: Obj) -> None:
    if (get := holder.get("httpGet")) is not None:
        set_missing(get, path="/", scheme="HTTP")
    if (call := holder.get("grpc")) is not None:
        call.setdefault("service", "")


def is_latest(image: str) -> bool:
    """Whether an image's tag is `latest`, said or not. A digest says which one it is."""
    name = image.rpartition("/")[2]
    return bool(name.strip()) and "@" not in image and (":" not in name or name.endswith(":latest"))


def _volume(volume: Obj) -> None:
    if not any(name != "name" for name in volume):
        volume["emptyDir"] = {}
    for kind in _FILES:
        if (source := volume.get(kind)) is not None:
            source.setdefault("defaultMode", _MODE)
    if (path := volume.get("hostPath")) is not None:
        path.setdefault("type", "")
    if (image := volume.get("image")) is not None:
        set_missing(image, pullPolicy="Always" if is_latest(image.get("reference", "")) else "IfNotPresent")
    if (claim := (volume.get("ephemeral") or {}).get("volumeClaimTemplate")) is not None:
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
        _projection(source)


def _projection(source: Obj) -> None:
    if (token := source.get("serviceAccountToken")) is not None:
        token.setdefault("expirationSeconds", 3600)
    for item in (source.get("downwardAPI") or {}).get("items") or []:
        if (field := item.get("fieldRef")) is not None:
            set_missing(field, apiVersion="v1")
