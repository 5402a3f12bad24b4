"""What a terminal shows of a release, made of what happens."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from rich.text import Text

from tidegate.cli.board import LOOKS, Board, bar, spell
from tidegate.cli.progress import Lines, telling
from tidegate.model.happening import Happening

if TYPE_CHECKING:
    from tidegate.model.happening import Kind

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def happening(kind: Kind, text: str, release: str | None = "r2-abcdef", **more: Any) -> Happening:
    """Something that happens to a release of two services."""
    services = ("api", "web") if release is not None else ()
    return Happening(kind, "production", text, NOW.isoformat(), "ann", release, services, more)


def shown(board: Board) -> str:
    """The board as text."""
    out = io.StringIO()
    Console(file=out, width=100, no_color=True).print(board.shown(NOW))
    return out.getvalue()


def heard(*happenings: Happening) -> Board:
    """The board after all of this."""
    board = Board("production")
    for one in happenings:
        board.hear(one)
    return board


def test_a_board_says_where_the_release_is() -> None:
    """Its weight, what was seen of each service, and what it waits for, how long still."""
    board = heard(
        happening("started", "release r2-abcdef of api, web begins", None),
        happening("step", "25% of the traffic is on the candidates: staged, and well", weight=25),
        happening("look", "web: pass (errors 0.1%)", service="web", verdict="pass", score=100),
        happening("look", "web: fail (errors 3%)", service="web", verdict="fail", score=0),
        happening("progress", "25% of the traffic is watched", until="2026-01-01T12:01:30+00:00"),
    )
    lines = shown(board).splitlines()
    assert "r2-abcdef on production" in lines[0]
    assert "█████░░░░░░░░░░░░░░░ 25%" in lines[0]
    assert lines[1].split() == ["api"]
    assert lines[2].split(maxsplit=2) == ["web", "✓✗", "fail (errors 3%)"]
    assert lines[3].strip() == "25% of the traffic is watched, 90 s"


@pytest.mark.parametrize(
    ("kind", "weight", "phase"),
    [
        ("promoted", 100, "promoted"),
        ("finished", 100, "done"),
        ("rolled-back", 0, "taken back"),
        ("paused", 25, "paused"),
        ("resumed", 25, ""),
    ],
)
def test_what_happens_to_the_release_is_its_phase(kind: Kind, weight: int, phase: str) -> None:
    """And where its traffic is follows from that."""
    board = heard(happening("step", "25%", weight=25), happening("paused", "lunch"), happening(kind, "so"))
    assert (board.weight, board.phase) == (weight, phase)


def test_another_release_begins_anew() -> None:
    """Nothing of the one before is left."""
    board = heard(
        happening("step", "25%", weight=25),
        happening("look", "web: fail", service="web", verdict="fail"),
        happening("step", "5%", "r3-abcdef", weight=5),
    )
    assert (board.release, board.weight, list(board.services["web"].verdicts)) == ("r3-abcdef", 5, [])


def test_of_many_looks_the_newest_are_shown() -> None:
    """A long soak doesn't make a long line."""
    looks = [happening("look", f"web: {n}", service="web", verdict="pass" if n else "fail") for n in range(LOOKS + 1)]
    assert list(heard(*looks).services["web"].verdicts) == ["pass"] * LOOKS


@pytest.mark.parametrize(("weight", "full"), [(0, 0), (1, 0), (5, 1), (50, 10), (100, 20), (130, 20)])
def test_a_bar_is_as_long_as_the_weight(weight: int, full: int) -> None:
    """It never leaves its place."""
    assert bar(weight).plain == "█" * full + "░" * (20 - full)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (90, "90 s"), (600, "10 min"), (7200, "2 h"), (12_000, "3 h 20 min"), (14 * 86400, "14 d")],
)
def test_times_are_as_people_say_them(seconds: float, told: str) -> None:
    """No more precise than anybody needs."""
    assert spell(seconds) == told


def test_without_a_terminal_everything_is_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With its time and kind, on stderr, also where a CI wants colours; an incident says that somebody must see to it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with telling("production") as teller:
        assert type(teller) is Lines
        teller.tell(happening("step", "25% of the traffic"))
        assert teller.incident(happening("failed", "web isn't wholly taken back")) is None
    told = capsys.readouterr()
    assert told.out == ""
    assert [" ".join(Text.from_ansi(line).plain.split()) for line in told.err.splitlines()] == [
        "12:00:00 step 25% of the traffic",
        "a person must see to this: web isn't wholly taken back",
    ]
