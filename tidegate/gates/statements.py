"""Statements: what people sign. The text that is signed is the only one that there is for what it says."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from tidegate.model.approval import Statement
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.approval import Before, Decision

LONGEST: Final = 16_000
"""Of a statement. A reason is a sentence or two."""


def statement(
    stack: str,
    brings: str,
    services: Mapping[str, str],
    before: Before,
    decision: Decision,
    reason: str,
    at: datetime,
    *,
    release: str,
    incident: str = "",
) -> str:
    """What is to be signed. `release` is `model.approval.place` of the ledger; `incident`: the others are passed by for it."""
    if decision == "reject" and not reason.strip():
        raise ConfigurationError("a no takes a reason: --reason TEXT")
    if incident and (decision == "reject" or not reason.strip()):
        raise ConfigurationError("passing approvals by is a yes with an incident and a reason: --incident ID --reason TEXT")
    text = Statement(
        stack=stack,
        release=release,
        brings=brings,
        services=dict(services),
        before=before,
        decision=decision,
        reason=reason.strip(),
        incident=incident.strip(),
        at=at.astimezone(UTC).isoformat(timespec="seconds"),
    ).text
    if len(text) > LONGEST:
        raise ConfigurationError(f"the reason is too long: with it the statement has {len(text)} characters, and may have {LONGEST}")
    return text


def audience(text: str) -> str:
    """What a token must be for so that it is a signature of this statement."""
    return f"tidegate:sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read(text: str) -> Statement | None:
    """What a text says, if it is a statement in the one way to write it."""
    if len(text) > LONGEST:
        return None
    try:
        found = Statement.model_validate_json(text)
        moment(found)
    except (ValidationError, ValueError, OverflowError):
        return None
    return found if found.text == text else None


def packed(text: str) -> str:
    """A statement as a variable takes it that others pass on: letters and digits only."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpacked(word: str) -> str | None:
    """The statement that was packed so, if it is one."""
    try:
        text = base64.b64decode(f"{word.strip()}===".encode(), altchars=b"-_", validate=False).decode()
    except (binascii.Error, UnicodeError):
        return None
    return text if read(text) is not None else None


def moment(said: Statement) -> datetime:
    """When it was said."""
    at = datetime.fromisoformat(said.at)
    if at.tzinfo is None:
        raise ValueError("a statement's moment has its zone")
    return at.astimezone(UTC)
