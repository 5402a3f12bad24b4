"""Volumes, claims and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.api.tables.column import AGE, NAME, UNSET, Column, wide
from embedded.cluster.model.objects import annotations_of, is_deleting, name_of
from embedded.cluster.registry.admission import DEFAULT_CLASS

if TYPE_CHECKING:
    from embedded.cluster.api.tables.column import Columns, Row

_MODES: Final = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(given: list[str] | None) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in (given or []))


def _phase(row: Row) -> str:
    return "Terminating" if is_deleting(row.obj) else str(row.status.get("phase", ""))


def _claim(row: Row) -> str:
    reference = row.spec.get("claimRef")
    return f"{reference.get('namespace', '')}/{reference['name']}" if reference else ""


def _class_name(row: Row) -> str:
    usual = annotations_of(row.obj).get(DEFAULT_CLASS) == "true"
    return f"{name_of(row.obj)} (default)" if usual else name_of(row.obj)


_CLASS: Final = Column("StorageClass", lambda row: row.spec.get("storageClassName", ""))
_ATTRIBUTES: Final = Column("VolumeAttributesClass", lambda row: row.spec.get("volumeAttributesClassName", UNSET))
_MODE: Final = wide("VolumeMode", lambda row: row.spec.get("volumeMode", UNSET))

TABLES: Final[dict[str, Columns]] = {
    "/persistentvolumes": (
        NAME,
        Column("Capacity", lambda row: (row.spec.get("capacity") or {}).get("storage", "")),
        Column("Access Modes", lambda row: _modes(row.spec.get("accessModes"))),
        Column("Reclaim Policy", lambda row: row.spec.get("persistentVolumeReclaimPolicy", "")),
        Column("Status", _phase),
        Column("Claim", _claim),
        _CLASS,
        _ATTRIBUTES,
        Column("Reason", lambda row: row.status.get("reason", "")),
        AGE,
        _MODE,
    ),
    "/persistentvolumeclaims": (
        NAME,
        Column("Status", _phase),
        Column("Volume", lambda row: row.spec.get("volumeName", "")),
        Column("Capacity", lambda row: (row.status.get("capacity") or {}).get("storage", "") if row.spec.get("volumeName") else ""),
        Column("Access Modes", lambda row: _modes(row.status.get("accessModes")) if row.spec.get("volumeName") else ""),
        _CLASS,
        _ATTRIBUTES,
        AGE,
        _MODE,
    ),
    "storage.k8s.io/storageclasses": (
        Column("Name", _class_name, format="name"),
        Column("Provisioner", lambda row: row.obj.get("provisioner")),
        Column("ReclaimPolicy", lambda row: row.obj.get("reclaimPolicy", "Delete")),
        Column("VolumeBindingMode", lambda row: row.obj.get("volumeBindingMode", "Immediate")),
        Column("AllowVolumeExpansion", lambda row: bool(row.obj.get("allowVolumeExpansion")), "boolean"),
        AGE,
    ),
}
