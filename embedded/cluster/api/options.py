"""The options in a request's query: how to write, what to list, how to delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import parse_qsl

import msgspec

from embedded.cluster.model.errors import Cause, bad_request, invalid
from embedded.cluster.model.objects import EVERYTHING, Selector
from embedded.cluster.registry.registry import ANY_FIELDS
from embedded.cluster.registry.requests import DeleteOptions, Propagation, Validation, Write
from embedded.cluster.registry.selection import FieldSelector

if TYPE_CHECKING:
    from embedded.cluster.schema.resource import Resource

Query = dict[str, str]
_LONGEST_MANAGER: Final = 128


def query_of(raw: bytes) -> Query:
    """The query's parameters; of several of one name the last."""
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True)) if raw else {}


@dataclass(frozen=True, slots=True)
class Listing:
    """Which objects are listed or watched, and how."""

    labels: Selector = EVERYTHING
    fields: FieldSelector = ANY_FIELDS
    limit: int = 0
    start: str = ""
    watch: bool = False
    version: str = ""
    match: str = ""
    timeout: int = 0
    bookmarks: bool = False
    initial: bool | None = None


def listing(query: Query, resource: Resource) -> Listing:
    """The options of a list or a watch."""
    if not query:
        return Listing()
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    initial = _flag(query["sendInitialEvents"]) if "sendInitialEvents" in query else None
    watch = _flag(query.get("watch", ""))
    _check(watch=watch, initial=initial, version=version, match=match)
    return Listing(
        labels=Selector.parse(query.get("labelSelector", "")),
        fields=FieldSelector.parse(query.get("fieldSelector", ""), resource.storage),
        limit=_number(query, "limit"),
        start=query.get("continue", ""),
        watch=watch,
        version=version,
        match=match,
        timeout=_number(query, "timeoutSeconds"),
        bookmarks=_flag(query.get("allowWatchBookmarks", "")),
        initial=initial,
    )


def _check(*, watch: bool, initial: bool | None, version: str, match: str) -> None:
    if version and not version.isdigit():
        raise bad_request(f'Invalid value: "{version}": resourceVersion must be a number')
    causes = []
    if initial is not None and not watch:
        causes.append(Cause("FieldValueForbidden", "Forbidden: sendInitialEvents is forbidden for list", "sendInitialEvents"))
    if initial is not None and watch and match != "NotOlderThan":
        why = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        causes.append(Cause("FieldValueForbidden", why, "resourceVersionMatch"))
    if match and initial is None and watch:
        causes.append(Cause("FieldValueForbidden", "Forbidden: resourceVersionMatch is forbidden for watch", "resourceVersionMatch"))
    if match and not version and not watch:
        why = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        causes.append(Cause("FieldValueForbidden", why, "resourceVersionMatch"))
    if causes:
        raise invalid("meta.k8s.io", "ListOptions", "", causes)


def writing(query: Query, agent: str, *, apply: bool = False) -> Write:
    """The options of a write."""
    manager = query.get("fieldManager", "")
    kind = "PatchOptions" if apply else "UpdateOptions"
    if apply and not manager:
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid("meta.k8s.io", kind, "", [cause])
    if len(manager) > _LONGEST_MANAGER:
        cause = Cause("FieldValueTooLong", f"Too long: may not be more than {_LONGEST_MANAGER} bytes", "fieldManager")
        raise invalid("meta.k8s.io", kind, "", [cause])
    force = _flag(query.get("force", ""))
    if force and not apply:
        cause = Cause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")
        raise invalid("meta.k8s.io", "PatchOptions", "", [cause])
    manager = manager or agent.partition("/")[0][:_LONGEST_MANAGER] or "unknown"
    return Write(manager, dry_run=_dry_run(query.get("dryRun", "")), force=force, validation=_validation(query))


def _validation(query: Query) -> Validation:
    given = query.get("fieldValidation") or "Warn"
    for known in get_args(Validation):
        if given == known:
            found: Validation = known
            return found
    why = f'Unsupported value: "{given}": supported values: "Ignore", "Strict", "Warn"'
    raise invalid("meta.k8s.io", "CreateOptions", "", [Cause("FieldValueNotSupported", why, "fieldValidation")])


class _Preconditions(msgspec.Struct):
    uid: str | None = None
    resourceVersion: str | None = None  # noqa: N815 - as it is written


class _Deletion(msgspec.Struct):
    """The body of a delete."""

    kind: str = "DeleteOptions"
    gracePeriodSeconds: int | None = None  # noqa: N815
    preconditions: _Preconditions | None = None
    orphanDependents: bool | None = None  # noqa: N815
    propagationPolicy: str | None = None  # noqa: N815
    dryRun: list[str] | None = None  # noqa: N815


def deleting(query: Query, body: Any, write: Write) -> DeleteOptions:
    """The options of a delete, from its body or its query; `write` has the warnings."""
    try:
        given = msgspec.convert(body or {}, _Deletion)
    except msgspec.ValidationError as error:
        raise bad_request(f"the body of a delete isn't DeleteOptions as it should be: {error}") from error
    if given.kind != "DeleteOptions":
        raise bad_request(f"the body of a delete is DeleteOptions, not {given.kind}")
    grace: str | int | None = query.get("gracePeriodSeconds") if given.gracePeriodSeconds is None else given.gracePeriodSeconds
    if grace is not None and not str(grace).lstrip("-").isdigit():
        raise bad_request(f"gracePeriodSeconds: {grace!r} is no number of seconds")
    before = given.preconditions or _Preconditions()
    return DeleteOptions(
        propagation=_propagation(query, given),
        grace=None if grace is None else int(grace),
        uid=before.uid or "",
        resource_version=before.resourceVersion or "",
        dry_run=_dry_run(",".join(given.dryRun or ()) or query.get("dryRun", "")),
        warnings=write.warnings,
    )


def _propagation(query: Query, given: _Deletion) -> Propagation | None:
    policy = given.propagationPolicy or query.get("propagationPolicy")
    orphans = _flag(query["orphanDependents"]) if given.orphanDependents is None and "orphanDependents" in query else given.orphanDependents
    if policy is None and orphans is not None:
        policy = "Orphan" if orphans else "Background"
    if policy is None:
        return None
    for known in get_args(Propagation):
        if policy == known:
            found: Propagation = known
            return found
    why = f'Unsupported value: "{policy}": supported values: "Background", "Foreground", "Orphan"'
    raise invalid("meta.k8s.io", "DeleteOptions", "", [Cause("FieldValueNotSupported", why, "propagationPolicy")])


def _dry_run(text: str) -> bool:
    if text not in {"", "All"}:
        why = f'Unsupported value: "{text}": supported values: "All"'
        raise invalid("meta.k8s.io", "CreateOptions", "", [Cause("FieldValueNotSupported", why, "dryRun")])
    return text == "All"


def _flag(text: str) -> bool:
    return text.lower() in {"1", "true"}


def _number(query: Query, name: str) -> int:
    text = query.get(name) or "0"
    if not text.lstrip("-").isdigit():
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax ({name})')
    return max(int(text), 0)
