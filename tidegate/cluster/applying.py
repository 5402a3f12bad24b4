"""Server-side apply of an object that the stack's updates apply, too: by the same field manager, so that they find it their own.

What was created and never updated since belongs to whoever created it: the provider, by a name of its own. From that manager it is taken
over, as the provider's next update would do; from nobody else, unless by force.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.applying import TRIES, takeover
from embedded.providers.kubernetes.errors import ApiError
from embedded.providers.kubernetes.naming import MANAGER as PROVIDER
from tidegate.model.errors import DriftError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.providers.kubernetes.discovery import Resource
    from tidegate.cluster.api import Api

Obj = dict[str, Any]

_MANAGERS: Final = re.compile(r'conflict with "([^"]*)"')


async def applied(api: Api, kind: Resource, obj: Obj, manager: str, predecessor: str = "", *, force: bool = False) -> Obj:
    """The object as it is then. `predecessor`: as whom the stack's provider has applied it before, if as somebody else."""
    try:
        return await api.apply(kind, obj, manager, force=force)
    except ApiError as error:
        if not error.field_conflict:
            raise _changing(kind, obj) from error
        taken = await _taken_over(api, kind, obj, manager, predecessor)
        if not taken:
            raise _drift(kind, obj, error) from error
    try:
        return await api.apply(kind, obj, manager)
    except ApiError as again:
        raise (_drift(kind, obj, again) if again.field_conflict else _changing(kind, obj)) from again


async def _taken_over(api: Api, kind: Resource, obj: Obj, manager: str, predecessor: str) -> bool:
    """Whether the fields of those who acted for this stack before could be made the manager's."""
    namespace, name = obj["metadata"]["namespace"], obj["metadata"]["name"]
    for _ in range(TRIES):
        live = await api.get(kind, namespace, name)
        entries = ((live or {}).get("metadata") or {}).get("managedFields") or []
        own = [entry for entry in entries if _is_own(entry, manager, predecessor)]
        merged = takeover(own, manager, predecessor)
        if live is None or merged is None:
            return False
        others = [entry for entry in entries if not any(entry is one for one in own)]
        patch = [
            {"op": "replace", "path": "/metadata/managedFields", "value": [*others, *merged]},
            # What others do meanwhile isn't to be lost.
            {"op": "replace", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]},
        ]
        try:
            await api.patch(kind, namespace, name, patch)
        except ApiError as error:
            if not error.outdated:
                raise
        else:
            return True
    raise _changing(kind, obj)


def _is_own(entry: Mapping[str, Any], manager: str, predecessor: str) -> bool:
    """Whether fields are the manager's, or those of the provider by whatever name it has had."""
    if entry.get("subresource"):
        return False
    name, operation = str(entry.get("manager") or ""), entry.get("operation")
    if operation == "Apply":
        return name in {manager, predecessor} - {""}
    return name.startswith(PROVIDER)


def _drift(kind: Resource, obj: Obj, error: ApiError) -> DriftError:
    name, namespace = obj["metadata"]["name"], obj["metadata"]["namespace"]
    fields = {str(cause.get("field") or "").lstrip(".") for cause in error.causes} - {""}
    managers = sorted({who for cause in error.causes for who in _MANAGERS.findall(str(cause.get("message") or ""))})
    return DriftError(
        f"{kind.kind} {name} in namespace {namespace} was changed by {', '.join(managers) or 'somebody else'} "
        f"({', '.join(sorted(fields)) or error}), so it is left as it is. What was changed says `kubectl get {kind.plural} {name} "
        f"-n {namespace} -o yaml --show-managed-fields`; force takes it back"
    )


def _changing(kind: Resource, obj: Obj) -> UnreachableError:
    return UnreachableError(f"{kind.kind} {obj['metadata']['name']} changes all the time, so it couldn't be written; try again")
