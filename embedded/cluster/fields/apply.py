"""Server-side apply: a configuration is laid over an object, and its manager owns what is in it.

What the manager applied before and doesn't apply now goes, unless somebody else owns it too. A value that another manager owns isn't
changed without force.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from embedded.cluster.fields import managers, typed
from embedded.cluster.fields.checks import typed_errors
from embedded.cluster.fields.managers import Manager
from embedded.cluster.fields.sets import NOTHING, difference, intersection, paths, union, without
from embedded.cluster.model.errors import StatusError, bad_request
from embedded.cluster.model.objects import clone, meta_of

if TYPE_CHECKING:
    from embedded.cluster.fields.managers import Managed
    from embedded.cluster.fields.sets import Fields
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.schema.types import Type

Entries = list[dict[str, Any]]


def apply(
    type_: Type,
    live: Obj | None,
    config: Obj,
    manager: str,
    api_version: str,
    *,
    force: bool,
    stamp: str,
    subresource: str = "",
    ignored: Fields = NOTHING,
) -> tuple[Obj, Entries]:
    """The object with the configuration applied, without its `managedFields`, and these.

    `live` is None when there is no object yet. `ignored` are fields that such a request can't set: nobody comes to own them by it. The
    result shares nothing with what was handed in. 409 names the managers in the way.
    """
    if meta_of(config).get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    _check(type_, config, api_version)
    before = managers.stripped(live) if live else {}
    known = managers.decode(live) if live else {}
    if live and not known:
        known = managers.before_first_apply(type_, before, api_version, ignored)
    me = Manager(manager or "unknown", "Apply", "", subresource)
    last = known[me].fields if me in known else NOTHING
    applied = without(typed.fields_of(type_, config), ignored)
    mine = managers.ownable(applied)
    others = {m: o for m, o in known.items() if m != me}
    merged = typed.merge(type_, before, config)
    # What nobody can own is still applied: it keeps the branch that it stands in.
    obj = _pruned(type_, merged, last, applied, others)
    change = typed.compare(type_, before, obj)
    _check_conflicts(others, without(change.written, ignored), force=force)
    after = managers.disowned(others, without(union(change.written, change.removed), ignored))
    if mine:
        # An apply that changes nothing leaves no trace but in who owns what.
        time = stamp if obj != before else known[me].time if me in known else ""
        after[me] = managers.Ownership(mine, time, api_version)
    return clone(obj), managers.encode(after)


def _check(type_: Type, config: Obj, api_version: str) -> None:
    found = typed_errors(type_, config)
    if not found:
        return
    texts = found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])
    metadata, (group, _, version) = meta_of(config), api_version.rpartition("/")
    name = f"{metadata.get('namespace') or ''}/{metadata.get('name') or ''}"
    kind = f"{group + '/' if group else '/'}{version}, Kind={config.get('kind')}"
    raise StatusError(500, "", f"failed to create typed patch object ({name}; {kind}): {texts}")


def _pruned(type_: Type, merged: Obj, last: Fields, mine: Fields, others: Managed) -> Obj:
    """The merged object without what the manager gave up and nobody else owns."""
    if not difference(last, mine):
        return merged
    managed = typed.ensure_named(type_, reduce(union, (o.fields for o in others.values()), mine))
    given_up = typed.ensure_named(type_, last)
    everything = typed.ensure_named(type_, typed.fields_of(type_, merged))
    # First whole branches go, ...
    rest = typed.ensure_named(type_, typed.fields_of(type_, typed.remove(type_, merged, given_up)))
    # ... then what somebody owns in them comes back, and with it the branch, ...
    kept = typed.remove(type_, merged, difference(everything, union(rest, managed)))
    # ... and what nobody owns but was never this manager's.
    left = typed.ensure_named(type_, typed.fields_of(type_, kept))
    return typed.remove(type_, merged, intersection(difference(everything, left), given_up))


def _check_conflicts(others: Managed, written: Fields, *, force: bool) -> None:
    if force:
        return
    found = [(m, path) for m in sorted(others, key=Manager.identity) for path in paths(intersection(others[m].fields, written))]
    if not found:
        return
    causes = [{"reason": "FieldManagerConflict", "message": f"conflict with {m.text()}", "field": path} for m, path in found]
    if len(found) == 1:
        manager, path = found[0]
        text = f"1 conflict: conflict with {manager.text()}: {path}"
    else:
        lines = []
        for manager in dict.fromkeys(m for m, _ in found):
            lines += [f"conflicts with {manager.text()}:", *(f"- {path}" for m, path in found if m == manager)]
        text = f"{len(found)} conflicts: " + "\n".join(lines)
    raise StatusError(409, "Conflict", f"Apply failed with {text}", {"causes": causes})
