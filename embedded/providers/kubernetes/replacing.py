"""Which fields can't be changed in place: a change of one replaces the object.

The API server refuses such changes, or (Secret, ConfigMap) pods would go on with the old content. A kind that isn't listed is replaced
only when its identity changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.objects import group_of, is_config_map, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    Obj = dict[str, Any]
    Path = tuple[str | int, ...]
    Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mutable:
    """What the provider's settings allow to be changed in place."""

    secrets: bool = False
    config_maps: bool = False


def _fields(*names: str, under: str = "spec") -> tuple[Pattern, ...]:
    return tuple((*under.split("."), name) if under else (name,) for name in names)


def _words(text: str) -> list[str]:
    return text.split()


IDENTITY: Final = _fields("name", "namespace", under="metadata")
_SELECTOR: Final = _fields("selector")
_BINDING: Final = _fields("roleRef", under="")
_JOB: Final = _fields("completions", "parallelism", "selector", "template")
_CONTAINER: Final = _words(
    "args command env image imagePullPolicy lifecycle livenessProbe ports readinessProbe resources securityContext stdin stdinOnce "
    "terminationMessagePath terminationMessagePolicy tty volumeDevices volumeMounts workingDir"
)
_POD: Final = (
    *_fields(
        *_words(
            "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostIPC hostNetwork hostPID hostname "
            "imagePullSecrets nodeName nodeSelector overhead preemptionPolicy priority priorityClassName readinessGates restartPolicy "
            "runtimeClassName schedulerName securityContext serviceAccount serviceAccountName shareProcessNamespace subdomain "
            "terminationGracePeriodSeconds volumes"
        )
    ),
    *_fields(*_CONTAINER, under="spec.containers.*"),
    *_fields(*_CONTAINER, under="spec.initContainers.*"),
)
_VOLUME: Final = _fields(
    *_words(
        "awsElasticBlockStore azureDisk azureFile cephfs cinder csi fc flexVolume flocker gcePersistentDisk glusterfs hostPath iscsi local "
        "nfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos vsphereVolume"
    )
)
_KINDS: Final[dict[tuple[str, str], tuple[Pattern, ...]]] = {
    ("apps", "DaemonSet"): _SELECTOR,
    ("apps", "Deployment"): _SELECTOR,
    ("apps", "StatefulSet"): _fields("podManagementPolicy", "revisionHistoryLimit", "selector", "serviceName", "volumeClaimTemplates"),
    ("batch", "Job"): _JOB,
    ("", "PersistentVolume"): _VOLUME,
    ("", "PersistentVolumeClaim"): _fields("accessModes", "selector", "storageClassName", "volumeName"),
    ("", "Pod"): _POD,
    ("", "ResourceQuota"): _fields("scopes"),
    ("", "Secret"): _fields("type", under=""),
    ("", "Service"): _fields("clusterIP"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _BINDING,
    ("rbac.authorization.k8s.io", "RoleBinding"): _BINDING,
    ("storage.k8s.io", "StorageClass"): _fields("parameters", "provisioner", under=""),
}


def patterns(obj: Obj, mutable: Mutable) -> tuple[Pattern, ...]:
    """The fields of the new object whose change replaces it; `*` is any element of a list."""
    if is_secret(obj) and (not mutable.secrets or obj.get("immutable") is True):
        return IDENTITY + _fields("type", "stringData", "data", under="")
    if is_config_map(obj) and (not mutable.config_maps or obj.get("immutable") is True):
        return IDENTITY + _fields("binaryData", "data", under="")
    return IDENTITY + _KINDS.get((group_of(obj), str(obj.get("kind"))), ())


def replaces(path: Path, value: Any, wanted: Iterable[Pattern]) -> bool:
    """Whether a change at the path touches one of the fields; `value` is what comes there, and may contain the field."""
    return any(_touches(path, value, pattern) for pattern in wanted)


def _touches(path: Path, value: Any, pattern: Pattern) -> bool:
    for i, part in enumerate(pattern):
        if i < len(path):
            if part not in ("*", path[i]):
                return False
        elif part == "*":
            return isinstance(value, list) and any(_touches((), v, pattern[i + 1 :]) for v in value)
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return False
    return True
