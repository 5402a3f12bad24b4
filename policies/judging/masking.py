"""Takes an object's secrets out of what is said of it, however a policy came to say them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from policies.judging.fields import SECRET, Hidden

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging.subjects import Subject

# Masking what is shorter would show where it was, and spoil every other text.
_SHORTEST: Final = 4


def masked(subject: Subject, text: str) -> str:
    """The text without the values that are secret in the subject."""
    if not text or not (subject.marked or subject.keeps_secrets):
        return text
    known = {form for value in _secret(subject) for form in _forms(value) if len(form) >= _SHORTEST and form in text}
    pattern = "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True))
    return re.sub(pattern, SECRET, text) if pattern else text


def _secret(subject: Subject) -> Iterator[str]:
    yield from _texts(subject.values, hidden=False)
    if subject.keeps_secrets:
        for part in ("data", "stringData"):
            yield from _texts(subject.values.get(part), hidden=True)


def _texts(value: Any, *, hidden: bool) -> Iterator[str]:
    match value:
        case Hidden():
            yield from _texts(value.value, hidden=True)
        case dict():
            for part in value.values():
                yield from _texts(part, hidden=hidden)
        case list():
            for part in value:
                yield from _texts(part, hidden=hidden)
        case str() if hidden:
            yield value
        case int() | float() if hidden and not isinstance(value, bool):
            yield str(value)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield repr(secret)[1:-1]
    yield from (line.strip() for line in secret.splitlines())
    with contextlib.suppress(binascii.Error, ValueError):
        yield base64.b64decode(secret, validate=True).decode()
    yield base64.b64encode(secret.encode()).decode()
