"""Whether a proof's facts are a person's."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from tidegate.gates.verifying import UnprovenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tidegate.model.intent.people import Identity, Person


def owner(people: Mapping[str, Person], is_theirs: Callable[[Identity], bool], what: str) -> str:
    """The one person whose identity it is."""
    found = [name for name, person in people.items() if any(is_theirs(identity) for identity in person.identities)]
    if not found:
        raise UnprovenError(f"{what} is nobody's in gates.people")
    if len(found) > 1:
        raise UnprovenError(f"{what} fits several people ({', '.join(found)}): make their claims tell them apart")
    return found[0]


def fits(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says, letter by letter; * stands for any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def has(claims: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    """Whether a token says all that is asked of it. Of a list, one entry is enough."""

    def holds(name: str, pattern: str) -> bool:
        value = claims.get(name)
        several = value if isinstance(value, list) else [value]
        return any(fits(pattern, one if isinstance(one, str) else json.dumps(one)) for one in several if one is not None)

    return all(holds(name, pattern) for name, pattern in patterns.items())


def fingerprint(blob: bytes) -> str:
    """An SSH key's fingerprint, as `ssh-keygen -l` says it."""
    return f"SHA256:{base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"
