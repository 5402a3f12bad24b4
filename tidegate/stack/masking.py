"""Takes secrets out of what is said.

Engines mask the secrets that they know of in their own words. What a provider or an API server says of an object is passed on as it is,
and may quote what is in it.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.base import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.comparing import Values

# Masking what is shorter would hide nothing: it would show where it was hidden, and spoil every other text.
_SHORTEST: Final = 4
_SHOWN: Final = "[secret]"
_SETS: Final = f"{NAMESPACE}:secrets"
_VARIABLES: Final = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_ACCESS_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Mask:
    """Hides the secrets of a configuration and of an environment: as they are, as JSON has them, and as Kubernetes keeps them."""

    def __init__(self, values: Values | None, environment: Mapping[str, str]) -> None:
        known = {environment.get(name, "") for name in _VARIABLES}
        known.update(_secrets(values) if values is not None else ())
        forms = {form for secret in known for form in _forms(secret) if len(form) >= _SHORTEST}
        # The longest first: one secret may be part of another.
        self._pattern = re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))) if forms else None

    def __call__(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(_SHOWN, text) if self._pattern else text


def _secrets(values: Values) -> Iterator[str]:
    for key, text in values.texts.items():
        if key == _SETS:
            sets = _parsed(text)
            found = sets.values() if isinstance(sets, dict) else ()
            yield from _texts([one.get("values") for one in found if isinstance(one, dict)])
        elif key in values.secret:
            yield text
            yield from _texts(_parsed(text))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for part in value.values():
                yield from _texts(part)
        case list():
            for part in value:
                yield from _texts(part)
        case int() | float() if not isinstance(value, bool):
            yield str(value)


def _forms(secret: str) -> Iterator[str]:
    if len(secret) < _SHORTEST:
        return
    yield secret
    # Messages are told line by line.
    yield from (line.strip() for line in secret.splitlines())
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield base64.b64encode(secret.encode()).decode()


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
