"""A happening as programs get it: the JSON that webhooks are sent, and how it is signed. docs/analysis.md describes both."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Final

from tidegate.record.wording import identity, message

if TYPE_CHECKING:
    from tidegate.model.happening import Happening

VERSION: Final = 1
SIGNATURE: Final = "X-Tidegate-Signature"
DELIVERY: Final = "X-Tidegate-Delivery"


def document(happening: Happening, environment: str, *, incident: bool = False) -> bytes:
    """What a webhook is sent. Fields are only ever added, unless `version` says otherwise."""
    told = message(happening, environment, incident=incident)
    body = {
        "version": VERSION,
        "id": identity(happening),
        "event": "incident" if incident else happening.kind,
        "environment": environment,
        "stack": happening.stack,
        "release": happening.release,
        "services": list(happening.services),
        "title": told.title,
        "text": happening.text,
        "to_do": told.to_do,
        "by": happening.by,
        "at": happening.at,
        "more": dict(happening.more),
    }
    return json.dumps(body, ensure_ascii=False, default=str).encode()


def signature(key: str, body: bytes) -> str:
    """By which a receiver knows that it is from somebody who has the key, and is whole."""
    return f"sha256={hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}"
