"""`tidegate release`, `resume` and `switch`: a release is carried out, here and now, to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from tidegate.cli import completing, verbs
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from tidegate.gates.overriding import Override

Versions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME=VERSION...", autocompletion=completing.versions, help="Services and their new versions.", show_default=False
    ),
]
Images = Annotated[
    list[str] | None,
    typer.Option("--image", metavar="NAME=REF@SHA256:..", help="A service's image by its digest; its tag, if any, is the version."),
]

RELEASE: Final = """\b
Examples:
  tidegate release -s production web=v1.4.2 api=v1.4.0 -r 'fixes #812'
  tidegate release -s production             (what is in Pulumi.production.yaml)
  tidegate release -s production web=v1.4.2 --yes --no-wait               (in CI)
  tidegate release -s staging --image web=ghcr.io/shop/web:v1.4.2@sha256:..."""
RESUME: Final = """\b
Examples:
  tidegate resume -s production
  tidegate resume -s production --no-wait --json       (every minute, by a job)"""
SWITCH: Final = """\b
Examples:
  tidegate switch -s production -r 'the old version is on fire, #813'"""


def release(
    *,
    versions: Versions = None,
    image: Images = None,
    stack: verbs.Stack = None,
    reason: verbs.Why = "",
    override: verbs.Overrides = None,
    incident: verbs.Incident = "",
    wait: verbs.Wait = True,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Release versions of services, together: all gates, candidates up and checked, traffic by steps, each watched, promoted, watched.

    It takes the release back by itself when it doesn't hold. Without versions, what the stack's file says is released; versions that are
    given are written into the file. It may be stopped or killed at any moment: users stay where they are, and `tidegate resume` goes on.

    Exit code 0 when it is done, 20 when a gate refuses it, 21 when it waits for people (--no-wait), 22 when it was taken back.
    """
    from tidegate.cli import planned

    brought = wanted(versions, image)
    passed = _override(override, reason, incident)
    if not yes:
        verbs.must_be_asked("A release changes what users get.")
        with verbs.releases(stack, quiet=True) as found:
            planned.show(found.plan(*brought))
        verbs.agree("Release this?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.release(*brought, reason, passed, wait=wait)
    verbs.finish(ended, json=json)


def resume(
    *,
    stack: verbs.Stack = None,
    reason: verbs.Why = "",
    wait: verbs.Wait = True,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Go on with what is under way, from wherever it is, whoever began it: a release, taking one back, or emptying old slots that are due.

    What is paused is so no longer. With nothing to do it does nothing, so a scheduled job can run it.
    """
    del yes  # it only goes on with what somebody has said yes to
    with verbs.releases(stack, json=json) as found:
        ended = found.resume(reason, wait=wait)
    verbs.finish(ended, json=json)


def switch(
    *,
    stack: verbs.Stack = None,
    reason: verbs.Reason,
    override: verbs.Overrides = None,
    incident: verbs.Incident = "",
    wait: verbs.Wait = True,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Give what is staged all of the traffic, and promote it, now. Nobody watches the steps; that is kept with the release.

    Gates, checks and health hold all the same.
    """
    passed = _override(override, reason, incident)
    verbs.agree("Give the candidates all of the traffic, unwatched?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.switch(reason, passed, wait=wait)
    verbs.finish(ended, json=json)


def wanted(versions: list[str] | None, image: list[str] | None) -> tuple[dict[str, str], dict[str, str]]:
    """The versions and images that were named, by service."""
    return (
        verbs.pairs(versions, "NAME=VERSION: web=v1.4.2"),
        verbs.pairs(image, "NAME=REF@SHA256:..: web=registry.example.org/web@sha256:...", "--image "),
    )


def _override(gates: list[str] | None, reason: str, incident: str) -> Override | None:
    """Which gates are to be passed by, and why."""
    from tidegate.gates.overriding import Override

    if not gates:
        if incident:
            raise ConfigurationError("--incident says what a gate is passed by for: name the gate, --override GATE")
        return None
    if not reason.strip():
        raise ConfigurationError(f"passing {' and '.join(gates)} by takes a reason: --reason TEXT")
    return Override(reason, incident, tuple(gates))
