"""The rules for what governs others: autoscalers, disruption budgets, roles, ingresses, network policies and definitions of kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema.rules.causes import Struct, forbidden, invalid, missing, required, unchanged, unsupported
from embedded.cluster.schema.rules.names import dns_1035, label_name, path_segment, port, selector, subdomain
from embedded.cluster.schema.rules.workloads import amount, at_most_all

if TYPE_CHECKING:
    from embedded.cluster.model.errors import Cause
    from embedded.cluster.model.objects import Obj

_RBAC: Final = "rbac.authorization.k8s.io"
_PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")
_METRICS: Final = ("ContainerResource", "External", "Object", "Pods", "Resource")
_DIRECTIONS: Final = ("Ingress", "Egress")
_MOST_PRIORITY: Final = 1_000_000_000
_COLUMNS: Final = ("boolean", "date", "integer", "number", "string")


def autoscaler(obj: Obj, _: Obj | None) -> list[Cause]:
    """A HorizontalPodAutoscaler."""
    spec = obj.get("spec") or {}
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    causes = []
    if least < 1:
        causes.append(invalid("spec.minReplicas", least, "must be greater than or equal to 1"))
    if most == 0:
        causes.append(required("spec.maxReplicas", "must be set and greater than 0"))
    elif most < 0:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than or equal to 1"))
    if most < least:
        causes.append(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"))
    target = spec.get("scaleTargetRef") or {}
    for part in ("kind", "name"):
        if not target.get(part):
            causes.append(required(f"spec.scaleTargetRef.{part}"))
        else:
            causes += [invalid(f"spec.scaleTargetRef.{part}", target[part], why) for why in path_segment(target[part])]
    if "/" not in (version := target.get("apiVersion") or "") and (version, target.get("kind")) != ("v1", "ReplicationController"):
        causes.append(invalid("spec.scaleTargetRef.apiVersion", version, "apiVersion must specify API group"))
    metrics = spec.get("metrics") or []
    for at, metric in enumerate(metrics):
        causes += _metric(f"spec.metrics[{at}]", metric)
    if least == 0 and not any(m.get("type") in {"Object", "External"} for m in metrics):
        causes.append(forbidden("spec.metrics", "must specify at least one Object or External metric to support scaling to zero replicas"))
    return causes


def _metric(field: str, metric: Obj) -> list[Cause]:
    kind = metric.get("type")
    if not kind:
        return [required(f"{field}.type", "must specify a metric source type")]
    if kind not in _METRICS:
        return [unsupported(f"{field}.type", kind, _METRICS)]
    source = kind[0].lower() + kind[1:]
    return [] if metric.get(source) else [required(f"{field}.{source}", "must populate information for the given metric source")]


def disruption_budget(obj: Obj, _: Obj | None) -> list[Cause]:
    """A PodDisruptionBudget."""
    spec = obj.get("spec") or {}
    causes = []
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        least, most, policy = spec["minAvailable"], spec["maxUnavailable"], spec.get("unhealthyPodEvictionPolicy")
        both = Struct(MinAvailable=least, Selector=spec.get("selector"), MaxUnavailable=most, UnhealthyPodEvictionPolicy=policy)
        causes.append(invalid("spec", both, "minAvailable and maxUnavailable cannot be both set"))
    for name in ("minAvailable", "maxUnavailable"):
        causes += amount(f"spec.{name}", spec.get(name)) + at_most_all(f"spec.{name}", spec.get(name))
    return causes + selector("spec.selector", spec.get("selector"))


def role(obj: Obj, _: Obj | None) -> list[Cause]:
    """A Role or a ClusterRole."""
    causes = []
    for at, rule in enumerate(obj.get("rules") or []):
        field = f"rules[{at}]"
        if not rule.get("verbs"):
            causes.append(required(f"{field}.verbs", "verbs must contain at least one value"))
        if urls := rule.get("nonResourceURLs"):
            if obj.get("kind") == "Role":
                causes.append(invalid(f"{field}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"))
            continue
        if not rule.get("apiGroups"):
            causes.append(required(f"{field}.apiGroups", "resource rules must supply at least one api group"))
        if not rule.get("resources"):
            causes.append(required(f"{field}.resources", "resource rules must supply at least one resource"))
    return causes


def role_binding(obj: Obj, old: Obj | None) -> list[Cause]:
    """A RoleBinding or a ClusterRoleBinding: what it binds to never changes."""
    bound = obj.get("roleRef") or {}
    causes = []
    if bound.get("apiGroup") != _RBAC:
        causes.append(unsupported("roleRef.apiGroup", bound.get("apiGroup"), (_RBAC,)))
    kinds = ("Role", "ClusterRole") if obj.get("kind") == "RoleBinding" else ("ClusterRole",)
    if bound.get("kind") not in kinds:
        causes.append(unsupported("roleRef.kind", bound.get("kind") or "", kinds))
    if not bound.get("name"):
        causes.append(required("roleRef.name"))
    for at, subject in enumerate(obj.get("subjects") or []):
        field = f"subjects[{at}]"
        if not subject.get("name"):
            causes.append(required(f"{field}.name"))
        if subject.get("kind") not in {"ServiceAccount", "User", "Group"}:
            causes.append(unsupported(f"{field}.kind", subject.get("kind") or "", ("ServiceAccount", "User", "Group")))
        elif subject["kind"] == "ServiceAccount" and not subject.get("namespace") and obj.get("kind") != "RoleBinding":
            causes.append(required(f"{field}.namespace"))
    if old is not None and bound != old.get("roleRef"):
        shown = Struct(APIGroup=bound.get("apiGroup", ""), Kind=bound.get("kind", ""), Name=bound.get("name", ""))
        causes.append(invalid("roleRef", shown, "cannot change roleRef"))
    return causes


def ingress(obj: Obj, _: Obj | None) -> list[Cause]:
    """An Ingress."""
    spec = obj.get("spec") or {}
    causes = []
    if not spec.get("rules") and spec.get("defaultBackend") is None:
        causes.append(invalid("spec", None, "either `defaultBackend` or `rules` must be specified"))
    if (backend := spec.get("defaultBackend")) is not None:
        causes += _ingress_backend("spec.defaultBackend", backend)
    for at, rule in enumerate(spec.get("rules") or []):
        if (host := rule.get("host")) and not host.startswith("*."):
            causes += [invalid(f"spec.rules[{at}].host", host, why) for why in subdomain(host)]
        if (http := rule.get("http")) is None:
            continue
        if not http.get("paths"):
            causes.append(required(f"spec.rules[{at}].http.paths"))
        for number, path in enumerate(http.get("paths") or []):
            causes += _ingress_path(f"spec.rules[{at}].http.paths[{number}]", path)
    return causes


def _ingress_path(field: str, path: Obj) -> list[Cause]:
    kind, text = path.get("pathType"), path.get("path") or ""
    if kind is None:
        return [required(f"{field}.pathType", "pathType must be specified")]
    causes = []
    if kind not in _PATH_TYPES:
        causes.append(unsupported(f"{field}.pathType", kind, _PATH_TYPES))
    elif not text.startswith("/") and (text or kind != "ImplementationSpecific"):
        causes.append(invalid(f"{field}.path", text, "must be an absolute path"))
    return causes + _ingress_backend(f"{field}.backend", path.get("backend") or {})


def _ingress_backend(field: str, backend: Obj) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [invalid(field, "", "cannot set both resource and service backends")]
    if resource is not None:
        return []
    if service is None:
        return [invalid(field, "", "resource or service backend is required")]
    name, target = service.get("name"), service.get("port") or {}
    causes = [invalid(f"{field}.service.name", name, w) for w in label_name(name)] if name else [required(f"{field}.service.name")]
    if target.get("name") and target.get("number"):
        causes.append(invalid(field, "", "cannot set both port name & port number"))
    elif target.get("name"):
        causes += port(f"{field}.service.port.name", target["name"])
    elif target.get("number"):
        causes += port(f"{field}.service.port.number", target["number"])
    else:
        causes.append(required(field, "port name or number is required"))
    return causes


def network_policy(obj: Obj, _: Obj | None) -> list[Cause]:
    """A NetworkPolicy."""
    spec = obj.get("spec") or {}
    causes = selector("spec.podSelector", spec.get("podSelector"))
    for way, peers in (("ingress", "from"), ("egress", "to")):
        for at, rule in enumerate(spec.get(way) or []):
            for number, target in enumerate(rule.get("ports") or []):
                if target.get("port") is not None:
                    causes += port(f"spec.{way}[{at}].ports[{number}].port", target["port"])
            for number, peer in enumerate(rule.get(peers) or []):
                field = f"spec.{way}[{at}].{peers}[{number}]"
                if not peer:
                    causes.append(required(field, "must specify a peer"))
                causes += selector(f"{field}.podSelector", peer.get("podSelector"))
                causes += selector(f"{field}.namespaceSelector", peer.get("namespaceSelector"))
    kinds = spec.get("policyTypes") or []
    return causes + [unsupported(f"spec.policyTypes[{at}]", k, _DIRECTIONS) for at, k in enumerate(kinds) if k not in _DIRECTIONS]


def storage_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """A StorageClass, which never changes."""
    causes = [] if obj.get("provisioner") else [required("provisioner")]
    if old is not None:
        for name in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"):
            causes += unchanged(name, obj.get(name), old.get(name))
    return causes


def priority_class(obj: Obj, old: Obj | None) -> list[Cause]:
    """A PriorityClass: its value never changes."""
    value = obj.get("value", 0)
    if old is not None:
        causes = [] if value == old.get("value") else [forbidden("value", "may not be changed in an update.")]
        return causes + unchanged("preemptionPolicy", obj.get("preemptionPolicy"), old.get("preemptionPolicy"))
    if value > _MOST_PRIORITY and not (obj.get("metadata") or {}).get("name", "").startswith("system-"):
        return [forbidden("value", f"maximum allowed value of a user defined priority is {_MOST_PRIORITY}")]
    return []


def definition(obj: Obj, old: Obj | None) -> list[Cause]:
    """A CustomResourceDefinition."""
    spec = obj.get("spec") or {}
    names, group, versions = spec.get("names") or {}, spec.get("group") or "", spec.get("versions") or []
    causes = []
    if old is None and (name := (obj.get("metadata") or {}).get("name")) != f"{names.get('plural', '')}.{group}":
        causes.append(invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group'))
    if not group:
        causes.append(required("spec.group"))
    elif wrong := subdomain(group):
        causes.append(invalid("spec.group", group, ",".join(wrong)))
    elif "." not in group:
        causes.append(invalid("spec.group", group, "should be a domain with at least one dot"))
    if (scope := spec.get("scope")) not in {"Cluster", "Namespaced"}:
        causes.append(unsupported("spec.scope", scope or "", ("Cluster", "Namespaced")) if scope else required("spec.scope"))
    for at, version in enumerate(versions):
        # A schema that all versions share is kept, and found fault with, apart from them.
        place = "spec.validation.openAPIV3Schema" if len(versions) == 1 else f"spec.versions[{at}].schema.openAPIV3Schema"
        causes += _version(f"spec.versions[{at}]", version, place)
    if len({v.get("name") for v in versions}) < len(versions):
        causes.append(invalid("spec.versions", versions, "must contain unique version names"))
    if sum(bool(v.get("storage")) for v in versions) != 1:
        causes.append(invalid("spec.versions", versions, "must have exactly one version marked as storage version"))
    causes += _defined_names(names)
    if old is not None:
        causes += _definition_kept(spec, old.get("spec") or {})
    return causes


def _version(field: str, version: Obj, place: str) -> list[Cause]:
    name = version.get("name") or ""
    causes = [invalid(f"{field}.name", name, ",".join(wrong))] if (wrong := dns_1035(name)) else []
    schema = (version.get("schema") or {}).get("openAPIV3Schema")
    if schema is None:
        return [*causes, required(f"{field}.schema.openAPIV3Schema")]
    if not schema.get("type"):
        causes.append(required(f"{place}.type", "must not be empty at the root"))
    elif schema["type"] != "object":
        causes.append(invalid(f"{place}.type", schema["type"], "must be object at the root"))
    for at, column in enumerate(version.get("additionalPrinterColumns") or []):
        if column.get("type") not in _COLUMNS:
            why = f"must be one of {','.join(_COLUMNS)}"
            causes.append(invalid(f"{field}.additionalPrinterColumns[{at}].type", column.get("type") or "", why))
    return causes + _structural(place, schema)


def _structural(field: str, schema: Any) -> list[Cause]:
    """What makes a schema structural: types everywhere, and keys of lists that are there."""
    if not isinstance(schema, dict):
        return []
    causes = []
    loose = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if not schema.get("type") and not loose:
        causes.append(required(f"{field}.type", "must not be empty for specified object fields"))
    for name, inner in (schema.get("properties") or {}).items():
        causes += _structural(f"{field}.properties[{name}]", inner)
    if schema.get("type") == "array":
        items = schema.get("items")
        if items is None:
            causes.append(required(f"{field}.items", "must be specified"))
        else:
            causes += _structural(f"{field}.items", items)
        if schema.get("x-kubernetes-list-type") == "map":
            known = (items or {}).get("properties") or {}
            keys = schema.get("x-kubernetes-list-map-keys") or []
            if not keys:
                causes.append(required(f"{field}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"))
            causes += [missing(f"{field}.x-kubernetes-list-map-keys[{at}]", k) for at, k in enumerate(keys) if k not in known]
    if isinstance(values := schema.get("additionalProperties"), dict):
        if schema.get("properties"):
            why = "additionalProperties and properties are mutual exclusive"
            causes.append(forbidden(f"{field}.additionalProperties", why))
        causes += _structural(f"{field}.additionalProperties", values)
    return causes


def _defined_names(names: Obj) -> list[Cause]:
    causes = []
    for part in ("plural", "singular", "kind", "listKind"):
        name = names.get(part) or ""
        mixed = part.lower().endswith("kind")
        if not name:
            causes.append(required(f"spec.names.{part}"))
        elif wrong := dns_1035(name.lower() if mixed else name):
            why = "may have mixed case, but should otherwise match: " if mixed else ""
            causes.append(invalid(f"spec.names.{part}", name, why + ",".join(wrong)))
    for at, short in enumerate(names.get("shortNames") or []):
        if wrong := dns_1035(short):
            causes.append(invalid(f"spec.names.shortNames[{at}]", short, ",".join(wrong)))
    return causes


def _definition_kept(spec: Obj, before: Obj) -> list[Cause]:
    causes = unchanged("spec.group", spec.get("group"), before.get("group")) + unchanged(
        "spec.scope", spec.get("scope"), before.get("scope")
    )
    names, old = spec.get("names") or {}, before.get("names") or {}
    for part in ("kind", "plural"):
        causes += unchanged(f"spec.names.{part}", names.get(part), old.get(part))
    return causes
