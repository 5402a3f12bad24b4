"""Recover: an update was killed while it created an object, so that nobody knows whether the object is there.

It is looked for by the name that it was to have. What is there must be what was sent, and not somebody else's of that name; it is then
brought to the present inputs, like any object of the stack. If nothing is there, or something else, this is a create like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.model.ports import Created, ProviderError
from embedded.providers.kubernetes import creating, making, updating
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError
from embedded.providers.kubernetes.job import masked
from embedded.providers.kubernetes.objects import id_of, to_object
from embedded.providers.kubernetes.outputs import Checkpoint, checkpoint, manager_of

if TYPE_CHECKING:
    from embedded.engine.model.values import Values
    from embedded.providers.kubernetes.job import Job
    from embedded.providers.kubernetes.replacing import Obj


async def recover(job: Job, begun: Values, news: Values) -> Created:
    """Take over the object that was created with the inputs `begun`, or create it."""
    live = await _left(job, begun, news)
    if live is None:
        return await making.create(job, news, set())
    job.say("info", "an update that was interrupted had created the object: it is taken over")
    inputs = to_object(begun)
    outputs = checkpoint(live, begun, str(inputs.get("apiVersion") or ""), manager_of(job.urn, Checkpoint({}), inputs))
    return Created(id_of(live), await updating.update(job, id_of(live), outputs, news, []))


async def _left(job: Job, begun: Values, news: Values) -> Obj | None:
    """What the interrupted creation left, if anything."""
    sent = to_object(begun)
    if job.is_patch(sent):
        return None
    try:
        resource = await job.resource(sent)
        live = await (await job.cluster.client()).get(resource.path_of(sent))
    except NoSuchKindError:
        return None
    except (ApiError, UnreachableError) as error:
        if isinstance(error, ApiError) and error.not_found:
            return None
        raise ProviderError(masked(making.not_created(job.urn, error), news)) from error
    return live if creating.is_it(live, sent, None) else None
