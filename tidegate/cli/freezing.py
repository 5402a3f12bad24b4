"""`tidegate freeze` and `thaw`: no release begins for a while, by a person's word."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tidegate.cli import verbs
from tidegate.model.errors import ConfigurationError

FREEZE: Final = """\b
Examples:
  tidegate freeze -s production -r 'the sale' --until 2026-11-30T08:00:00Z
  tidegate freeze -s production -r 'the audit'   (until `tidegate thaw`)"""
THAW: Final = """\b
Examples:
  tidegate thaw -s production -r 'the audit is over'"""


def freeze(
    *,
    stack: verbs.Stack = None,
    reason: verbs.Reason,
    until: Annotated[str | None, typer.Option("--until", metavar="MOMENT", help="With its zone: 2026-12-24T18:00:00Z.")] = None,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Let no release begin, for a while or until `tidegate thaw`. What is under way goes on, and everything may go back."""
    from pydantic import ValidationError

    from tidegate.model.events import Freeze

    del yes  # it takes nothing from anybody
    try:
        Freeze(reason=reason, until=until)
    except ValidationError as error:
        raise ConfigurationError(f"--until {until} is no moment; give it with its zone: 2026-12-24T18:00:00Z") from error
    with verbs.releases(stack, json=json) as found:
        ended = found.freeze(reason, until)
    verbs.finish(ended, json=json)


def thaw(*, stack: verbs.Stack = None, reason: verbs.Reason, yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Let releases begin again. The windows of `tidegate:gates.freezes` hold all the same."""
    del yes  # it takes nothing from anybody
    with verbs.releases(stack, json=json) as found:
        ended = found.thaw(reason)
    verbs.finish(ended, json=json)
