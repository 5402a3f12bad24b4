"""The rules for pods and pod templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.quantities import quantity
from embedded.cluster.schema.rules.causes import duplicate, each, forbidden, invalid, missing, not_negative, required, unsupported
from embedded.cluster.schema.rules.names import label_name, labels, notes, port, port_name, port_number, qualified_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj

_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_PULL: Final = ("Always", "IfNotPresent", "Never")
_RESTART: Final = ("Always", "OnFailure", "Never")
_DNS: Final = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
_MESSAGES: Final = ("File", "FallbackToLogsOnError")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_HANDLERS: Final = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_STANDARD: Final = frozenset({"cpu", "memory", "ephemeral-storage", "storage"})
_CHANGEABLE: Final = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
    "`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def pod(obj: Obj, old: Obj | None) -> list[Cause]:
    """A pod; once made, hardly anything in it changes."""
    spec = obj.get("spec") or {}
    causes = pod_spec("spec", spec)
    if old is not None and _fixed(spec) != _fixed(old.get("spec") or {}):
        causes.append(forbidden("spec", f"pod updates may not change fields other than {_CHANGEABLE}"))
    return causes


def _fixed(spec: Obj) -> Obj:
    """A pod's specification without what may change."""
    left = {k: v for k, v in spec.items() if k not in {"activeDeadlineSeconds", "tolerations", "schedulingGates"}}
    for part in ("containers", "initContainers"):
        if part in left:
            left[part] = [{k: v for k, v in c.items() if k != "image"} for c in left[part]]
    # Containers that look into a running pod are added by a way of their own.
    left.pop("ephemeralContainers", None)
    return left


def template(field: str, found: Obj | None) -> list[Cause]:
    """A pod template."""
    found = found or {}
    metadata = found.get("metadata") or {}
    causes = labels(f"{field}.labels", metadata.get("labels"))
    causes += notes(f"{field}.annotations", metadata.get("annotations"))
    return causes + pod_spec(f"{field}.spec", found.get("spec") or {})


def pod_spec(field: str, spec: Obj) -> list[Cause]:
    """The specification of a pod."""
    volumes = spec.get("volumes") or []
    causes = _volumes(f"{field}.volumes", volumes)
    known = {v.get("name") for v in volumes}
    containers = spec.get("containers") or []
    causes += [] if containers else [required(f"{field}.containers")]
    names: set[str] = set()
    for part in ("containers", "initContainers"):
        for at, container in enumerate(spec.get(part) or []):
            place = f"{field}.{part}[{at}]"
            causes += _container(place, container, known)
            if (name := container.get("name")) in names:
                causes.append(duplicate(f"{place}.name", name))
            names.add(name or "")
    causes += _one_of(f"{field}.restartPolicy", spec.get("restartPolicy"), _RESTART)
    causes += _one_of(f"{field}.dnsPolicy", spec.get("dnsPolicy"), _DNS)
    if (deadline := spec.get("activeDeadlineSeconds")) is not None and deadline < 1:
        causes.append(invalid(f"{field}.activeDeadlineSeconds", deadline, f"must be between 1 and {2**31 - 1}, inclusive"))
    causes += labels(f"{field}.nodeSelector", spec.get("nodeSelector"))
    for name in ("hostname", "subdomain"):
        if text := spec.get(name):
            causes += each(f"{field}.{name}", text, label_name(text))
    return causes


def _one_of(field: str, value: Any, supported: tuple[str, ...]) -> list[Cause]:
    if not value:
        return [required(field)]
    return [] if value in supported else [unsupported(field, value, supported)]


def _volumes(field: str, volumes: list[Obj]) -> list[Cause]:
    causes, names = [], set()
    for at, volume in enumerate(volumes):
        place, name = f"{field}[{at}]", volume.get("name") or ""
        causes += each(f"{place}.name", name, label_name(name)) if name else [required(f"{place}.name")]
        if name in names:
            causes.append(duplicate(f"{place}.name", name))
        names.add(name)
        sources = [k for k in volume if k != "name"]
        causes += [forbidden(f"{place}.{extra}", "may not specify more than 1 volume type") for extra in sources[1:]]
    return causes


def _container(field: str, container: Obj, volumes: set[Any]) -> list[Cause]:
    name = container.get("name") or ""
    causes = each(f"{field}.name", name, label_name(name)) if name else [required(f"{field}.name")]
    if not container.get("image"):
        causes.append(required(f"{field}.image"))
    causes += _one_of(f"{field}.terminationMessagePolicy", container.get("terminationMessagePolicy"), _MESSAGES)
    causes += _ports(f"{field}.ports", container.get("ports") or [])
    causes += _env(f"{field}.env", container.get("env") or [])
    causes += _mounts(f"{field}.volumeMounts", container.get("volumeMounts") or [], volumes)
    causes += _one_of(f"{field}.imagePullPolicy", container.get("imagePullPolicy"), _PULL)
    causes += resources(f"{field}.resources", container.get("resources") or {})
    for hook, handler in (container.get("lifecycle") or {}).items():
        if isinstance(handler, dict):
            causes += _handler(f"{field}.lifecycle.{hook}", handler)
    for probe in _PROBES:
        if (found := container.get(probe)) is not None:
            causes += _probe(f"{field}.{probe}", found, once=probe != "readinessProbe")
    return causes


def _ports(field: str, ports: list[Obj]) -> list[Cause]:
    causes: list[Cause] = []
    names: set[str] = set()
    for at, found in enumerate(ports):
        place = f"{field}[{at}]"
        if name := found.get("name"):
            wrong = each(f"{place}.name", name, port_name(name))
            causes += wrong or ([duplicate(f"{place}.name", name)] if name in names else [])
            names.add(name)
        number = found.get("containerPort")
        causes += each(f"{place}.containerPort", number, port_number(number)) if number else [required(f"{place}.containerPort")]
        if host := found.get("hostPort"):
            causes += each(f"{place}.hostPort", host, port_number(host))
        causes += _one_of(f"{place}.protocol", found.get("protocol"), _PROTOCOLS)
    return causes


def _env(field: str, variables: list[Obj]) -> list[Cause]:
    causes = []
    for at, variable in enumerate(variables):
        place, name = f"{field}[{at}]", variable.get("name")
        if not name:
            causes.append(required(f"{place}.name"))
        elif not (name.isascii() and name.isprintable() and "=" not in name):
            why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
            causes.append(invalid(f"{place}.name", name, why))
        if (source := variable.get("valueFrom")) is not None:
            if not source:
                why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
                causes.append(invalid(f"{place}.valueFrom", "", why))
            elif variable.get("value"):
                causes.append(invalid(f"{place}.valueFrom", "", "may not be specified when `value` is not empty"))
            elif len(source) > 1:
                causes.append(invalid(f"{place}.valueFrom", "", "may not have more than one field specified at a time"))
    return causes


def _mounts(field: str, mounts: list[Obj], volumes: set[Any]) -> list[Cause]:
    causes, paths = [], set()
    for at, mount in enumerate(mounts):
        place, name, path = f"{field}[{at}]", mount.get("name"), mount.get("mountPath")
        if not name:
            causes.append(required(f"{place}.name"))
        if name not in volumes:
            causes.append(missing(f"{place}.name", name or ""))
        if not path:
            causes.append(required(f"{place}.mountPath"))
        if path in paths:
            causes.append(invalid(f"{place}.mountPath", path, "must be unique"))
        paths.add(path)
    return causes


def _handler(field: str, handler: Obj) -> list[Cause]:
    kinds = [k for k in _HANDLERS if handler.get(k) is not None]
    if not kinds:
        return [required(field, "must specify a handler type")]
    causes = [forbidden(f"{field}.{extra}", "may not specify more than 1 handler type") for extra in kinds[1:]]
    action = handler[kinds[0]]
    if kinds[0] == "exec" and not action.get("command"):
        causes.append(required(f"{field}.exec.command"))
    elif kinds[0] in {"httpGet", "tcpSocket", "grpc"}:
        causes += port(f"{field}.{kinds[0]}.port", action.get("port", 0))
    return causes


def _probe(field: str, probe: Obj, *, once: bool) -> list[Cause]:
    causes = _handler(field, {k: v for k, v in probe.items() if k in _HANDLERS})
    for name in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"):
        causes += not_negative(f"{field}.{name}", probe.get(name))
    if once and probe.get("successThreshold") not in {None, 1}:
        causes.append(invalid(f"{field}.successThreshold", probe["successThreshold"], "must be 1"))
    return causes


def resources(field: str, found: Obj) -> list[Cause]:
    """What a container, or a claim, asks for and may use at most."""
    limits, requests = found.get("limits") or {}, found.get("requests") or {}
    causes = _amounts(f"{field}.limits", limits.items())
    causes += _amounts(f"{field}.requests", requests.items())
    if causes:
        return causes
    for name, asked in requests.items():
        if name not in limits:
            if not _is_overcommitted(name):
                causes.append(required(f"{field}.limits", "Limit must be set for non overcommitable resources"))
        elif not _is_overcommitted(name) and quantity(asked) != quantity(limits[name]):
            causes.append(invalid(f"{field}.requests", asked, f"must be equal to {name} limit of {limits[name]}"))
        elif quantity(asked) > quantity(limits[name]):
            causes.append(invalid(f"{field}.requests", asked, f"must be less than or equal to {name} limit of {limits[name]}"))
    return causes


def _is_overcommitted(name: str) -> bool:
    """Whether more of it may be promised than there is: not of what others bring to a node."""
    return "/" not in name and not name.startswith("hugepages-")


def _amounts(field: str, found: Iterable[tuple[str, Any]]) -> list[Cause]:
    causes = []
    for name, amount in found:
        place = f"{field}[{name}]"
        causes += each(place, name, qualified_name(name))
        if "/" not in name and name not in _STANDARD and not name.startswith("hugepages-"):
            causes.append(invalid(place, name, "must be a standard resource type or fully qualified"))
            causes.append(invalid(place, name, "must be a standard resource for containers"))
        if quantity(amount) < 0:
            causes.append(invalid(place, amount, "must be greater than or equal to 0"))
    return causes
