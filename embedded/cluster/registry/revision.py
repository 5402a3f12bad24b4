"""What makes the next version of an object out of the present one and of what somebody wants it to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import Cause, bad_request, conflict, invalid, modified
from embedded.cluster.model.objects import is_deleting, meta_of, name_of
from embedded.cluster.registry import intake, ownership, services, strategies

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.registry import Registry
    from embedded.cluster.registry.requests import Write
    from embedded.cluster.schema.resource import Resource

# What no client changes in metadata.
_KEPT: Final = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion")


def check_version(resource: Resource, live: Obj, obj: Obj, *, needed: bool | None = None) -> None:
    """Refuse a change to what isn't there any more: another version, or another object of the same name."""
    given, there = meta_of(obj), meta_of(live)
    version, uid = given.get("resourceVersion") or "", given.get("uid") or ""
    if uid and uid != there["uid"]:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {there['uid']}"
        raise conflict(resource.group, resource.plural, name_of(live), why)
    if version and version != there["resourceVersion"]:
        if not str(version).isdigit():
            raise bad_request(f"metadata.resourceVersion: {version!r} is no version")
        raise modified(resource.group, resource.plural, name_of(live))
    if not version and (strategies.conditional(resource) if needed is None else needed):
        cause = Cause("FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion")
        raise invalid(resource.group, resource.kind, name_of(live), [cause])


def prepare(registry: Registry, resource: Resource, live: Obj, new: Obj, write: Write, subresource: str, managed: list[Obj] | None) -> Obj:
    """The next version, ready to be kept, if it differs."""
    new = _shaped(resource, live, new, subresource)
    metadata = new["metadata"]
    for field in _KEPT:
        metadata.pop(field, None)
        if field in live["metadata"]:
            metadata[field] = live["metadata"][field]
    if subresource == "status" and not write.trusted:
        # Only this part is the client's; all the rest is shared with what is there.
        intake.settle_unknown(resource, {"status": new.get("status")}, write)
    elif not subresource and not write.trusted:
        intake.complete(resource, new, write)
    # The owner of a field is who asked for it: what the server fills in from here on has none.
    ownership.updated(resource, live, new, write, registry.clock.stamp(), subresource, managed)
    if not subresource:
        services.carry(registry, resource, live, new)
    _check_finalizers(resource, live, new)
    intake.check(resource, new, live, write)
    strategies.go_on(resource, live, new)
    if strategies.counts_generations(resource) and strategies.specification(resource, live) != strategies.specification(resource, new):
        metadata["generation"] = live["metadata"].get("generation", 0) + 1
    return new


def same(live: Obj, new: Obj) -> bool:
    """Whether nothing has changed but times in managedFields."""
    if live.keys() != new.keys() or any(live[k] != new[k] for k in live if k != "metadata"):
        return False
    old, now = live["metadata"], new["metadata"]
    if old.keys() != now.keys() or any(old[k] != now[k] for k in old if k != "managedFields"):
        return False
    return _timeless(old) == _timeless(now)


def _timeless(metadata: Obj) -> list[Obj]:
    return [{k: v for k, v in entry.items() if k != "time"} for entry in metadata.get("managedFields") or []]


def _shaped(resource: Resource, live: Obj, new: Obj, subresource: str) -> Obj:
    """What such a write may change, over what it may not."""
    if subresource in {"status", "finalize"}:
        part = "spec" if subresource == "finalize" else "status"
        shaped = {k: v for k, v in live.items() if k != part} | {"metadata": dict(live["metadata"])}
        if subresource == "status" and not resource.custom:
            # As on the real server: with their status, controllers write annotations, such as a Deployment's revision.
            shaped["metadata"].pop("annotations", None)
            shaped["metadata"] |= {k: v for k, v in new["metadata"].items() if k == "annotations"}
        return shaped | ({part: new[part]} if part in new else {})
    if resource.has_status:
        new = {k: v for k, v in new.items() if k != "status"} | ({"status": live["status"]} if "status" in live else {})
    if resource.storage == "/namespaces":
        new["spec"] = live.get("spec", {})
    return new


def _check_finalizers(resource: Resource, live: Obj, new: Obj) -> None:
    if not is_deleting(live):
        return
    added = [f for f in meta_of(new).get("finalizers") or [] if f not in (meta_of(live).get("finalizers") or [])]
    if added:
        listed = ", ".join(f'"{f}"' for f in added)
        why = f"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
        raise invalid(resource.group, resource.kind, name_of(live), [Cause("FieldValueForbidden", why, "metadata.finalizers")])
