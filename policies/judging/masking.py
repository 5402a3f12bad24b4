"""Takes an object's secrets out of what is said of it, however a policy came to say them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from typing import TYPE_CHECKING, Any, Final

from policies.judging.fields import SECRET, Hidden
from policies.judging.formats import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging.formats import Known
    from policies.judging.subjects import Subject

# Masking what is shorter would show where it was, and spoil every other text.
_SHORTEST: Final = 4
# A password before a host, with no scheme: of an image in a private registry. An image's tag before its digest isn't one.
_LOGIN: Final = re.compile(r"(?<![^\s'\"/=])[^\s'\"/:@=]+:(?P<password>[^\s'\"/@]+)@(?!sha\d+:|…)")
# What goes on after the part of a private key by which it is known.
_KEY: Final = re.compile(r"(?:\\[rn]|[A-Za-z0-9+/=\s\-])*")


def masked(subject: Subject, text: str) -> str:
    """The text without the values that are secret in the subject, and without what is known as a secret by its looks."""
    return _without_known(_marked(subject, text)) if text else text


def _without_known(text: str) -> str:
    spans = [_whole(text, one) for one in known(text)] + [match.span("password") for match in _LOGIN.finditer(text)]
    kept, last = [], 0
    for start, end in sorted(spans):
        if start >= last:
            kept += [text[last:start], SECRET]
        last = max(last, end)
    return "".join([*kept, text[last:]])


def _whole(text: str, one: Known) -> tuple[int, int]:
    start, end = one.password
    rest = _KEY.match(text, end) if "private key" in one.what else None
    return start, rest.end() if rest else end


def _marked(subject: Subject, text: str) -> str:
    if not (subject.marked or subject.keeps_secrets):
        return text
    forms = {form for value in _secret(subject) for form in _forms(value) if len(form) >= _SHORTEST and form in text}
    pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
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
