"""Create: an object is posted once, awaited, and remembered whatever happens on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.engine.model.ports import Created, PartialFailureError, ProviderError
from embedded.engine.model.values import has_unknown
from embedded.providers.kubernetes import applying, awaiting, creating
from embedded.providers.kubernetes.creating import TakenError, UnsureError
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError, advice
from embedded.providers.kubernetes.job import masked
from embedded.providers.kubernetes.naming import MANAGER
from embedded.providers.kubernetes.objects import id_of, is_crd, namespace_of, to_object
from embedded.providers.kubernetes.outputs import Checkpoint, checkpoint, manager_of

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.discovery import Resource
    from embedded.providers.kubernetes.job import Job
    from embedded.providers.kubernetes.replacing import Obj

# Pauses while a namespace or a kind isn't there: something else of the program may be about to make it.
_PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
_EXISTS: Final = """

The object is there, and this stack didn't create it. Ways on:

  - The resource was renamed in the program: give it an alias with its old name, or the option deleteBeforeReplace.
  - The object is to become this stack's: import it, with `pulumi import` or the option import_.
  - Only some of its fields are to be set: use the kind's Patch resource (ConfigMapPatch for a ConfigMap).
  - The program is always to have its way: set the provider's upsertExistingObjects."""


async def create(job: Job, news: Values, missing: set[str]) -> Created:
    """Create the object, or in a preview say what it would be. `missing` holds namespaces that a preview found missing."""
    inputs = to_object(news)
    if job.preview:
        return Created("", await _previewed(job, news, inputs, missing))
    manager = manager_of(job.urn, Checkpoint({}), inputs)
    try:
        resource, made = await _made(job, news, inputs, manager)
    except UnsureError as error:
        # There may be an object: the state remembers it, and the next update finds out.
        outputs = checkpoint(inputs, news, _version(inputs), manager)
        reason = f'it is not known whether resource "{job.urn}" was created: {masked(str(error), news)}'
        raise PartialFailureError(id_of(inputs), outputs, [reason]) from error
    except NoSuchKindError as error:
        raise ProviderError(unknown_kind("creation", job.urn, error)) from error
    except (ApiError, TakenError, UnreachableError) as error:
        raise ProviderError(masked(not_created(job.urn, error), news)) from error
    if is_crd(made):
        job.cluster.discovery.forget()
    return await ready(job, resource, made, news, manager)


async def ready(job: Job, resource: Resource, made: Obj, news: Values, manager: str) -> Created:
    """Wait until the created object is ready; if it doesn't get so, it is kept with the reasons."""
    id_ = id_of(made)
    inputs = to_object(news)
    try:
        live = await awaiting.ready(await job.cluster.client(), resource, made, inputs, job.timeout, job.say, job.cancelled)
    except (awaiting.NotReadyError, ApiError, UnreachableError) as error:
        first = (
            f'resource "{job.urn}" was successfully created, but the Kubernetes API server reported that it failed to fully '
            f"initialize or become live: {error}"
        )
        raise partial(id_, first, error, made, news, manager) from error
    job.done()
    return Created(id_, checkpoint(live, news, _version(inputs), manager))


def partial(id_: str, first: str, error: Exception, live: Obj, news: Values, manager: str) -> PartialFailureError:
    """The failure of an object that is there but isn't ready."""
    reasons = error.reasons if isinstance(error, awaiting.NotReadyError) else []
    seen = error.live if isinstance(error, awaiting.NotReadyError) and error.live else live
    outputs = checkpoint(seen, news, _version(to_object(news)), manager)
    return PartialFailureError(id_, outputs, [masked(r, news) for r in (first, *reasons)])


async def _made(job: Job, news: Values, inputs: Obj, manager: str) -> tuple[Resource, Obj]:
    """The created object; tried again while its namespace or its kind isn't there."""
    for number in range(len(_PAUSES) + 1):
        try:
            resource = await job.resource(inputs)
            return resource, await _sent(job, resource, _fitting(resource, inputs), manager)
        except (ApiError, NoSuchKindError) as error:
            job.say("info", f"Retry #{number}; creation failed: {masked(str(error), news)}", ephemeral=True)
            absent = isinstance(error, NoSuchKindError) or error.not_found
            if not absent or number == len(_PAUSES) or not await job.pause(_PAUSES[number]):
                raise
    raise AssertionError("the last try returns or raises")


async def _sent(job: Job, resource: Resource, body: Obj, manager: str) -> Obj:
    client = await job.cluster.client()
    is_patch = job.is_patch(body)
    if is_patch or job.settings.upsert:
        how = applying.Applied(manager, force=job.settings.patch_force, preview=job.preview, partial=is_patch)
        return await applying.upsert(client, resource.path_of(body), body, how, job.warn)
    if job.preview:
        path = resource.path(namespace_of(body) or "default")
        return await client.create(path, body, {"fieldManager": MANAGER, **applying.DRY_RUN}, job.warn)
    return await creating.create(client, resource, body, job.warn)


async def _previewed(job: Job, news: Values, inputs: Obj, missing: set[str]) -> Values:
    """What the server would make of the inputs; the inputs alone where it can't say."""
    namespace = namespace_of(inputs)
    if has_unknown(news) or job.is_patch(inputs) or namespace in missing:
        return news
    manager = manager_of(job.urn, Checkpoint({}), inputs)
    try:
        resource = await job.resource(inputs)
        found = await _sent(job, resource, _fitting(resource, inputs), manager)
    except NoSuchKindError:
        return news
    except UnreachableError as error:
        job.unchecked(error)
        return news
    except ApiError as error:
        if error.namespace_not_found:
            missing.add(namespace)
        if error.namespace_not_found or error.already_exists or error.forbidden or _lacks_dry_run(error) or _is_fixed(error):
            return news
        raise ProviderError(masked(not_created(job.urn, error), news)) from error
    # A status would be that of an object which isn't there.
    found.pop("status", None)
    return checkpoint(found, news, _version(inputs), manager)


def _fitting(resource: Resource, inputs: Obj) -> Obj:
    """The inputs without a namespace that their kind doesn't have."""
    if resource.namespaced or not namespace_of(inputs):
        return inputs
    return {**inputs, "metadata": {k: v for k, v in inputs["metadata"].items() if k != "namespace"}}


def _lacks_dry_run(error: ApiError) -> bool:
    """Whether an admission webhook can't be asked without effect."""
    return error.code == 400 and "dry run" in str(error)


def _is_fixed(error: ApiError) -> bool:
    """Whether an object of that name stands in the way, which is going to be replaced."""
    return error.invalid and "field is immutable" in str(error)


def _version(inputs: Obj) -> str:
    return str(inputs.get("apiVersion") or "")


def not_created(urn: str, error: Exception) -> str:
    """Why an object couldn't be created."""
    hint = _EXISTS if isinstance(error, ApiError) and error.already_exists else advice(error)
    return f'resource "{urn}" was not successfully created by the Kubernetes API server: {error}{hint}'


def unknown_kind(what: str, urn: str, error: NoSuchKindError) -> str:
    """Why something couldn't be done to an object of an unknown kind."""
    return (
        f'{what} of resource "{urn}" with kind {error.api_version}/{error.kind} failed because the Kubernetes API server serves no such '
        f"kind. Verify that its CustomResourceDefinition exists, and that the resource depends on it: {error}"
    )
