"""`tidegate status`, `watch`, `wait`, `history` and `doctor`: how things are, were, and go on. Nothing is changed."""

from __future__ import annotations

import json as texts
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from embedded.engine.backend.bulk import no_collection
from tidegate.cli import verbs
from tidegate.cli.output import print_json, show, show_table, show_text
from tidegate.model.errors import ConfigurationError, ExitCode

if TYPE_CHECKING:
    from tidegate.driver.results import Row, ServiceStatus, SlotStatus, Status

STATUS: Final = """\b
Examples:
  tidegate status -s production
  tidegate status -s production --json | jq -r .phase"""
WATCH: Final = """\b
Examples:
  tidegate watch -s production
  tidegate watch -s production --json | jq -r 'select(.kind == "look") | .text'"""
WAIT: Final = """\b
Examples:
  tidegate wait -s production --timeout 2h
  tidegate wait -s production --phase promoted --timeout 30m && ./announce"""
HISTORY: Final = """\b
Examples:
  tidegate history -s production
  tidegate history -s production --release r41-3f0c1a --json"""
DOCTOR: Final = """\b
Examples:
  tidegate doctor -s production"""

_LONGEST: Final = 80
PHASES: Final = ("staged", "shifting", "promoted", "aborted", "settled")


def status(*, stack: verbs.Stack = None, yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Say where the releases are: what is live, what comes up, how much of the traffic goes where, what comes next."""
    del yes  # nothing is asked
    # It is over before there is any garbage to speak of.
    with no_collection(), verbs.releases(stack, quiet=True) as found:
        answer = found.status()
    if json:
        print_json(asdict(answer))
        return
    for label, value in _facts(answer).items():
        show(label, value, 16 if answer.approvals else 10)
    heads = ("SERVICE", "SLOT", "VERSION", "", "TRAFFIC", "PODS", "TROUBLES")
    show_table(heads, [row for service in answer.services for row in _slots(service)])
    for note in answer.notes:
        show_text(note)


def watch(*, stack: verbs.Stack = None, yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Show what happens to the stack's releases, whoever drives them, until the release under way is over. With --json a line each."""
    from tidegate.cli.progress import telling

    del yes  # nothing is asked
    with verbs.releases(stack, quiet=True) as found:
        if json:
            for happening in found.watch():
                sys.stdout.write(texts.dumps(asdict(happening)) + "\n")
                sys.stdout.flush()
            return
        with telling(verbs.name_of(stack)) as teller:
            for happening in found.watch():
                teller.tell(happening)


def wait(
    *,
    stack: verbs.Stack = None,
    phase: Annotated[
        str | None,
        typer.Option("--phase", metavar="PHASE", help=f"Until the release is there: {', '.join(PHASES)}.", show_default="its end"),
    ] = None,
    timeout: Annotated[str, typer.Option("--timeout", metavar="TIME", help="No longer than this: 90s, 30m, 2h.")] = "1h",
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Wait until the release under way is over, or in a phase, whoever drives it.

    Exit code 0 when it is there, 22 when it was taken back, 9 when the time is up.
    """
    del yes  # nothing is asked
    if phase is not None and phase not in PHASES:
        raise ConfigurationError(f"there is no phase {phase}; there are {', '.join(PHASES)}")
    limit = _seconds(timeout)
    with verbs.releases(stack, json=json, drives=False) as found:
        ended = found.wait(phase, limit)
    verbs.finish(ended, json=json)


def history(
    *,
    stack: verbs.Stack = None,
    release: Annotated[
        str | None, typer.Option("--release", metavar="ID", help="Only the steps of this release, with their gates.")
    ] = None,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Show the stack's updates, the newest first: when, by whom, a step of what, how it ended and why. Taken from its own history."""
    del yes  # nothing is asked
    with verbs.releases(stack, quiet=True) as found:
        rows = found.history(release)
    if json:
        print_json({"updates": [asdict(row) for row in rows]})
    elif not rows:
        show_text(f"There are no updates{f' of release {release}' if release else ''}.")
    else:
        heads = ("UPDATE", "BEGUN", "WHO", "EVENT", "RELEASE", "WEIGHT", "RESULT", "REASON")
        show_table(heads, [_update(row) for row in rows])
        if release:
            for row in reversed(rows):
                for gate in row.gates:
                    mark = ", passed by" if gate.overridden else ""
                    show_text(f"update {row.number}: {gate.gate}: {gate.verdict}{mark}: {gate.text}")


def doctor(*, stack: verbs.Stack = None, yes: verbs.Yes = False, json: verbs.Json = False) -> None:
    """Say what would keep a release from being driven here: engine, state, configuration, cluster, metrics. Exit code 1 if anything."""
    del yes  # nothing is asked
    with verbs.releases(stack, quiet=True) as found:
        findings = [asdict(one) for one in found.doctor()]
    if json:
        print_json({"findings": findings})
    else:
        show_table(("WHAT", "HOW IT IS", ""), [(one["what"], "well" if one["well"] else "not well", one["text"]) for one in findings])
    if not all(one["well"] for one in findings):
        raise SystemExit(ExitCode.ERROR)


def _seconds(timeout: str) -> float:
    from pydantic import TypeAdapter, ValidationError

    from tidegate.model.base import Duration, seconds

    try:
        return seconds(TypeAdapter(Duration).validate_python(timeout))
    except ValidationError as error:
        raise ConfigurationError(f"--timeout {timeout} is no time; give it with its unit: 90s, 30m, 2h") from error


def _facts(found: Status) -> dict[str, str]:
    """The head of a status."""
    facts = {"stack": found.stack}
    if found.release is not None:
        weight = f", {found.weight}% of the traffic on the candidates" if found.phase == "shifting" else ""
        paused = f", paused: {found.reason}" if found.paused else ""
        facts["release"] = f"{found.release} ({found.kind}), {found.phase}{weight}{paused}"
        facts["since"] = f"{_short(found.changed)}, by {found.by or 'somebody'}"
    if found.frozen:
        facts["frozen"] = found.frozen
    if found.next:
        facts["next"] = found.next
    for one in found.approvals:
        facts[f"before {one.before}"] = "\n".join(filter(None, (facts.get(f"before {one.before}"), one.text)))
    return facts


def _slots(service: ServiceStatus) -> list[tuple[str, ...]]:
    """A row a slot that anybody needs to know of: it is live, or has pods."""
    known = [slot for slot in service.slots if slot.live or slot.wanted or slot.ready or slot.weight]
    return [(service.service if i == 0 else "", *_slot(slot)) for i, slot in enumerate(known)]


def _slot(slot: SlotStatus) -> tuple[str, ...]:
    elsewhere = f" (seen: {slot.observed}%)" if slot.observed not in {None, slot.weight} else ""
    pods = "?" if slot.ready is None else f"{slot.ready}/{slot.wanted}"
    return slot.slot, slot.version, "live" if slot.live else "", f"{slot.weight}%{elsewhere}", pods, "; ".join(slot.troubles)


def _update(row: Row) -> tuple[str, ...]:
    weight = f"{row.weight}%" if row.weight is not None else ""
    return str(row.number), _short(row.begun), row.by, row.event, row.release or "", weight, row.result, _line(row.reason)


def _line(text: str) -> str:
    """As much of a text as a table's line bears; --json has all of it."""
    return textwrap.shorten(text, _LONGEST, placeholder=" ...")


def _short(moment: Any) -> str:
    return str(moment or "").partition(".")[0].partition("+")[0].replace("T", " ")
