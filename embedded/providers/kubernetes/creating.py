"""Creating an object exactly once, also when the answer to the request is lost.

A POST whose answer is lost may have been carried out or not. The object is then looked for by name: if there is none, it is posted again;
if there is one, it must be the one that was posted, and not somebody else's of the same name. If not even that can be found out, the
caller must remember that there may be one.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import stamina

from embedded.providers.kubernetes.diffing import equal
from embedded.providers.kubernetes.errors import ApiError, LostAnswerError, UnreachableError
from embedded.providers.kubernetes.naming import MANAGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.providers.kubernetes.client import Client
    from embedded.providers.kubernetes.discovery import Resource
    from embedded.providers.kubernetes.replacing import Obj


class UnsureError(Exception):
    """The object may have been created: the answer was lost, and nothing could be found out since."""


class TakenError(Exception):
    """The answer was lost, and there is an object of that name that isn't the one that was sent."""


async def create(client: Client, resource: Resource, body: Obj, warn: Callable[[str], None]) -> Obj:
    """Create the object, once. ApiError and UnreachableError if it was certainly not created."""
    path = resource.path(body["metadata"].get("namespace") or "default")
    since = _moment(client.date)
    lost = False
    p = client.patience
    try:
        async for attempt in stamina.retry_context(LostAnswerError, p.attempts, None, p.initial, p.longest, p.jitter):
            with attempt:
                try:
                    return await client.create(path, body, {"fieldManager": MANAGER}, warn)
                except LostAnswerError as error:
                    lost = True
                    if found := await _found(client, resource, body, since, error.cause):
                        return found
                    raise
                except ApiError as error:
                    # The request before this one may have been slow rather than lost.
                    if lost and error.already_exists and (found := await _found(client, resource, body, since, error)):
                        return found
                    raise
    except LostAnswerError as error:
        raise error.cause from error
    raise AssertionError("the loop above returns or raises")


async def _found(client: Client, resource: Resource, body: Obj, since: datetime | None, cause: Exception) -> Obj | None:
    try:
        live = await client.get(resource.path_of(body))
    except UnreachableError as error:
        raise UnsureError(f"{cause}; and then: {error}") from error
    except ApiError as error:
        if error.not_found:
            return None
        raise UnsureError(f"{cause}; and then: {error}") from error
    if is_it(live, body, since):
        return live
    made = live["metadata"].get("creationTimestamp")
    raise TakenError(f"{cause}; and there is an object of that name, created at {made}, which isn't the one that was sent")


def is_it(live: Obj, body: Obj, since: datetime | None) -> bool:
    """Whether the live object is the one that was sent after the moment `since` of the server's clock.

    Created by this provider, not earlier than that, and with everything in it that was sent. (The server adds to an object and drops what
    it doesn't know, but keeps the values.)
    """
    entries = live["metadata"].get("managedFields") or []
    made_by_us = any(e.get("manager") == MANAGER and e.get("operation") == "Update" for e in entries)
    created = _stamp(live["metadata"].get("creationTimestamp"))
    in_time = since is None or created is None or created >= since
    return made_by_us and in_time and _holds(live, body)


def _holds(live: Any, sent: Any) -> bool:
    if isinstance(sent, dict) and isinstance(live, dict):
        return all(_holds(live[k], v) for k, v in sent.items() if k in live)
    if isinstance(sent, list) and isinstance(live, list):
        return len(live) >= len(sent) and all(_holds(a, b) for a, b in zip(live, sent, strict=False))
    return equal(live, sent)


def _moment(header: str) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None


def _stamp(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
