"""Switchers as the command line names them: a kind, then KEY=VALUE words, all in one argument."""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.switch.loopback import LoadRefusedError, place
from benchmarks.switch.rounds import MOST_REPETITIONS, Subject
from benchmarks.switch.switchers.commands import NAMES, Commands
from benchmarks.switch.switchers.switcher import SwitchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.switch.switchers.switcher import Switcher
    from benchmarks.switch.switchers.up import Stack


class ChoiceError(ValueError):
    """A switcher's words don't say what they have to; the text says how."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of switchers."""

    summary: str
    make: Callable[[Mapping[str, str]], Switcher]
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    goal: float | None
    """Seconds to 0% and 100%, for the 99th of 100, unless said otherwise."""


NEEDED: Final = ("url", "old", "new")
OPTIONAL: Final = ("name", "host", "goal", "repetitions")


def _route(said: Mapping[str, str]) -> Switcher:
    from benchmarks.switch.switchers.route import Route

    return Route(said["route"], said["live"], said["candidate"], said.get("kubeconfig", ""), said.get("manager", ""))


def _selector(said: Mapping[str, str]) -> Switcher:
    from benchmarks.switch.switchers.selector import Selector

    return Selector(said["service"], said["label"], said["live"], said["candidate"], said.get("kubeconfig", ""), said.get("manager", ""))


def _commands(said: Mapping[str, str]) -> Switcher:
    commands = {name: said[name] for name in NAMES if said.get(name)}
    return Commands(commands, said["old"], said["new"], _seconds("timeout", said.get("timeout", "120")))


def _up(said: Mapping[str, str]) -> Switcher:
    from benchmarks.switch.switchers.up import Up

    return Up(*_stack(said))


def _driver(said: Mapping[str, str]) -> Switcher:
    from benchmarks.switch.switchers.driver import Driver

    return Driver(*_stack(said))


def _stack(said: Mapping[str, str]) -> tuple[Stack, str, tuple[str, str], tuple[str, str]]:
    from benchmarks.switch.switchers.up import Stack

    stack = Stack(said["project"], said["stack"], said.get("kubeconfig", ""), _seconds("timeout", said.get("timeout", "300")))
    return stack, said["service"], (said["old"], said["new"]), (said.get("old-digest", ""), said.get("new-digest", ""))


KINDS: Final = {
    "route": Kind(
        "patches the weights of the HTTPRoute route=NAMESPACE/NAME; live= and candidate= are its two Services",
        _route,
        ("route", "live", "candidate"),
        ("kubeconfig", "manager"),
        0.5,
    ),
    "selector": Kind(
        "patches the selector of the Service service=NAMESPACE/NAME; label= is live= or candidate=",
        _selector,
        ("service", "label", "live", "candidate"),
        ("kubeconfig", "manager"),
        1.0,
    ),
    "up": Kind(
        "updates a stack of Tidegate's: stack= in the folder project= has service= with the version old=, and gets new=",
        _up,
        ("project", "stack", "service"),
        ("old-digest", "new-digest", "kubeconfig", "timeout"),
        None,
    ),
    "driver": Kind(
        "has Tidegate's driver release it, in one process: stack= in the folder project= has service= with the version old=, and gets new=",
        _driver,
        ("project", "stack", "service"),
        ("old-digest", "new-digest", "kubeconfig", "timeout"),
        None,
    ),
    "commands": Kind(
        "runs commands, for any release tool: flip= and rollback=, and where it has them shift=, abort= and status=",
        _commands,
        ("flip", "rollback"),
        ("shift", "abort", "status", "timeout"),
        None,
    ),
}


def subject(text: str) -> Subject:
    """What one argument says."""
    try:
        kind, *words = shlex.split(text) or [""]
    except ValueError as error:
        raise ChoiceError(f"--switcher {text!r} can't be split into words: {error}") from None
    if kind not in KINDS:
        raise ChoiceError(f"--switcher {text!r} begins with {kind!r}; it begins with one of {', '.join(KINDS)}")
    chosen = KINDS[kind]
    said = dict(_pairs(words, kind, (*NEEDED, *OPTIONAL, *chosen.needed, *chosen.optional)))
    if missing := [key for key in (*NEEDED, *chosen.needed) if not said.get(key)]:
        raise ChoiceError(f"--switcher {kind}: {', '.join(missing)} missing; say {' '.join(f'{key}=…' for key in missing)}")
    if said["old"] == said["new"]:
        raise ChoiceError(f"--switcher {kind}: old and new are both {said['old']!r}; then nobody sees a switch")
    try:
        place(said["url"], said.get("host", ""))
        switcher = chosen.make(said)
    except (LoadRefusedError, SwitchError) as error:
        raise ChoiceError(f"--switcher {kind}: {error}") from None
    goal = _seconds("goal", said["goal"]) if "goal" in said else chosen.goal
    repetitions = _count("repetitions", said["repetitions"]) if "repetitions" in said else None
    return Subject(said.get("name", kind), switcher, said["url"], said.get("host", ""), said["old"], said["new"], goal, repetitions)


def _pairs(words: list[str], kind: str, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise ChoiceError(f"--switcher {kind}: {word!r} is not KEY=VALUE; quote values that have spaces: shift='…'")
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ChoiceError(f"--switcher {kind}: there is no {key}=; there are {', '.join(known)}{meant}")
        yield key, value


def _count(key: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_REPETITIONS:
        raise ChoiceError(f"{key}={text} is no number between 1 and {MOST_REPETITIONS}")
    return int(text)


def _seconds(key: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 3600:
        raise ChoiceError(f"{key}={text} is no number of seconds between 0 and 3600")
    return seconds
