"""Switchers by their words, and the patches of those that patch."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from benchmarks.switch.switchers.choosing import ChoiceError, subject
from benchmarks.switch.switchers.commands import Commands, filled
from benchmarks.switch.switchers.route import pairs, weights
from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError

COMMON = "url=http://127.0.0.1:1/ old=v1 new=v2"


def test_a_switcher_by_its_words() -> None:
    """A kind, then what it needs; what is quoted stays together."""
    found = subject(f"commands {COMMON} name=other host=shop.test goal=2.5 flip='tool go {{weight}}' rollback='tool back'")
    assert (found.name, found.url, found.host, found.old, found.new, found.goal) == (
        "other",
        "http://127.0.0.1:1/",
        "shop.test",
        "v1",
        "v2",
        2.5,
    )
    assert found.switcher.operations == {Operation.FLIP, Operation.ROLLBACK}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "begins with ''; it begins with one of route, selector, up, driver, commands"),
        ("rout x=y", "begins with 'rout'"),
        ("commands 'x", "can't be split into words"),
        ("commands flip", "'flip' is not KEY=VALUE"),
        (f"commands {COMMON} flop=x", "there is no flop=; there are url, old"),
        (f"commands {COMMON} rolback=x", "did you mean rollback?"),
        ("commands flip=x", "url, old, new, rollback missing; say url=… old=… new=… rollback=…"),
        ("commands url=http://127.0.0.1:1/ old=v1 new=v1 flip=x rollback=x", "old and new are both 'v1'"),
        ("commands url=http://10.1.2.3/ old=v1 new=v2 flip=x rollback=x", "10.1.2.3 is no loopback address"),
        (f"commands {COMMON} flip=x rollback=x goal=soon", "goal=soon is no number of seconds"),
        (f"route {COMMON} route=web live=a candidate=b", "'web' is not NAMESPACE/NAME"),
        (f"route {COMMON} route=a/web live=a candidate=b kubeconfig=/nowhere", "/nowhere is no kubeconfig that can be used"),
    ],
)
def test_words_that_do_not_say_what_they_have_to(words: str, why: str) -> None:
    """Each error says what would do."""
    with pytest.raises(ChoiceError, match=re.escape(why)):
        subject(words)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("tool set {weight} {rest}", ["tool", "set", "30", "70"]),
        ("tool '{old} to {new}'", ["tool", "v1 to v2"]),
        ("""kubectl patch x -p '{"spec":{"weight":{weight}}}'""", ["kubectl", "patch", "x", "-p", '{"spec":{"weight":30}}']),
        ("tool {other} $HOME;", ["tool", "{other}", "$HOME;"]),
        ("", []),
    ],
)
def test_what_is_put_into_a_command(command: str, expected: list[str]) -> None:
    """Only what is known; a value stays one word, and nothing is a shell's."""
    assert filled(command, {"weight": "30", "rest": "70", "old": "v1", "new": "v2"}) == expected


def commands(status: str = "", **more: str) -> Commands:
    """A tool of which each command prints what it was told."""
    tool = f"{sys.executable} -S -c 'import sys; sys.exit(sys.argv[1])'"
    return Commands({"flip": f"{tool} {{weight}}", "rollback": f"{tool} {{weight}}", "status": status} | more, "v1", "v2", timeout=10)


@pytest.mark.parametrize(("prints", "expected"), [("weight: 40%", 40), ("100", 100), ("unknown", None)])
def test_the_status_is_the_first_number(prints: str, expected: int | None) -> None:
    """A tool that says none isn't held against it."""
    assert commands(f"""{sys.executable} -S -c 'print("{prints}")'""").status() == expected
    assert commands().status() is None


def test_a_command_that_fails_says_so() -> None:
    """By its name, its words, its code and its last line."""
    with pytest.raises(SwitchError, match=r"flip: `.*` ended with 1: 100"):
        commands().flip()
    with pytest.raises(SwitchError, match="rollback: /nowhere/tool: No such file"):
        commands(rollback="/nowhere/tool").rollback()
    with pytest.raises(SwitchError, match="there is no command for shift"):
        commands().shift(10)


def test_a_tool_has_at_least_a_way_there_and_back() -> None:
    """Without them there is nothing to measure."""
    with pytest.raises(SwitchError, match="no command for rollback; give one: rollback='COMMAND'"):
        Commands({"flip": "x"}, "v1", "v2")
    assert Commands(dict.fromkeys(CYCLE, "x"), "v1", "v2").operations == set(CYCLE)


def rule(*backends: str) -> dict[str, Any]:
    """A rule of a route."""
    return {"backendRefs": [{"name": name} for name in backends]}


def test_all_rules_with_both_backends_move() -> None:
    """Others, like the one that leads testers to the candidate, stay as they are."""
    assert pairs([rule("green"), rule("blue", "green"), rule(), rule("x", "green", "blue")], "blue", "green") == [(1, 0, 1), (3, 2, 1)]
    with pytest.raises(SwitchError, match="no rule of the HTTPRoute has both blue and green"):
        pairs([rule("green"), {}], "blue", "green")


def test_the_patch_moves_nobody_elses_weight() -> None:
    """Each backend is tested to be who it was."""
    assert list(weights([(1, 0, 1)], "blue", "green", 30)) == [
        {"op": "test", "path": "/spec/rules/1/backendRefs/0/name", "value": "blue"},
        {"op": "add", "path": "/spec/rules/1/backendRefs/0/weight", "value": 70},
        {"op": "test", "path": "/spec/rules/1/backendRefs/1/name", "value": "green"},
        {"op": "add", "path": "/spec/rules/1/backendRefs/1/weight", "value": 30},
    ]
