"""How an object goes: at once, after its grace period, or when all who asked to be heard before have done their part.

A finalizer is such a request. `foregroundDeletion` and `orphan` are those of the garbage collector, which this module only sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import conflict, forbidden
from embedded.cluster.model.objects import is_deleting, meta_of, name_of, namespace_of
from embedded.cluster.registry import customs, strategies

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import DeleteOptions
    from embedded.cluster.schema.resource import Resource

FOREGROUND: Final = "foregroundDeletion"
ORPHAN: Final = "orphan"
_LASTING: Final = frozenset({"default", "kube-system", "kube-public"})


@dataclass(frozen=True, slots=True)
class Deleted:
    """The object as it was last, and whether it is gone already."""

    obj: Obj
    gone: bool


def delete(registry: Registry, resource: Resource, obj: Obj, options: DeleteOptions) -> Deleted:
    """Take an object away, or mark it when something has to happen first."""
    _check(resource, obj, options)
    finalizers = _finalizers(resource, obj, options)
    finalizers += [f for f in customs.finalizers(registry, resource, obj) if f not in finalizers]
    grace = _grace(resource, obj, options)
    marked = _marked(registry, resource, obj, finalizers, grace)
    if is_over(marked):
        return Deleted(finish(registry, resource, obj, dry_run=options.dry_run), gone=True)
    if options.dry_run or marked == obj:
        return Deleted(marked, gone=False)
    registry.note("terminate", resource, marked)
    return Deleted(registry.store.put(resource.storage, marked), gone=False)


def is_over(obj: Obj) -> bool:
    """Whether nothing keeps a marked object any more."""
    metadata = meta_of(obj)
    if not is_deleting(obj) or metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds"):
        return False
    return not (obj.get("kind") == "Namespace" and (obj.get("spec") or {}).get("finalizers"))


def finish(registry: Registry, resource: Resource, obj: Obj, *, dry_run: bool) -> Obj:
    """Take an object out."""
    if dry_run:
        return obj
    registry.note("delete", resource, obj)
    return registry.store.remove(resource.storage, namespace_of(obj), name_of(obj)) or obj


def _check(resource: Resource, obj: Obj, options: DeleteOptions) -> None:
    metadata = meta_of(obj)
    if resource.storage == "/namespaces" and name_of(obj) in _LASTING:
        raise forbidden("", "namespaces", name_of(obj), "this namespace may not be deleted")
    for what, wanted, there in (
        ("UID", options.uid, metadata["uid"]),
        ("ResourceVersion", options.resource_version, metadata["resourceVersion"]),
    ):
        if wanted and wanted != there:
            then = "deleted and then recreated" if what == "UID" else "modified"
            differs = f"the {what} in the precondition ({wanted}) does not match the {what} in record ({there})"
            why = f"{differs}. The object might have been {then}"
            raise conflict(resource.group, resource.kind, name_of(obj), why)


def _finalizers(resource: Resource, obj: Obj, options: DeleteOptions) -> list[str]:
    """Those that the object has, and that of the garbage collector as the client or the object itself asks for it."""
    there: list[str] = list(meta_of(obj).get("finalizers") or [])
    wanted = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(options.propagation or "")
    if options.propagation is None:
        by_kind = ORPHAN if strategies.orphans(resource) and not is_deleting(obj) else None
        wanted = next((f for f in there if f in {FOREGROUND, ORPHAN}), by_kind)
        if wanted is by_kind is ORPHAN:
            options.warnings.append(
                f"child pods are preserved by default when {resource.plural} are deleted; "
                "set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning"
            )
    kept = [f for f in there if f not in {FOREGROUND, ORPHAN}]
    return [*kept, wanted] if wanted else kept


def _grace(resource: Resource, obj: Obj, options: DeleteOptions) -> int:
    """Seconds that the object still has; only pods do."""
    if resource.storage != "/pods":
        return 0
    if not obj["spec"].get("nodeName") or (obj.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
        return 0
    usual: int = obj["spec"].get("terminationGracePeriodSeconds", 30)
    grace = usual if options.grace is None else options.grace
    grace = max(grace, 0) if grace >= 0 else 1
    # It can be made shorter, never longer.
    running = meta_of(obj).get("deletionGracePeriodSeconds") if is_deleting(obj) else None
    return grace if running is None else running if options.grace is None else min(grace, running)


def _marked(registry: Registry, resource: Resource, obj: Obj, finalizers: list[str], grace: int) -> Obj:
    metadata = {k: v for k, v in obj["metadata"].items() if k != "finalizers"}
    if finalizers:
        metadata["finalizers"] = finalizers
    marked = {**obj, "metadata": metadata}
    if not is_deleting(obj) or grace < metadata.get("deletionGracePeriodSeconds", 0):
        end = datetime.fromtimestamp(registry.clock.now() + grace, UTC)
        if not is_deleting(obj) and "generation" in metadata:
            metadata["generation"] += 1
        metadata |= {"deletionTimestamp": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "deletionGracePeriodSeconds": grace}
    if resource.storage == "/namespaces":
        metadata.pop("deletionGracePeriodSeconds", None)
        marked["status"] = {**obj.get("status", {}), "phase": "Terminating"}
    return marked
