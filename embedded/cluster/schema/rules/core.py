"""The rules for what pods use: Services, ConfigMaps, Secrets, claims and quotas."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.quantities import quantity
from embedded.cluster.schema.rules.causes import Struct, duplicate, each, forbidden, invalid, required, too_long, unchanged, unsupported
from embedded.cluster.schema.rules.names import data_key, label_name, labels, port, port_number, qualified_name, subdomain

if TYPE_CHECKING:
    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj

_MOST_BYTES: Final = 1024 * 1024
_SERVICE_TYPES: Final = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_TRAFFIC: Final = ("Cluster", "Local")
_AFFINITIES: Final = ("ClientIP", "None")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_ACCESS: Final = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_FROZEN: Final = "field is immutable when `immutable` is set"
# What a quota may limit without naming its group.
_COUNTED: Final = frozenset(
    {
        *("cpu", "memory", "ephemeral-storage", "pods", "services", "services.nodeports", "services.loadbalancers", "secrets"),
        *("configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas"),
    }
)
# What a Secret of a type must hold, by key.
_HELD: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}


def service(obj: Obj, old: Obj | None) -> list[Cause]:
    """A Service."""
    spec = obj.get("spec") or {}
    causes = _addresses_kept(spec, (old or {}).get("spec") or {}) if old is not None else []
    kind, headless = spec.get("type", "ClusterIP"), spec.get("clusterIP") == "None"
    ports = spec.get("ports") or []
    if not ports and not headless and kind != "ExternalName":
        causes.append(required("spec.ports"))
    if headless and kind in {"LoadBalancer", "NodePort"}:
        causes.append(invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services"))
    if kind == "ExternalName":
        name = (spec.get("externalName") or "").removesuffix(".")
        causes += each("spec.externalName", name, subdomain(name)) if name else [required("spec.externalName")]
    causes += _service_ports(ports)
    causes += labels("spec.selector", spec.get("selector"))
    if (affinity := spec.get("sessionAffinity", "None")) not in _AFFINITIES:
        causes.append(unsupported("spec.sessionAffinity", affinity, _AFFINITIES))
    if kind not in _SERVICE_TYPES:
        causes.append(unsupported("spec.type", kind, _SERVICE_TYPES))
    if kind == "ClusterIP":
        why = "may not be used when `type` is 'ClusterIP'"
        causes += [forbidden(f"spec.ports[{at}].nodePort", why) for at, p in enumerate(ports) if p.get("nodePort")]
    return causes + _distinct_ports(ports) + _outside(spec)


def _outside(spec: Obj) -> list[Cause]:
    """What only Services that are reached from outside may say."""
    kind, causes = spec.get("type", "ClusterIP"), []
    if spec.get("allocateLoadBalancerNodePorts") is not None and kind != "LoadBalancer":
        causes.append(forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'"))
    policy = spec.get("externalTrafficPolicy")
    if policy and kind not in {"NodePort", "LoadBalancer"} and not spec.get("externalIPs"):
        causes.append(invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"))
    elif policy and policy not in _TRAFFIC:
        causes.append(unsupported("spec.externalTrafficPolicy", policy, _TRAFFIC))
    return causes


def _service_ports(ports: list[Obj]) -> list[Cause]:
    causes, names = [], set()
    for at, found in enumerate(ports):
        place, name = f"spec.ports[{at}]", found.get("name")
        if name:
            causes += each(f"{place}.name", name, label_name(name))
            if name in names:
                causes.append(duplicate(f"{place}.name", name))
            names.add(name)
        elif len(ports) > 1:
            causes.append(required(f"{place}.name"))
        number = found.get("port", 0)
        causes += each(f"{place}.port", number, port_number(number))
        if (protocol := found.get("protocol")) not in _PROTOCOLS:
            causes.append(unsupported(f"{place}.protocol", protocol, _PROTOCOLS))
        causes += port(f"{place}.targetPort", found.get("targetPort", number))
        if application := found.get("appProtocol"):
            causes += each(f"{place}.appProtocol", application, qualified_name(application))
    return causes


def _distinct_ports(ports: list[Obj]) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[tuple[Any, Any]] = set()
    for at, found in enumerate(ports):
        key = (found.get("protocol"), found.get("port"))
        if key in seen:
            same = Struct(Name="", Protocol=key[0], AppProtocol=None, Port=key[1], TargetPort=0, NodePort=0)
            causes.append(duplicate(f"spec.ports[{at}]", same))
        seen.add(key)
    return causes


def _addresses_kept(spec: Obj, before: Obj) -> list[Cause]:
    if "ExternalName" in {spec.get("type"), before.get("type")}:
        return []
    new, old = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    if old and not new:
        return [invalid("spec.clusterIPs[0]", new, "primary clusterIP can not be unset")]
    changed = [at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    return [invalid(f"spec.clusterIPs[{at}]", new, "may not change once set") for at in changed]


def config_map(obj: Obj, old: Obj | None) -> list[Cause]:
    """A ConfigMap."""
    causes = _kept(obj, old, ("data", "binaryData"))
    data, binary = obj.get("data") or {}, obj.get("binaryData") or {}
    size = 0
    for part, held in (("data", data), ("binaryData", binary)):
        for key, value in held.items():
            causes += each(f"{part}[{key}]", key, data_key(key))
            if part == "data" and key in binary:
                causes.append(invalid(f"data[{key}]", key, "duplicate of key present in binaryData"))
            size += len(value.encode()) if part == "data" else len(value) * 3 // 4
    return [*causes, too_long("[]", _MOST_BYTES)] if size > _MOST_BYTES else causes


def _kept(obj: Obj, old: Obj | None, parts: tuple[str, ...]) -> list[Cause]:
    if old is None or not old.get("immutable"):
        return []
    causes = [] if obj.get("immutable") else [forbidden("immutable", _FROZEN)]
    return causes + [forbidden(p, _FROZEN) for p in parts if (obj.get(p) or {}) != (old.get(p) or {})]


def secret(obj: Obj, old: Obj | None) -> list[Cause]:
    """A Secret. What it holds is never shown."""
    causes = [] if old is None else unchanged("type", obj.get("type"), old.get("type"))
    causes += _kept(obj, old, ("data",))
    data, kind = obj.get("data") or {}, obj.get("type", "Opaque")
    causes += [c for key in data for c in each(f"data[{key}]", key, data_key(key))]
    if sum(len(v or "") for v in data.values()) * 3 // 4 > _MOST_BYTES:
        causes.append(too_long("data", _MOST_BYTES))
    if kind == "kubernetes.io/service-account-token":
        name = "kubernetes.io/service-account.name"
        notes = (obj.get("metadata") or {}).get("annotations") or {}
        return causes if notes.get(name) else [*causes, required(f"metadata.annotations[{name}]")]
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & data.keys():
        return [*causes, required("data[username]"), required("data[password]")]
    for key in _HELD.get(kind, ()):
        if key not in data:
            causes.append(required(f"data[{key}]"))
        elif key.startswith(".") and not _is_json(data[key]):
            causes.append(invalid(f"data[{key}]", "<secret contents redacted>", "is no JSON object"))
    return causes


def _is_json(encoded: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(encoded)), dict)
    except ValueError:
        return False


def claim(obj: Obj, old: Obj | None) -> list[Cause]:
    """A PersistentVolumeClaim."""
    spec = obj.get("spec") or {}
    modes = spec.get("accessModes") or []
    causes = [] if modes else [required("spec.accessModes", "at least 1 access mode is required")]
    causes += [unsupported("spec.accessModes", mode, _ACCESS) for mode in modes if mode not in _ACCESS]
    size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    if size is None:
        causes.append(required("spec.resources[storage]"))
    elif quantity(size) <= 0:
        causes.append(invalid("spec.resources[storage]", size, "must be greater than zero"))
    if old is not None:
        causes += _claim_kept(spec, old)
    return causes


def _claim_kept(spec: Obj, old: Obj) -> list[Cause]:
    before = old.get("spec") or {}
    bound = (old.get("status") or {}).get("phase") == "Bound"
    mutable = {"resources", "volumeAttributesClassName"} if bound else set()
    if not before.get("volumeName"):
        mutable.add("volumeName")
    if any(spec.get(k) != before.get(k) for k in (spec.keys() | before.keys()) - mutable):
        why = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
        return [forbidden("spec", why)]
    sizes = [quantity(((s.get("resources") or {}).get("requests") or {}).get("storage", "0")) for s in (spec, before)]
    where = "spec.resources.requests.storage"
    return [forbidden(where, "field can not be less than status.capacity")] if sizes[0] < sizes[1] else []


def resource_quota(obj: Obj, _: Obj | None) -> list[Cause]:
    """A ResourceQuota: how much of what."""
    causes = []
    for name, amount in ((obj.get("spec") or {}).get("hard") or {}).items():
        causes += each(f"spec.hard[{name}]", name, qualified_name(name))
        if "/" not in name and name not in _COUNTED and not name.startswith(("requests.", "limits.", "hugepages-")):
            causes.append(invalid(f"spec.hard[{name}]", name, "must be a standard resource type or fully qualified"))
            causes.append(invalid(f"spec.hard[{name}]", name, "must be a standard resource for quota"))
        if quantity(amount) < 0:
            causes.append(invalid(f"spec.hard[{name}]", amount, "must be greater than or equal to 0"))
    return causes
