"""What somebody has changed of the services' objects since the last update: what it sent isn't what is there.

What others have added (a status, defaults, annotations of operators) is none, and the number of pods is none where an autoscaler has it.
Where the fast path was ahead of an update, its field manager is the stack's own, and that is none either: `traffic` says where users go.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from embedded.providers.kubernetes.diffing import changes, show
from embedded.providers.kubernetes.normalizing import normalized
from embedded.providers.kubernetes.outputs import UNTOLD, refreshed
from tidegate.cluster.api import DEPLOYMENTS, ROUTES, SERVICES
from tidegate.cluster.leading import MANAGER
from tidegate.cluster.managers import managers_of
from tidegate.cluster.recorded import COMPONENT, LEADING, SERVING, Recorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tidegate.cluster.api import Api
    from tidegate.cluster.recorded import Sent
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

_SELECTOR: Final = f"{COMPONENT} in ({SERVING},{LEADING})"
_SHOWN: Final = 3


async def drift(api: Api, reading: Reading) -> Sequence[str]:
    """A sentence for each object."""
    recorded = Recorded(reading)
    if not recorded:
        return []
    kinds = [DEPLOYMENTS, SERVICES, *([ROUTES] if recorded.has_routes() else [])]
    listed = await asyncio.gather(*(api.all(kind, recorded.namespace, labelSelector=_SELECTOR) for kind in kinds))
    live = {(kind.kind, obj["metadata"]["name"]): obj for kind, found in zip(kinds, listed, strict=True) for obj in found}
    missing = [sent for sent in recorded if (sent.kind.kind, sent.name) not in live]
    # One that has lost its labels is there all the same.
    found = await asyncio.gather(*(api.get(sent.kind, sent.namespace, sent.name) for sent in missing))
    for sent, obj in zip(missing, found, strict=True):
        if obj is not None:
            live[sent.kind.kind, sent.name] = obj
    return [text for sent in recorded for text in _drifted(sent, live.get((sent.kind.kind, sent.name)))]


def _drifted(sent: Sent, live: Obj | None) -> Iterator[str]:
    what = f"{sent.kind.kind} {sent.name} of service {sent.service}"
    if live is None:
        yield f"{what} is gone: somebody has deleted it; `pulumi refresh` makes the state know, and an update brings it back"
        return
    # After the provider has written it, what the server makes of the inputs is in the outputs: another spelling is no drift.
    was = sent.outputs if (sent.outputs.get("metadata") or {}).get("uid") == live["metadata"]["uid"] else UNTOLD
    seen = refreshed(dict(sent.inputs), was, live)
    by: dict[str, None] = {}
    fields = []
    for path, _, _ in changes(normalized(dict(sent.inputs)), normalized(seen)):
        managers = managers_of(live, path)
        if MANAGER in managers:
            continue
        fields.append(show(path))
        by |= dict.fromkeys(managers)
    if fields:
        more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
        who = f", by {', '.join(by)}" if by else ""
        yield f"{what} was changed since the last update{who}: {', '.join(fields[:_SHOWN])}{more}"
