"""Update: the object is brought to the new inputs by server-side apply (a kind's definition by replacing it), and awaited."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from embedded.engine.model.ports import PartialFailureError, ProviderError
from embedded.engine.model.values import has_unknown
from embedded.providers.kubernetes import applying, awaiting, making
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError, advice
from embedded.providers.kubernetes.job import masked
from embedded.providers.kubernetes.objects import is_crd, name_of, namespace_of, to_object
from embedded.providers.kubernetes.outputs import INPUTS, Checkpoint, checkpoint, manager_of

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.client import Client
    from embedded.providers.kubernetes.discovery import Resource
    from embedded.providers.kubernetes.job import Job
    from embedded.providers.kubernetes.replacing import Obj

_CONFLICT: Final = """
Others manage these fields. Leave them out of the program or list them in ignoreChanges to let the others have their way, or take them \
over with the annotation pulumi.com/patchForce: "true"."""


async def update(job: Job, id_: str, old_outputs: Values, news: Values, ignore: list[str]) -> Values:
    """Bring the object to the inputs, or in a preview say what it would be: the outputs."""
    if job.preview and has_unknown(news):
        return news
    inputs, old = to_object(news), Checkpoint(old_outputs)
    manager = manager_of(job.urn, old, inputs)
    try:
        resource = await job.resource(inputs)
        client = await job.cluster.client()
        path = resource.path(namespace_of(inputs) or namespace_of(old.identity) or "default", name_of(old.identity) or name_of(inputs))
        live = await client.get(path)
    except (NoSuchKindError, ApiError, UnreachableError) as error:
        return await _not_there(job, old, news, error)
    try:
        updated = await _applied(job, client, path, live, inputs, old, manager, ignore)
    except ApiError as error:
        if job.preview and error.forbidden:
            return news
        # The state keeps what is there, with the fields that were taken over, and the inputs that this came from.
        with suppress(ApiError, UnreachableError):
            live = await client.get(path)
        outputs = checkpoint(live, old_outputs.get(INPUTS) or news, old.initial_version, old.manager or manager)
        raise PartialFailureError(id_, outputs, [masked(_not_live(id_, _explained(error, manager)), news)]) from error
    except UnreachableError as error:
        raise ProviderError(masked(_failed(job.urn, error), news)) from error
    version = old.initial_version or str(inputs.get("apiVersion") or "")
    if job.preview:
        return checkpoint(updated, news, version, manager)
    if is_crd(updated):
        job.cluster.discovery.forget()
    return checkpoint(await _ready(job, resource, id_, updated, news, manager), news, version, manager)


async def _not_there(job: Job, old: Checkpoint, news: Values, error: Exception) -> Values:
    """What to do when the object that is to be updated can't be read."""
    if job.preview and not isinstance(error, ApiError):
        if isinstance(error, UnreachableError):
            job.unchecked(error)
        return news
    if isinstance(error, NoSuchKindError):
        raise ProviderError(making.unknown_kind("update", job.urn, error)) from error
    if isinstance(error, ApiError):
        if job.preview and error.forbidden:
            return news
        if error.not_found and not old.identity["metadata"].get("uid"):
            # A create whose answer was lost: now it is known that it came to nothing.
            return (await making.create(job, news, set())).outputs
    raise ProviderError(masked(_failed(job.urn, error), news)) from error


async def _applied(job: Job, client: Client, path: str, live: Obj, inputs: Obj, old: Checkpoint, manager: str, ignore: list[str]) -> Obj:
    how = applying.Applied(manager, old.manager, job.settings.patch_force, job.preview, job.is_patch(inputs))
    if is_crd(inputs):
        return await applying.replace(client, path, live, inputs, how, job.warn)
    updated = await applying.update(client, path, live, inputs, how, ignore, job.warn)
    if how.partial and not how.preview and old.manager not in {"", manager}:
        await applying.relinquish(client, path, updated, old.manager)
    return updated


async def _ready(job: Job, resource: Resource, id_: str, updated: Obj, news: Values, manager: str) -> Obj:
    client = await job.cluster.client()
    try:
        live = await awaiting.ready(client, resource, updated, to_object(news), job.timeout, job.say, job.cancelled)
    except (awaiting.NotReadyError, ApiError, UnreachableError) as error:
        raise making.partial(id_, _not_live(id_, str(error)), error, updated, news, manager) from error
    job.done()
    return live


def _explained(error: ApiError, manager: str) -> str:
    if not error.field_conflict:
        return f"{error}{advice(error)}"
    return f'the fields that field manager "{manager}" applies are in conflict: {error}{_CONFLICT}'


def _not_live(id_: str, why: str) -> str:
    return f'the Kubernetes API server reported that "{id_}" failed to fully initialize or become live: {why}'


def _failed(urn: str, error: Exception) -> str:
    gone = isinstance(error, ApiError) and error.not_found
    hint = (
        "\nThe object was deleted by somebody else. `pulumi refresh` makes the state know, and the next `pulumi up` creates it."
        if gone
        else advice(error)
    )
    return f'update of resource "{urn}" failed: {error}{hint}'
