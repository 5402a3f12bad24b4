"""How what is found is told: never with the secret's text."""

from typing import Final

from policies.judging import Standard
from policies.security.secrets.finding import Found

NSA: Final = Standard("nsa-kubernetes")


def where(found: Found) -> str:
    """Which line of a text it is in, if it has several."""
    return f", in line {found.line}" if found.line > 1 else ""
