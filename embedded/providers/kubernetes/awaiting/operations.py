"""The three questions that a provider asks: is it ready yet, is it ready now, is it gone yet."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from embedded.providers.kubernetes.awaiting import deletion, generic, kinds, waitfor
from embedded.providers.kubernetes.awaiting.annotations import annotation, skips_await, skips_deletion_await, timeout_of
from embedded.providers.kubernetes.awaiting.model import NotReadyError, View
from embedded.providers.kubernetes.awaiting.objects import name_of, sequence
from embedded.providers.kubernetes.awaiting.waiting import UNINITIALIZED, Wait, explained
from embedded.providers.kubernetes.errors import ApiError

if TYPE_CHECKING:
    from embedded.providers.kubernetes.awaiting.model import Client, Kind, Obj, Say, Source
    from embedded.providers.kubernetes.discovery import Resource

_UNAWAITED = "Skipping await logic"


async def ready(
    client: Client, resource: Resource, obj: Obj, inputs: Obj, timeout: float, say: Say, cancelled: asyncio.Event | None = None
) -> Obj:
    """Wait until `obj`, as the server answered a create or update, is ready: the live object. A timeout of 0 means that nobody set one.

    NotReadyError if it isn't in time, can't be any more, or `cancelled` was set; VanishedError if somebody deleted it meanwhile.
    """
    if skips_await(inputs):
        say("info", _UNAWAITED, ephemeral=True)
        return obj
    kind = _kind(obj, inputs)
    if kind is None:
        return obj
    wait = Wait(client, resource, obj, kind, say, cancelled)
    live = await wait.until_ready(timeout_of(inputs, timeout, kind.timeout))
    return obj if kind.keeps_answer else live


async def check(client: Client, obj: Obj, inputs: Obj) -> None:
    """Judge `obj`, as it was just read, by its kind's rules: NotReadyError if it isn't ready."""
    kind = kinds.find(obj)
    if kind is None or not kind.refreshed or skips_await(inputs):
        return
    view = View(obj)
    sources = kind.sources(obj)
    for source, objects in zip(sources, await asyncio.gather(*(_read(client, source) for source in sources)), strict=True):
        view.related[source.name] = {name_of(found): found for found in objects}
    verdict = kind.judge(view)
    if not verdict.ready:
        raise NotReadyError(UNINITIALIZED.format(name=name_of(obj)), obj, explained(kind, view, verdict))


async def deleted(
    client: Client, resource: Resource, obj: Obj, inputs: Obj, timeout: float, say: Say, cancelled: asyncio.Event | None = None
) -> None:
    """Wait until `obj`, whose deletion the server has taken, is gone. NotReadyError if it isn't in time, or `cancelled` was set."""
    if skips_deletion_await(inputs):
        say("info", _UNAWAITED, ephemeral=True)
        return
    wait = Wait(client, resource, obj, deletion.KIND, say, cancelled)
    await wait.until_gone(timeout_of(inputs, timeout, deletion.KIND.timeout))


def _kind(obj: Obj, inputs: Obj) -> Kind | None:
    wanted = annotation(inputs, "waitFor")
    if wanted:
        try:
            return waitfor.kind(wanted)
        except ValueError as error:
            raise NotReadyError(f"pulumi.com/waitFor: {error}", obj, []) from error
    return kinds.find(obj) or (generic.KIND if os.environ.get("PULUMI_K8S_AWAIT_ALL") == "true" else None)


async def _read(client: Client, source: Source) -> list[Obj]:
    try:
        return sequence(await client.list(source.path, source.params), "items")
    except ApiError:
        if source.optional:
            return []
        raise
