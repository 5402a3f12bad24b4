"""The command: switchers take turns under each kind of load; a table, a drawing and the raw records come out."""

from __future__ import annotations

import argparse
import contextlib
import gc
import gzip
import json
import sys
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.switch import drawing
from benchmarks.switch.load import CONNECTIONS, FASTEST
from benchmarks.switch.recording import LoadEndedError
from benchmarks.switch.report import as_json, series, shortcomings, table
from benchmarks.switch.rounds import MOST_REPETITIONS, NotReadyError, Way, play
from benchmarks.switch.switchers.choosing import KINDS, NEEDED, OPTIONAL, ChoiceError, subject
from benchmarks.switch.switchers.switcher import SwitchError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.switch.report import Series
    from benchmarks.switch.rounds import Round, Subject


def _epilog() -> str:
    kinds = "\n".join(f"  {name:9} {kind.summary}\n{'':12}{_keys(kind.needed, kind.optional)}" for name, kind in KINDS.items())
    return f"""\
a switcher is one argument: its kind, then KEY=VALUE words
  all       url= is where requests go, on this machine; old= and new= are the versions that answer
            {_keys(NEEDED, OPTIONAL)}
{kinds}

example, with the weights of a route beside another release tool:
  python -m benchmarks.switch \\
    --switcher 'route route=shop/web live=web-blue candidate=web-green
                url=http://127.0.0.1:8000/api/version host=shop.test old=v1 new=v2' \\
    --switcher "commands name=other url=http://127.0.0.1:8000/api/version host=other.test old=v1 new=v2
                shift='other set-weight {{weight}}' abort='other abort'
                flip='other promote --full' rollback='other undo' status='other weight'"

It ends with 1 when a goal is missed, with 2 when it can't be measured."""


def _keys(needed: Sequence[str], optional: Sequence[str]) -> str:
    return " ".join([*(f"{key}=" for key in needed), *(f"[{key}=]" for key in optional)])


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.switch",
        description="How fast traffic moves from one version to another, and how many requests fail: shift, abort, flip and rollback, "
        "each many times, under load on this machine's loopback addresses.",
        epilog=_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--switcher", action="append", required=True, metavar="WORDS", help="what moves traffic; more than one take turns")
    made.add_argument("--rate", type=_numbers, default=[200.0, 1000.0], help="requests a second, like 200,1000 (the default)")
    made.add_argument("--connections", type=_connections, default=list(CONNECTIONS), help=f"{','.join(CONNECTIONS)} (the default)")
    made.add_argument("--repetitions", type=int, default=20, help="of each operation (default: %(default)s)")
    made.add_argument("--weight", type=int, default=50, help="the new version's percent in a shift (default: %(default)s)")
    made.add_argument(
        "--quiet", type=float, default=1.0, help="seconds that traffic is as wanted when a command has taken effect (%(default)s)"
    )
    made.add_argument("--patience", type=float, default=10.0, help="seconds that this may take after the command (%(default)s)")
    made.add_argument("--out", type=Path, metavar="FOLDER", help="write switch.svg, figures.json and requests.jsonl.gz there")
    return made


def _numbers(text: str) -> list[float]:
    found = [float(part) for part in text.split(",")]
    if not all(0 < number <= FASTEST for number in found):
        raise argparse.ArgumentTypeError(f"{text}: rates are more than 0 and at most {FASTEST:g}")
    return found


def _connections(text: str) -> list[str]:
    found = text.split(",")
    if unknown := [part for part in found if part not in CONNECTIONS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r} is neither of {', '.join(CONNECTIONS)}")
    return found


def run(subjects: Sequence[Subject], ways: Sequence[Way], repetitions: int) -> list[Series]:
    """Measure; the subjects take turns, so that what else the machine does meets all alike."""
    made = []
    for way in ways:
        rounds: list[list[Round]] = [[] for _ in subjects]
        for number in range(1, repetitions + 1):
            for one, mine in zip(subjects, rounds, strict=True):
                if number > (most := min(one.repetitions or repetitions, repetitions)):
                    continue
                _tell(f"{one.name}, {way.rate:g} requests/s, {way.connections}: {number} of {most}", first=number == 1)
                gc.freeze()  # a collection that looks at all that was recorded so far would take the time between a moment and its command
                mine.append(play(one, way))
        made += [series(one, way, mine) for one, mine in zip(subjects, rounds, strict=True)]
    _tell("")
    return made


def _tell(text: str, *, first: bool = False) -> None:
    """Say how far it is: to people always, to a log at the first repetition of each series."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif first:
        print(text, file=sys.stderr, flush=True)


def write(all_series: Sequence[Series], folder: Path) -> None:
    """The drawing, the figures and the raw records."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "switch.svg").write_text(drawing.drawn(all_series))
    (folder / "figures.json").write_text(json.dumps(as_json(all_series), indent=1) + "\n")
    with gzip.open(folder / "requests.jsonl.gz", "wt") as out:
        for one in all_series:
            for number, played in enumerate(one.rounds, 1):
                head = {"series": one.title, "round": number, "fields": ["due", "begun", "done", "status", "version", "error"]}
                moves = [{"operation": m.operation, "asked": m.asked, "returned": m.returned, "until": m.until} for m in played.moves]
                out.write(json.dumps(head | {"moves": moves, "requests": [astuple(a) for a in played.answers]}) + "\n")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command."""
    options = parser().parse_args(words)
    try:
        _check(options)
        subjects = _subjects(options.switcher)
        ways = [
            Way(rate, connections, options.weight, options.quiet, options.patience)
            for connections in options.connections
            for rate in options.rate
        ]
        with contextlib.ExitStack() as stack:
            for one in subjects:
                stack.callback(one.switcher.close)
            made = run(subjects, ways, options.repetitions)
    except (ChoiceError, NotReadyError, LoadEndedError, SwitchError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; the old version has the traffic", file=sys.stderr)
        return 130
    print(table(made))
    if options.out:
        write(made, options.out)
        print(f"\nwritten: {options.out}/switch.svg, figures.json, requests.jsonl.gz")
    return 1 if any(shortcomings(one) for one in made) else 0


def _subjects(texts: Sequence[str]) -> list[Subject]:
    subjects = [subject(text) for text in texts]
    if len({one.name for one in subjects}) < len(subjects):
        raise ChoiceError("two switchers have the same name; give each its own: name=…")
    return subjects


def _check(options: argparse.Namespace) -> None:
    for name, least, most in (("repetitions", 1, MOST_REPETITIONS), ("weight", 1, 99), ("quiet", 0.1, 60), ("patience", 0.1, 300)):
        value = getattr(options, name)
        if not least <= value <= most:
            raise ChoiceError(f"--{name} is {value:g}; it is at least {least:g} and at most {most:g}")
