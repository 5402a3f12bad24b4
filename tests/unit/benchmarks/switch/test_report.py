"""The table, the JSON and the drawing of made-up rounds."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.switch.answers import Answer
from benchmarks.switch.command import main, parser
from benchmarks.switch.drawing import drawn
from benchmarks.switch.report import as_json, series, shortcomings, table
from benchmarks.switch.rounds import Round, Subject, Way
from benchmarks.switch.switchers.commands import Commands
from benchmarks.switch.switchers.switcher import Operation
from tests.unit.benchmarks.switch.recordings import move, spoken

if TYPE_CHECKING:
    from benchmarks.switch.report import Series

SUBJECT = Subject("ours", Commands({"flip": "x", "rollback": "x"}, "v1", "v2"), "http://127.0.0.1:1/", "", "v1", "v2", goal=0.5)


def flips(*texts: str, error: str = "", behind: float = 0.0) -> Series:
    """A series of flips."""
    rounds = []
    for text in texts:
        answers = [Answer(a.due, a.due + behind, a.done + behind, a.status, a.version, a.error) for a in spoken(text)]
        rounds.append(Round((replace(move(seconds=len(text) / 10), error=error),), tuple(answers)))
    return series(SUBJECT, Way(10, quiet=0.4), rounds)


def test_goals_are_printed_beside_figures() -> None:
    """What is met, and what isn't."""
    printed = table([flips("1112222222", "1122222222")])
    assert "flip: to 100% of the new                0.200    0.300    0.300    0.300  0.5 met" in printed
    assert "failed requests: 0 of 20 (goal 0)" in printed
    assert "!" not in printed


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (flips("1111111222222"), "flip: to 100% of the new: p99 is 0.700 s, the goal 0.5 s"),
        (flips("1111111111111"), "flip: to 0% of the old: p99 is never s, the goal 0.5 s"),
        (flips("111xx222222222"), "2 of 14 requests failed (reset: 2), the goal is 0"),
        (flips("1112222222", error="no such release"), "round 1, flip: no such release"),
        (flips("1112222222", behind=0.03), "the load generator itself was 0.030 s behind (p99)"),
    ],
)
def test_what_is_not_as_wanted_is_said(one: Series, said: str) -> None:
    """In words, and in the table."""
    assert any(said in text for text in shortcomings(one))
    assert f"! {said}" in table([one])


def test_switchers_stand_side_by_side() -> None:
    """One column each, in one row an operation; what a switcher can't do is a dash."""
    ours, theirs = flips("1112222222"), flips("1111122222")
    printed = table([ours, replace(theirs, subject=replace(SUBJECT, name="theirs"))])
    rows = [line.split() for line in printed.partition("side by side")[2].splitlines()]
    assert ["10", "requests/s,", "keep-alive", "ours", "theirs"] in rows
    assert ["flip", "0.300", "/", "0.300", "0.500", "/", "0.500"] in rows
    assert ["shift", "-", "-"] in rows
    assert ["failed", "0", "0"] in rows
    assert "side by side" not in table([ours])


def test_figures_as_json_are_finite() -> None:
    """Never is null: JSON has no infinity."""
    text = json.dumps(as_json([flips("1111111111111")]), allow_nan=False)
    (found,) = json.loads(text)
    assert found["rounds"][0][0]["full"] is None
    assert found["spreads"]["flip: to 100% of the new"]["p99"] is None
    assert found["goal"] == 0.5


def test_the_drawing_has_every_series_and_its_failures() -> None:
    """It is XML, with a heading a series, a dot a repetition, and a red line a failure."""
    drawing = ET.fromstring(drawn([flips("1112222222", "1122222222"), flips("1x12222222", "1111111111")]))  # noqa: S314 - our own
    name = "{http://www.w3.org/2000/svg}"
    texts = [text.text or "" for text in drawing.iter(f"{name}text")]
    assert len([text for text in texts if text.startswith("ours, 10 requests/s, keep-alive, 2 times")]) == 2
    assert "1 never over" in texts
    assert len(list(drawing.iter(f"{name}circle"))) == 3
    assert len([line for line in drawing.iter(f"{name}polyline") if line.get("stroke") == "#c0262d"]) == 1
    assert all(math.isfinite(float(part)) for line in drawing.iter(f"{name}polyline") for part in _numbers(line.get("points", "")))


def _numbers(points: str) -> list[str]:
    return [part for pair in points.split() for part in pair.split(",")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--repetitions=0"], "--repetitions is 0; it is at least 1 and at most 100"),
        (["--weight=100"], "--weight is 100"),
        (["--switcher=commands url=http://127.0.0.1:1/ old=a new=b flip=x rollback=x"], "two switchers have the same name"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Before any load."""
    assert main(["--switcher=commands url=http://127.0.0.1:1/ old=a new=b flip=x rollback=x", *words]) == 2
    assert said in capsys.readouterr().err


def test_the_help_names_every_operation_and_kind() -> None:
    """Whoever has another release tool finds how to put it beside."""
    text = parser().format_help()
    assert all(word in text for word in (*Operation, "route ", "selector ", "commands "))
