"""Whole rounds: a load generator, a switch in this process, and what is found of it."""

from __future__ import annotations

import itertools
import json
import shlex
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from benchmarks.switch.command import main
from benchmarks.switch.load import KEEP, NEW
from benchmarks.switch.report import series, shortcomings, table
from benchmarks.switch.rounds import NotReadyError, Subject, Way, play
from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError
from tests.local.switch.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.switch.server import Server

# They measure time: beside other tests that says little.
pytestmark = pytest.mark.node

DELAY = 0.15


class Switch:
    """Moves the server's traffic, some time after it was told to."""

    def __init__(self) -> None:
        self.operations = frozenset(CYCLE)
        self.weight = 0
        self.broken: Operation | None = None
        self.stuck: Operation | None = None
        self.told: list[Operation] = []
        self.prepared: list[Operation] = []
        self._timers: list[threading.Timer] = []

    def _to(self, weight: int, operation: Operation) -> None:
        self.told.append(operation)
        if operation is self.broken:
            raise SwitchError("no such release")
        if operation is not self.stuck:
            timer = threading.Timer(DELAY, lambda: setattr(self, "weight", weight))
            self._timers.append(timer)
            timer.start()

    def prepare(self, operation: Operation) -> None:
        """Takes as long as the move itself, and is no part of it."""
        self.prepared.append(operation)
        time.sleep(DELAY)

    def shift(self, weight: int) -> None:
        self._to(weight, Operation.SHIFT)

    def abort(self) -> None:
        self._to(0, Operation.ABORT)

    def flip(self) -> None:
        self._to(100, Operation.FLIP)

    def rollback(self) -> None:
        self._to(0, Operation.ROLLBACK)

    def status(self) -> int | None:
        return self.weight

    def close(self) -> None:
        """Wait until all has been done."""
        for timer in self._timers:
            timer.join()


@pytest.fixture
def switch() -> Iterator[Switch]:
    """One with all traffic on the old version."""
    made = Switch()
    yield made
    made.close()


@pytest.fixture
def server(switch: Switch) -> Iterator[Server]:
    """One whose traffic the switch moves."""
    with serving(lambda: switch.weight) as made:
        yield made


def subject(server: Server, switch: Switch, old: str = "v1") -> Subject:
    """The switch as it is measured."""
    return Subject("local", switch, server.url, "", old, "v2", goal=5.0)


def way(connections: str = KEEP, patience: float = 5.0) -> Way:
    """A quick one."""
    return Way(200, connections, 40, quiet=0.3, patience=patience)


@pytest.mark.parametrize("connections", [KEEP, NEW])
def test_a_round_finds_when_the_switch_was(server: Server, switch: Switch, connections: str) -> None:
    """No operation takes effect before the switch does it, each does soon after, and nothing fails."""
    one = series(subject(server, switch), way(connections), [play(subject(server, switch), way(connections))])
    assert [figures.operation for figures in one.figures[0]] == list(CYCLE) == switch.prepared
    assert all(figures.command < DELAY for figures in one.figures[0]), table([one])
    assert all(figures.slowest < 5 for figures in one.figures[0]), table([one])
    # An abort takes from a mixture: there, an answer of the old version says nothing.
    assert all(figures.slowest >= DELAY for figures in one.figures[0] if figures.operation is not Operation.ABORT), table([one])
    assert one.failed == 0
    assert one.of(Operation.SHIFT)[0].share == pytest.approx(0.4, abs=0.15)
    assert not [text for text in shortcomings(one) if "load generator" not in text]


@pytest.mark.parametrize(
    ("broken", "stuck", "error"),
    [(Operation.FLIP, None, "no such release"), (None, Operation.SHIFT, "after 2 s 0.0% of the traffic is answered by v2, not 40%")],
)
def test_what_goes_wrong_is_said_and_the_old_version_has_the_traffic_again(
    server: Server, switch: Switch, broken: Operation | None, stuck: Operation | None, error: str
) -> None:
    """A round ends with its first error, and with a rollback."""
    switch.broken, switch.stuck = broken, stuck
    played = play(subject(server, switch), way(patience=2.0 if stuck else 5.0))
    assert error in played.moves[-1].error
    assert switch.told[-1] is Operation.ROLLBACK
    assert any(error in text for text in shortcomings(series(subject(server, switch), way(), [played])))


def test_nothing_is_done_before_the_old_version_has_all_traffic(server: Server, switch: Switch) -> None:
    """Whoever names the wrong version learns what does answer, and no traffic is moved."""
    with pytest.raises(NotReadyError, match=r"has to be answered by v0, but .*requests failed \(of version v1\)"):
        play(subject(server, switch, old="v0"), way(patience=0.3))
    assert not switch.told


def test_two_tools_by_commands_in_one_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Any commands are a switcher; two take turns, and the table, the drawing, the figures and the raw records have both."""
    files = [tmp_path / name for name in ("ours", "theirs")]
    for file in files:
        file.write_text("0")
    with serving(lambda: float(files[0].read_text() or 0)) as ours, serving(lambda: float(files[1].read_text() or 0)) as theirs:
        words = list(
            itertools.chain.from_iterable(
                ("--switcher", _commands(file, server)) for file, server in zip(files, (ours, theirs), strict=True)
            )
        )
        quick = ["--rate=200", "--connections=keep-alive", "--repetitions=1", "--quiet=0.3", f"--out={tmp_path / 'out'}"]
        ended = main([*words, *quick])
    printed = capsys.readouterr().out
    assert "ours, 200 requests/s, keep-alive: once" in printed
    assert "rollback: to 100% of the old" in printed
    assert ended == (1 if "!" in printed else 0), printed
    figures = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert [(one["switcher"], one["failures"]) for one in figures] == [("ours", {}), ("theirs", {})]
    assert [[figure["operation"] for figure in moves] for moves in figures[0]["rounds"]] == [["shift", "abort", "flip", "rollback"]]
    drawn = ET.fromstring((tmp_path / "out" / "switch.svg").read_text())  # noqa: S314 - our own
    assert sum("theirs" in (text.text or "") for text in drawn.iter("{http://www.w3.org/2000/svg}text")) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_stops_it_the_old_version_gets_the_traffic_back(tmp_path: Path, number: signal.Signals) -> None:
    """In the middle of a repetition."""
    file = tmp_path / "weight"
    file.write_text("0")
    with serving(lambda: float(file.read_text() or 0)) as server:
        command = [sys.executable, "-m", "benchmarks.switch", "--switcher", _commands(file, server), "--rate=100", "--weight=30"]
        # Where tests run in the background interrupts are ignored, and so they would be by all that is started.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        signal.signal(signal.SIGINT, before)
        patience = time.monotonic() + 60
        while file.read_text().strip() != "30" and time.monotonic() < patience and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(number)
        _, said = running.communicate(timeout=60)
    assert (running.returncode, file.read_text().strip()) == (130, "0"), said
    assert "the old version has the traffic" in said


def _commands(file: Path, server: Server) -> str:
    script = f"echo {{weight}} > {shlex.quote(f'{file}.new')}; mv {shlex.quote(f'{file}.new')} {shlex.quote(str(file))}"
    command = shlex.quote(f"sh -c {shlex.quote(script)}")
    operations = " ".join(f"{operation}={command}" for operation in CYCLE)
    return f"commands name={file.name} url={server.url} old=v1 new=v2 goal=10 {operations} status={shlex.quote(f'cat {file}')}"
