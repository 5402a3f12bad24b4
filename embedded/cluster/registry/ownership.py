"""Who owns which fields, after each kind of write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.cluster.fields import apply as server_side
from embedded.cluster.fields import managers
from embedded.cluster.model.errors import server_error
from embedded.cluster.model.objects import meta_of, name_of, namespace_of

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.registry.requests import Write
    from embedded.cluster.schema.resource import Resource


def created(resource: Resource, obj: Obj, write: Write, stamp: str, managed: list[Obj] | None) -> None:
    """Note who made an object; `managed`: as server-side apply has found."""
    if managed is None:
        managed = _changed(resource, None, obj, write, stamp, "")
    _note(obj, managed)


def updated(resource: Resource, live: Obj, new: Obj, write: Write, stamp: str, subresource: str, managed: list[Obj] | None) -> None:
    """Note who changed an object."""
    if managed is None:
        managed = _changed(resource, live, new, write, stamp, subresource)
    _note(new, managed)


def _changed(resource: Resource, live: Obj | None, new: Obj, write: Write, stamp: str, subresource: str) -> list[Obj]:
    ignored = managers.ignored_fields(resource, subresource)
    try:
        return managers.updated(
            resource.type, live, new, write.manager, resource.group_version, stamp=stamp, subresource=subresource, ignored=ignored
        )
    except ValueError:
        # Items without the field that tells them apart: nobody can say whose they are, and the real server doesn't refuse them for that.
        return list(meta_of(live or {}).get("managedFields") or [])


def applied(resource: Resource, live: Obj | None, config: Obj, write: Write, stamp: str, subresource: str) -> tuple[Obj, list[Obj]]:
    """The object with the configuration laid over it, and who owns what then. What it shares with others isn't to be changed."""
    try:
        return server_side.apply(
            resource.type,
            live,
            config,
            write.manager,
            resource.group_version,
            force=write.force,
            stamp=stamp,
            subresource=subresource,
            ignored=managers.ignored_fields(resource, subresource),
        )
    except ValueError as error:
        name = f"{namespace_of(config)}/{name_of(config)}"
        raise server_error(
            500, f"failed to create typed live object ({name}; {resource.group_version}, Kind={resource.kind}): {error}"
        ) from error


def _note(obj: Obj, managed: list[Obj]) -> None:
    if managed:
        obj["metadata"]["managedFields"] = managed
    else:
        obj["metadata"].pop("managedFields", None)
