"""The verbs of releases, over releases that only say what they were asked for."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tidegate.cli import verbs
from tidegate.cli.app import app, run
from tidegate.driver.results import Box, Ended, Gate, Planned, Row, ServiceStatus, SlotStatus, Status
from tidegate.gates.overriding import Override
from tidegate.model.errors import ExitCode, GateRefusedError
from tidegate.model.happening import Happening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.cli.progress import Teller

NOW = "2026-01-01T12:00:00+00:00"
ENDED = Ended("promoted", "r2-abcdef", "release r2-abcdef of web is promoted")
BACK = Ended("aborted", "r2-abcdef", "r2-abcdef: taken back", int(ExitCode.ROLLED_BACK), ("the pager is silent",))
PLANNED = Planned(
    brings={"web": "v2"},
    begins=True,
    gates=(Gate("freeze", "fail", "it is Friday"), Gate("health", "pass", "all is well")),
    boxes=(
        Box("stage", ("web",), 0, 0.0, ("policy", "quota"), "web v2 comes up"),
        Box("shift", ("web",), 25, 300.0, ("health", "analysis"), "25% of the traffic"),
    ),
    lasts=600.0,
    changes={"create": 4, "same": 90},
    notes=("backup.before_release isn't heeded yet",),
    code=int(ExitCode.GATE_REFUSED),
)
STATUS = Status(
    stack="production",
    phase="shifting",
    release="r2-abcdef",
    kind="release",
    services=(
        ServiceStatus(
            "web",
            (
                SlotStatus("blue", "v1", "web:v1", live=True, weight=75, observed=100, ready=2, wanted=2),
                SlotStatus(
                    "green", "v2", "web:v2", live=False, weight=25, observed=None, ready=0, wanted=1, troubles=("web-green-x crashes",)
                ),
            ),
            NOW,
            "ann",
        ),
        ServiceStatus(
            "api", (SlotStatus("blue", "v7", "api:v7", live=True, weight=100, observed=100, ready=None, wanted=None),), NOW, "ann"
        ),
    ),
    weight=25,
    paused=True,
    reason="lunch",
    begun=NOW,
    changed=NOW,
    by="ann",
    steps=(),
    next="it is paused",
    frozen=None,
)
ROWS = [
    Row(
        7, NOW, NOW, "succeeded", "shift", "ann", "well at 5%", 25, "r2-abcdef", {"web": "v2"}, (Gate("analysis", "pass", "web: 4 looks"),)
    ),
    Row(6, NOW, None, "failed", "apply", "bob", "", None, None, {"web": "v1"}),
]


@dataclass
class Fake:
    """Releases that say what they were asked for, and end as they are told."""

    ends: Ended | BaseException = ENDED
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    stack: str = ""
    teller: Teller | None = None

    closed: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def called(*arguments: Any, **more: Any) -> Any:
            self.asked.append((name, arguments, more))
            if isinstance(self.ends, BaseException):
                raise self.ends
            answers = {"plan": PLANNED, "status": STATUS, "history": ROWS, "watch": self._happens()}
            return answers.get(name, self.ends)

        return called

    @staticmethod
    def _happens() -> Iterator[Happening]:
        yield Happening("step", "production", "25% of the traffic", NOW, "ann", "r2-abcdef", ("web",), {"weight": 25})
        yield Happening("promoted", "production", "it is live", NOW, "ann", "r2-abcdef", ("web",))


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """In place of the releases of a stack of the project here."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.production.yaml").write_text("config: {}\n")
    monkeypatch.chdir(tmp_path)
    found = Fake()

    def opened(stack: str, teller: Teller | None) -> Any:
        found.stack, found.teller = stack, teller
        return found

    monkeypatch.setattr(verbs, "_opened", opened)
    return found


STACK = ("--stack", "production")


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        (["release", "web=v2", "api=v3", "--yes"], ("release", ({"web": "v2", "api": "v3"}, {}, "", None), {"wait": True})),
        (["release", "--yes", "--no-wait", "-r", "why"], ("release", ({}, {}, "why", None), {"wait": False})),
        (
            ["release", "--image", "web=r.io/web:v2@sha256:ab", "--yes"],
            ("release", ({}, {"web": "r.io/web:v2@sha256:ab"}, "", None), {"wait": True}),
        ),
        (
            ["release", "web=v2", "--override", "freeze", "--override", "drift", "--incident", "#8", "-r", "fire", "-y"],
            ("release", ({"web": "v2"}, {}, "fire", Override("fire", "#8", ("freeze", "drift"))), {"wait": True}),
        ),
        (["resume"], ("resume", ("",), {"wait": True})),
        (["switch", "-r", "fire", "-y"], ("switch", ("fire", None), {"wait": True})),
        (["promote", "-y"], ("promote", ("",), {})),
        (["pause", "-r", "lunch"], ("pause", ("lunch",), {})),
        (["abort", "-r", "bad"], ("abort", ("bad",), {"scope": "all", "force": False})),
        (["abort", "-r", "bad", "--scope", "web", "--force", "-y"], ("abort", ("bad",), {"scope": "web", "force": True})),
        (["rollback", "-r", "bad", "-y"], ("rollback", ("bad",), {"to": {}, "release": None, "services": (), "force": False})),
        (
            ["rollback", "-r", "bad", "--to", "web=v1", "--service", "web", "--service", "api", "-y"],
            ("rollback", ("bad",), {"to": {"web": "v1"}, "release": None, "services": ("web", "api"), "force": False}),
        ),
        (
            ["rollback", "-r", "bad", "--release", "r1-x", "-y"],
            ("rollback", ("bad",), {"to": {}, "release": "r1-x", "services": (), "force": False}),
        ),
        (["cleanup", "-y"], ("cleanup", ("",), {})),
        (["cleanup", "-r", "no room", "-y"], ("cleanup", ("no room",), {})),
        (["freeze", "-r", "sale", "--until", "2026-12-01T00:00:00Z"], ("freeze", ("sale", "2026-12-01T00:00:00Z"), {})),
        (["freeze", "-r", "sale"], ("freeze", ("sale", None), {})),
        (["thaw", "-r", "over"], ("thaw", ("over",), {})),
        (["wait"], ("wait", (None, 3600.0), {})),
        (["wait", "--phase", "promoted", "--timeout", "1m30s"], ("wait", ("promoted", 90.0), {})),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_verb_asks_for_what_was_typed(fake: Fake, typed: list[str], asked: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """And says how it ended: to people, or as one object."""
    assert run([*typed, *STACK]) == 0
    assert fake.asked == [asked]
    assert (fake.stack, fake.closed) == ("production", 1)
    told = capsys.readouterr()
    assert told.out == ""
    assert ENDED.text in told.err
    assert run([*typed, *STACK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "phase": "promoted", "release": "r2-abcdef", "text": ENDED.text, "code": 0, "left": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["release", "web=v2"], "--yes"),
        (["promote"], "--yes"),
        (["switch", "-r", "x"], "--yes"),
        (["rollback", "-r", "x"], "--yes"),
        (["abort", "-r", "x", "--force"], "--yes"),
        (["cleanup"], "--yes"),
        (["approve", "--ssh-key", "key"], "--yes"),
        (["reject", "--ssh-key", "key", "-r", "x"], "--yes"),
        (["abort"], "'--reason'"),
        (["pause"], "'--reason'"),
        (["rollback"], "'--reason'"),
        (["freeze"], "'--reason'"),
        (["reject"], "'--reason'"),
        (["release", "web", "-y"], "NAME=VERSION"),
        (["release", "web=", "-y"], "NAME=VERSION"),
        (["release", "web=v1", "web=v2", "-y"], "named twice"),
        (["release", "--image", "web", "-y"], "REF@SHA256"),
        (["release", "web=v2", "--override", "freeze", "-y"], "--reason TEXT"),
        (["release", "web=v2", "--incident", "#8", "-y"], "--override GATE"),
        (["rollback", "-r", "x", "--to", "web=v1", "--release", "r1", "-y"], "not both"),
        (["wait", "--phase", "gone"], "staged, shifting"),
        (["wait", "--timeout", "5"], "with its unit"),
        (["freeze", "-r", "sale", "--until", "tomorrow"], "with its zone"),
        (["freeze", "-r", "sale", "--until", "2026-12-24T18:00:00"], "with its zone"),
        (["freeze", "-r", "sale", "--until", "2026-13-24T18:00:00Z"], "with its zone"),
        (["approve", "--before", "lunch", "-y"], "--before"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_missing_is_named_before_anything_is_done(
    fake: Fake, typed: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked where nobody sits."""
    assert run([*typed, *STACK]) == ExitCode.CONFIGURATION
    assert fake.asked == []
    assert told in capsys.readouterr().err


class Terminal:
    """Somebody who sits there, and answers."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        """Yes."""
        return True

    def readline(self, *_: Any) -> str:
        """What they type."""
        if self.answer == "^C":
            raise KeyboardInterrupt
        return f"{self.answer}\n"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", ExitCode.CANCELLED), ("", ExitCode.CANCELLED), ("^C", ExitCode.CANCELLED)])
def test_who_sits_there_is_shown_the_plan_and_asked(
    fake: Fake, answer: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A release begins with a yes only."""
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("CI", "1")
    assert run(["release", "web=v2", *STACK]) == code
    assert [name for name, _, _ in fake.asked] == (["plan", "release"] if code == 0 else ["plan"])
    told = capsys.readouterr().err
    assert "25% of the traffic" in told
    assert "Release this?" in told


@pytest.mark.parametrize(
    ("ends", "code", "text"),
    [
        (BACK, 22, "left to do: the pager is silent"),
        (Ended("staged", "r2-abcdef", "it waits for ann", 21), 21, "it waits for ann"),
        (GateRefusedError("nothing was changed. freeze: it is Friday"), 20, "error: nothing was changed. freeze: it is Friday"),
    ],
)
def test_how_it_ended_is_the_exit_code(fake: Fake, ends: Any, code: int, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And one object has it too, also where it failed."""
    fake.ends = ends
    assert run(["release", *STACK, "--yes"]) == code
    assert text in capsys.readouterr().err
    assert run(["release", *STACK, "--yes", "--json"]) == code
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"phase", "release", "text", "code", "left"}
    assert answer["code"] == code


@pytest.mark.parametrize("how", ["interrupt", "terminate"])
def test_an_interrupt_stops_the_driving_and_says_how_to_go_on(
    fake: Fake, how: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a person at the terminal, or by a CI that has no time left."""
    before = signal.getsignal(signal.SIGTERM)
    if how == "interrupt":
        fake.ends = KeyboardInterrupt()
    else:
        monkeypatch.setattr(Fake, "release", lambda *_, **__: os.kill(os.getpid(), signal.SIGTERM), raising=False)
    assert run(["release", *STACK, "--yes"]) == ExitCode.CANCELLED
    told = capsys.readouterr().err
    assert "users stay where they are" in told
    assert "tidegate resume --stack production" in told
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("verb", ["status", "wait", "history"])
def test_who_stops_looking_stops_nobody(fake: Fake, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody else may drive: nothing else is said."""
    fake.ends = KeyboardInterrupt()
    assert run([verb, *STACK]) == ExitCode.CANCELLED
    told = capsys.readouterr().err
    assert "stopped looking; whatever is under way goes on" in told
    assert "nobody drives" not in told


def test_a_status_says_where_everything_is(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """As the ledger has it, and as it is seen where that differs."""
    assert run(["status", *STACK]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    lines = [" ".join(line.split()) for line in told.err.splitlines()]
    assert "release r2-abcdef (release), shifting, 25% of the traffic on the candidates, paused: lunch" in lines
    assert "web blue v1 live 75% (seen: 100%) 2/2" in lines
    assert "green v2 25% 0/1 web-green-x crashes" in lines
    assert "api blue v7 live 100% ?" in lines
    assert run(["status", *STACK, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["services"][0]["slots"][1]["troubles"] == ["web-green-x crashes"]
    assert fake.teller is None


def test_a_plan_shows_each_step_and_what_is_in_the_way(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Its exit code is that of what would come of it."""
    assert run(["plan", "web=v2", *STACK]) == ExitCode.GATE_REFUSED
    assert fake.asked == [("plan", ({"web": "v2"}, {}), {})]
    told = capsys.readouterr().err
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "shift web 25% 5 min health, analysis 25% of the traffic" in lines
    assert "Brings web v2. It takes 10 min at least. First, of resources: 4 to create." in lines
    assert "in the way: freeze: it is Friday" in lines
    assert "all is well" not in told
    assert run(["plan", "web=v2", *STACK, "--json"]) == ExitCode.GATE_REFUSED
    assert json.loads(capsys.readouterr().out)["boxes"][1]["lasts"] == 300.0


def test_history_is_a_row_an_update(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one release, with the gates of its steps."""
    assert run(["history", *STACK, "--release", "r2-abcdef"]) == 0
    assert fake.asked == [("history", ("r2-abcdef",), {})]
    lines = [" ".join(line.split()) for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "UPDATE BEGUN WHO EVENT RELEASE WEIGHT RESULT REASON",
        "7 2026-01-01 12:00:00 ann shift r2-abcdef 25% succeeded well at 5%",
        "6 2026-01-01 12:00:00 bob apply failed",
        "update 7: analysis: pass: web: 4 looks",
    ]
    assert run(["history", *STACK, "--json"]) == 0
    assert [row["number"] for row in json.loads(capsys.readouterr().out)["updates"]] == [7, 6]


def test_watching_is_a_line_a_happening(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs each is an object of its own."""
    assert run(["watch", *STACK, "--json"]) == 0
    assert [json.loads(line)["kind"] for line in capsys.readouterr().out.splitlines()] == ["step", "promoted"]
    assert run(["watch", *STACK]) == 0
    assert "it is live" in capsys.readouterr().err
    assert [name for name, _, _ in fake.asked] == ["watch", "watch"]


def test_the_stack_may_be_in_the_environment(fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As Pulumi's own commands take it; without, it is said which there are."""
    assert run(["resume"]) == ExitCode.CONFIGURATION
    assert "--stack STACK (there are production)" in capsys.readouterr().err
    monkeypatch.setenv("PULUMI_STACK", "production")
    assert run(["resume"]) == 0
    assert fake.stack == "production"


@pytest.mark.parametrize("verb", ["status", "watch", "history", "resume", "plan"])
def test_every_verb_takes_yes(fake: Fake, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where nothing is asked, so that a script may give it to all."""
    more = ["web=v1"] if verb == "plan" else []
    assert run([verb, *more, *STACK, "--yes"]) == (ExitCode.GATE_REFUSED if verb == "plan" else 0)
    assert [name for name, _, _ in fake.asked] == [verb]
    assert capsys.readouterr().err


def test_every_verb_is_explained() -> None:
    """docs/driver.md has a row for each verb of releases, and each has examples in its help."""
    page = (Path(__file__).parents[4] / "docs" / "driver.md").read_text()
    others = {"pulumi", "engine", "completion", "plan", "release"}
    known = {str(command.name or command.callback.__name__): command for command in app.registered_commands if command.callback}
    table = page.partition("## A person's word")[2].partition("\n## ")[0]
    told = {word for line in table.splitlines() if line.startswith("| `") for word in re.findall(r"`(\w+)`", line.split("|")[1])}
    assert told == set(known) - others
    assert [name for name, command in known.items() if name not in {"pulumi", "engine"} and "tidegate " not in str(command.epilog)] == []


def test_every_exit_code_is_explained() -> None:
    """docs/driver.md has those that the verbs end with."""
    table = (Path(__file__).parents[4] / "docs" / "driver.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
    told = {int(line.split("|")[1]) for line in table.splitlines() if re.match(r"\| \d", line)}
    assert told == {int(code) for code in ExitCode} - {ExitCode.NO_CHANGES}
