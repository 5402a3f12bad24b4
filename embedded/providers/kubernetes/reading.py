"""Read: what is there now, for a refresh, an import, or a resource that the program only gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.engine.model.ports import PartialFailureError, ProviderError, ReadResult
from embedded.providers.kubernetes import awaiting
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError, advice
from embedded.providers.kubernetes.job import kind_of, masked
from embedded.providers.kubernetes.normalizing import normalized
from embedded.providers.kubernetes.objects import marked, to_object
from embedded.providers.kubernetes.outputs import UNTOLD, Checkpoint, checkpoint, imported, manager_of, refreshed

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.job import Job

GONE: Final = ReadResult("", {}, {})


async def read(job: Job, id_: str, inputs: Values | None, outputs: Values) -> ReadResult:
    """The live object as outputs, and as inputs at the places that the old inputs have."""
    namespace, _, name = id_.rpartition("/")
    if not name:
        raise ProviderError(f'resource "{job.urn}": the id "{id_}" should be "name" or "namespace/name"')
    old = Checkpoint(outputs)
    known = normalized(to_object(inputs or {}))
    version, kind = kind_of(job.urn, known if known.get("kind") else old.identity)
    try:
        resource = await job.resource({"apiVersion": version, "kind": kind})
        client = await job.cluster.client()
        live = await client.get(resource.path(namespace or job.cluster.namespace or "default", name))
    except NoSuchKindError:
        return GONE  # Its definition is gone, and so is everything that it defined.
    except ApiError as error:
        if error.not_found:
            return GONE
        raise ProviderError(f'reading resource "{job.urn}" failed: {error}{advice(error)}') from error
    manager = manager_of(job.urn, old, known)
    if known.get("kind"):
        was = old.live if old.identity["metadata"] else UNTOLD
        seen = refreshed(known, was, live)
    else:
        seen = imported(live)
    found = marked(seen, inputs or {})
    state = checkpoint(live, found, old.initial_version or version, manager)
    try:
        if known.get("kind"):
            await awaiting.check(client, live, known)
    except awaiting.NotReadyError as error:
        reasons = [masked(r, state) for r in (str(error), *error.reasons)]
        raise PartialFailureError(id_, state, reasons, found) from error
    except (ApiError, UnreachableError) as error:
        raise ProviderError(f'reading resource "{job.urn}" failed: {error}') from error
    return ReadResult(id_, state, found)
