"""`tidegate plan` says, from configuration and state alone, what the update then does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.local.program.stack import event, shop
from tidegate.cli.app import run
from tidegate.model.errors import ExitCode

if TYPE_CHECKING:
    from tests.local.program.stack import Config, Place

V1, V2, V3 = shop(canary=True), shop("v2", canary=True), shop("v3", canary=True)
PLAN: Final = ["plan", "--stack", "dev"]


@pytest.fixture
def engine(there: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The stack of the current folder, as a shell finds it."""
    monkeypatch.chdir(there.stack.folder)
    for name, value in {
        "TIDEGATE_ENGINE": "embedded",
        "PULUMI_BACKEND_URL": f"file://{there.stack.folder}/backend",
        "PULUMI_HOME": str(there.stack.folder / "home"),
        "XDG_CACHE_HOME": str(there.stack.folder / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    return there


def planned(place: Place, capsys: pytest.CaptureFixture[str], config: Config, happens: Config | None = None) -> dict[str, Any]:
    """The plan as JSON."""
    place.configure(config, happens)
    capsys.readouterr()
    assert run([*PLAN, "--json"]) == ExitCode.OK
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_plan_is_what_the_update_then_says(engine: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is there, for a canary, and for a step of it: each sentence of the plan is told by the update."""
    for config, happens, sentences in (
        (V1, None, 3),
        (V2, None, 2),
        (V2, event("shift", weight=5), 2),
        (V2, None, 0),
    ):
        plan = planned(engine, capsys, config, happens)
        told = [f"{row['service']}: {'; '.join(row['happens'])}" for row in plan["services"] if row["happens"]]
        told += [plan["release"]] if plan["release"] else []
        assert len(told) == sentences, told
        messages = engine.up(config, happens).well().messages
        assert set(told) | set(plan["notes"]) <= set(messages)


def test_people_get_a_table(engine: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, with what happens in words."""
    engine.configure(V1)
    assert run(PLAN) == ExitCode.OK
    told = capsys.readouterr()
    assert told.out == ""
    assert [line.split()[:2] for line in told.err.splitlines()[:3]] == [["SERVICE", "LIVE"], ["api", "v1"], ["web", "v1"]]
    assert "first installation of 2 services" in told.err


def test_what_would_be_refused_is_refused(engine: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """With the gates' exit code, and the rule; wrong configuration with all that is wrong; nothing is changed by it."""
    engine.up(V1).well()
    engine.up(V2).well()
    engine.configure(V3)
    assert run(PLAN) == ExitCode.GATE_REFUSED
    assert "[release-under-way]" in capsys.readouterr().err
    engine.configure({**V3, "monitoring": {"kind": "own"}})
    assert run(PLAN) == ExitCode.CONFIGURATION
    assert "tidegate:monitoring" in capsys.readouterr().err
