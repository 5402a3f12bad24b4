"""What each reader stands on: the parts of a report that are relied on, each with its type, and that they are there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from tidegate.gates.scans.findings import BrokenReportError, shown
from tidegate.model.phrases import written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.gates.scans.findings import Kind
    from tidegate.model.base import Path

_SECRET: Final = re.compile(r"secret|password|credential|token|api.?key|private.?key|gitleaks", re.IGNORECASE)
_SECRET_CWES: Final = frozenset({"259", "321", "522", "798"})


class Part(BaseModel):
    """A part of a report. What isn't relied on is ignored; what is must be there, and of its type."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


P = TypeVar("P", bound=Part)


def taken(part: type[P], document: Any) -> P:
    """A part of a report, or what is wrong with it, and where. Never what it holds."""
    try:
        return part.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place: Path = first["loc"]
        raise BrokenReportError(f"{shown(written(place)) or 'it'}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


def about_secret(rule: str, cwes: Iterable[str] = ()) -> bool:
    """Whether a rule is about secrets in code: then a scanner's words may have one in them."""
    return _SECRET.search(rule) is not None or any(number in _SECRET_CWES for cwe in cwes for number in re.findall(r"\d+", cwe))


def of_code(rule: str, cwes: Iterable[str], message: str, instead: str) -> tuple[Kind, str]:
    """The kind of a finding in code, and its title: not what was found, if that may be a secret."""
    return ("secret", shown(instead)) if about_secret(rule, cwes) else ("code", shown(message))
