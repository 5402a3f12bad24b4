"""Delete: an object is deleted with what it owns, and gone when the operation ends. One that isn't there is deleted already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.model.ports import ProviderError
from embedded.providers.kubernetes import applying, awaiting
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, advice
from embedded.providers.kubernetes.job import kind_of
from embedded.providers.kubernetes.objects import is_crd, to_object
from embedded.providers.kubernetes.outputs import Checkpoint, manager_of

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.job import Job


async def delete(job: Job, id_: str, inputs: Values, outputs: Values) -> None:
    """Delete the object and wait until it is gone; give up its fields only, if the resource is a patch."""
    old = Checkpoint(outputs)
    known = to_object(inputs) or old.inputs
    version, kind = kind_of(job.urn, old.identity if old.identity.get("kind") else known)
    namespace, _, name = id_.rpartition("/")
    try:
        resource = await job.resource({"apiVersion": version, "kind": kind})
        path = resource.path(namespace or "default", name)
        client = await job.cluster.client()
        if job.is_patch({"kind": kind}):
            named = {"name": name} | ({"namespace": namespace} if namespace else {})
            body = {"apiVersion": version, "kind": kind, "metadata": named}
            await applying.relinquish(client, path, body, manager_of(job.urn, old, known))
            return
        answer = await client.delete(path, {"propagationPolicy": awaiting.propagation_policy(known)})
        if answer.get("kind") != "Status":
            await awaiting.deleted(client, resource, answer, known, job.timeout, job.say, job.cancelled)
    except NoSuchKindError:
        return  # Its definition is gone, and so is everything that it defined.
    except awaiting.NotReadyError as error:
        raise ProviderError("\n".join([f'deletion of resource "{job.urn}" failed: {error}', *error.reasons])) from error
    except ApiError as error:
        if not error.not_found:
            raise ProviderError(_failed(job, {"kind": kind}, error)) from error
    if is_crd({"apiVersion": version, "kind": kind}):
        job.cluster.discovery.forget()
    job.done()


def _failed(job: Job, obj: dict[str, str], error: ApiError) -> str:
    text = f'deletion of resource "{job.urn}" failed: {error}{advice(error)}'
    if job.is_patch(obj) and error.invalid:
        text += (
            "\nThe patch is the only one to manage a field that the object must have. Let another manager have the field, or set the "
            "resource's option retain_on_delete."
        )
    return text
