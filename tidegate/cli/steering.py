"""`tidegate promote`, `pause`, `abort`, `rollback` and `cleanup`: what a person decides of a release."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tidegate.cli import completing, verbs
from tidegate.model.errors import ConfigurationError

PROMOTE: Final = """\b
Examples:
  tidegate promote -s production -r 'seen enough'"""
PAUSE: Final = """\b
Examples:
  tidegate pause -s production -r 'looking into the slow logins'"""
ABORT: Final = """\b
Examples:
  tidegate abort -s production -r 'orders are lost'
  tidegate abort -s production -r 'it eats the node' --scope candidate
  tidegate abort -s production -r 'no time to look' --force --yes"""
ROLLBACK: Final = """\b
Examples:
  tidegate rollback -s production -r 'orders are lost'
  tidegate rollback -s production -r 'orders are lost' --service web
  tidegate rollback -s production -r 'as last week' --to web=v1.3.9
  tidegate rollback -s production -r 'as last week' --release r41-3f0c1a
  tidegate rollback -s production -r 'no time to look' --force --yes"""
CLEANUP: Final = """\b
Examples:
  tidegate cleanup -s production --yes     (`tidegate resume` does it too)"""

_UNSEEN: Final = "Send users back without looking whether what served them before is ready, and over routes that others have changed?"
Force = Annotated[
    bool, typer.Option("--force", help="Go back also where that has no ready pod, and over routes that others have changed; says so.")
]
Service = Annotated[
    list[str] | None,
    typer.Option("--service", metavar="NAME", autocompletion=completing.services, help="Only this one; several times for several."),
]


def promote(*, stack: verbs.Stack = None, reason: verbs.Why = "", yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Make the candidates live: those that take traffic by steps must have all of it. Gates hold."""
    verbs.agree("Make the candidates live?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.promote(reason)
    verbs.finish(ended, json=json)


def pause(*, stack: verbs.Stack = None, reason: verbs.Reason, yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Keep the release under way where it is, until `tidegate resume`. It is taken back all the same if it doesn't hold."""
    del yes  # it takes nothing from anybody
    with verbs.releases(stack, json=json) as found:
        ended = found.pause(reason)
    verbs.finish(ended, json=json)


def abort(
    *,
    stack: verbs.Stack = None,
    reason: verbs.Reason,
    scope: Annotated[
        str,
        typer.Option(
            metavar="all|SERVICE|candidate",
            autocompletion=completing.services,
            help="all: the release. A service: only its traffic goes back at once, then the rest. candidate: its pods go at once, too.",
        ),
    ] = "all",
    force: Force = False,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Take the release under way back: traffic first, at once. A plain update won't bring it again.

    Nothing is asked, for users go to what served them before; with --force it is, for then nobody sees whether that is ready.
    Exit code 22 when all is back, 1 when something is left to see to.
    """
    if force:
        verbs.agree(_UNSEEN, yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.abort(reason, scope=scope, force=force)
    verbs.finish(ended, json=json)


def rollback(
    *,
    stack: verbs.Stack = None,
    reason: verbs.Reason,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="NAME=VERSION", autocompletion=completing.versions, help="To this version, of a slot or of the stack's history."
        ),
    ] = None,
    release: Annotated[str | None, typer.Option("--release", metavar="ID", help="To what was live after this release.")] = None,
    service: Service = None,
    force: Force = False,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Go back to what was live before the last release, or further: version, configuration and secrets together.

    What a slot still has is there at once. Anything older is brought up from the stack's history as a release of its own, and what would
    change is shown before.
    """
    if to and release:
        raise ConfigurationError("give --to or --release, not both")
    wanted = verbs.pairs(to, "NAME=VERSION: web=v1.3.9", "--to ")
    verbs.agree(_UNSEEN if force else "Send users back?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.rollback(reason, to=wanted, release=release, services=tuple(service or ()), force=force)
    verbs.finish(ended, json=json)


def cleanup(*, stack: verbs.Stack = None, reason: verbs.Why = "", yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Empty the slots that no traffic goes to, when their time is up (`services.*.keep`). They can be gone back to all the same."""
    verbs.agree("Empty the slots that nobody uses?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.cleanup(reason)
    verbs.finish(ended, json=json)
