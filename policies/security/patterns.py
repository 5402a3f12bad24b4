"""Names with `*` in them, as settings have them."""

import re
from collections.abc import Iterable


def matches(text: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns stands for the text: `*` for anything, everything else for itself."""
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) for pattern in patterns)
