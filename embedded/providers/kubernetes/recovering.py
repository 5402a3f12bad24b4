"""Recover: an update was killed while it created an object, so that nobody knows whether the object is there.

It is looked for by the name that it was to have. What is there must be what was sent, and not somebody else's of that name; it is then
brought to the present inputs, like any object of the stack: where they can't be had by a change, it gives way to a new one. If nothing is
there, or something else, this is a create like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.model.ports import Created, ProviderError
from embedded.providers.kubernetes import creating, deleting, diffing, making, replacing, updating
from embedded.providers.kubernetes.errors import ApiError, NoSuchKindError, UnreachableError
from embedded.providers.kubernetes.job import masked
from embedded.providers.kubernetes.normalizing import normalized
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
    inputs = to_object(begun)
    outputs = checkpoint(live, begun, str(inputs.get("apiVersion") or ""), manager_of(job.urn, Checkpoint({}), inputs))
    if _is_fixed(live, normalized(inputs), normalized(to_object(news))):
        job.say("info", "an update that was interrupted had created the object as it can't be any more: it is replaced")
        await deleting.delete(job, id_of(live), begun, outputs)
        return await making.create(job, news, set())
    job.say("info", "an update that was interrupted had created the object: it is taken over")
    return Created(id_of(live), await updating.update(job, id_of(live), outputs, news, []))


def _is_fixed(live: Obj, begun: Obj, news: Obj) -> bool:
    """Whether the server would refuse the change. Nobody uses the object yet, so all else can be changed in place."""
    anything = replacing.Mutable(secrets=True, config_maps=True)
    wanted = {*replacing.patterns(begun, anything), *replacing.patterns(news, anything)}
    return bool(diffing.diff(live, begun, news, wanted, []).replaces)


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
