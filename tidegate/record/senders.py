"""Those who are told what happens: a Slack channel, a webhook. Each sender is a function of the set's values and the happening."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Protocol

from tidegate.record.documents import DELIVERY, SIGNATURE, document, signature
from tidegate.record.mail import email
from tidegate.record.posting import send
from tidegate.record.wording import identity, message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.happening import Happening

_JSON: Final = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "tidegate"}


class Sender(Protocol):
    """Tells somebody. `UntoldError` if that can't be done."""

    def __call__(self, values: Mapping[str, str], happening: Happening, environment: str, /) -> None:
        """Tell it; `values` are those of the set of secrets."""


def slack(values: Mapping[str, str], happening: Happening, environment: str) -> None:
    """An incoming webhook of Slack, or of whoever takes the same."""
    told = message(happening, environment)
    text = f"*{_escaped(told.title)}*\n{_escaped(told.text)}"
    # A channel that hears it twice is told nothing false, but nobody likes it.
    send("POST", values["url"], body=json.dumps({"text": text}).encode(), headers=_JSON, repeat=False)


def webhook(values: Mapping[str, str], happening: Happening, environment: str) -> None:
    """Whoever takes the documented JSON."""
    posted(values, happening, document(happening, environment))


def posted(values: Mapping[str, str], happening: Happening, body: bytes) -> str | None:
    """Send a document; where it says that it was put, if it does."""
    headers = {**_JSON, DELIVERY: identity(happening)}
    if key := values.get("key"):
        headers[SIGNATURE] = signature(key, body)
    reply = send("POST", values["url"], body=body, headers=headers, repeat=True)
    found = reply.body.get("url") if isinstance(reply.body, dict) else None
    return found if isinstance(found, str) and found else reply.location


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


SENDERS: Final[Mapping[str, Sender]] = {"slack": slack, "webhook": webhook, "email": email}
"""By kind of notification."""
