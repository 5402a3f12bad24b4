"""The ledger, out of a stack's output and of whichever version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.planner.world import intended, stamp
from tidegate.model import ledger as module
from tidegate.model.errors import ConfigurationError
from tidegate.model.events import Apply
from tidegate.model.ledger import migrate
from tidegate.planner.planning import next_ledger

if TYPE_CHECKING:
    from tidegate.model.ledger import Ledger


def exported() -> tuple[Ledger, dict[str, Any]]:
    """A ledger, and the output that it is."""
    ledger = next_ledger(None, intended({"web": {}}), Apply(stamp=stamp())).ledger
    raw: dict[str, Any] = ledger.model_dump(mode="json")
    return ledger, raw


def test_a_ledger_comes_back_from_the_output_that_it_was() -> None:
    """The engine's numbers are floats, its sequences are lists."""
    ledger, raw = exported()
    assert migrate(json.loads(json.dumps(raw), parse_int=float)) == ledger


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, "no ledger"),
        ("blue", "no ledger"),
        ({}, "no version"),
        ({"version": "1"}, "no version"),
        ({"version": 3.0}, "knows versions up to 2"),
        ({"version": 1, "services": {"web": {}}}, "can't be read"),
    ],
)
def test_what_is_no_ledger_is_refused(raw: object, told: str) -> None:
    """Nothing is guessed about where traffic is."""
    with pytest.raises(ConfigurationError, match=told):
        migrate(raw)


def test_an_older_ledger_is_brought_up_version_by_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each upgrade leads to the next version."""
    ledger, raw = exported()
    old = {**raw, "version": -1, "count": raw["releases"]}
    del old["releases"]
    upgrades = {
        -1: lambda value: {**value, "version": 0, "releases": value["count"]},
        0: lambda value: {**{key: part for key, part in value.items() if key != "count"}, "version": 1},
    }
    monkeypatch.setattr(module, "_UPGRADES", {**module._UPGRADES, **upgrades})
    assert migrate(old) == ledger


def test_a_ledger_without_steps_is_read_as_one_that_has_none_yet() -> None:
    """Version 1 knew no steps, approvals and freezes; nothing else of it changes, and the next step of its release is its first."""
    ledger, raw = exported()
    release = ledger.release
    assert release is not None
    since = {"taken", "brings", "baked"}
    old = {**{k: v for k, v in raw.items() if k not in {"approvals", "frozen"}}, "version": 1}
    old["release"] = {key: part for key, part in raw["release"].items() if key not in since}
    found = migrate(old)
    assert found == ledger.model_copy(update={"release": release.model_copy(update={"taken": (), "brings": ""})})
    assert next_ledger(found, intended({"web": {}}), Apply(stamp=stamp(5))).ledger == found
