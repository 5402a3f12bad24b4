"""The audit log, out of a stack's updates."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.unit.tidegate.planner.world import CANARY, intended, stamp
from tidegate.model.comparing import Values
from tidegate.model.events import Abort, Apply, Baked, Cleanup, Pause, Promote, Rollback, Shift, Stage
from tidegate.model.ledger import Held
from tidegate.model.told import Past, Told
from tidegate.planner.planning import next_ledger
from tidegate.record.history import Gate, rows

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.ledger import Ledger

OVERRIDDEN = Held(gate="freeze", verdict="fail", text="weekend; ann overrides it: INC-7", overridden=True)


class Log:
    """A stack's updates, as they happen; the planner says what each comes to."""

    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self.past: list[Past] = []
        self.releases: list[str | None] = []

    def update(self, version: str, event: Event | None = None, *, result: str = "succeeded", kind: str = "update") -> None:
        """One more."""
        number = len(self.past) + 1
        intent = intended({"web": {"version": version, **CANARY}})
        if event is not None and self.ledger is not None:
            event = event.model_copy(update={"expects": self.ledger.token, "stamp": stamp(number)})
        if result == "succeeded" and kind == "update":
            self.ledger = next_ledger(self.ledger, intent, event or Apply(stamp=stamp(number))).ledger
        release = self.ledger.release if self.ledger is not None else None
        self.releases.insert(0, release.id if release is not None else None)
        at = stamp(number).at
        self.past.insert(0, Past(number, kind, result, at, at, f"update {number}", "bob", Told(Values({}), intent, "an update"), event))


def test_every_step_has_its_release() -> None:
    """Who, when, what, which release and weight, how it ended, why: also of a release that another one followed."""
    log = Log()
    log.update("v1")
    log.update("v2", Stage(reason="v2 is out", gates=(OVERRIDDEN, Held(gate="health", verdict="pass", text="well"))))
    log.update("v2", Shift(weight=25, reason="well at 0%"))
    log.update("v2", Shift(weight=50), result="failed")
    log.update("v2", Pause(reason="lunch"))
    log.update("v2", Abort(reason="error rate 4% > 1%"))
    log.update("v2", kind="refresh")
    log.update("v3", Stage(reason="v3"))
    for weight in (25, 50, 100):
        log.update("v3", Shift(weight=weight))
    for event in (Promote(), Baked(), Rollback(reason="customers call"), Cleanup()):
        log.update("v3", event)
    found = rows(log.past, log.ledger)
    # What no event says, and what is no update, is known of no release.
    expected = [None if past.event is None else release for past, release in zip(log.past, log.releases, strict=True)]
    assert [row.release for row in found] == expected
    assert len(set(expected)) == 4
    assert [(r.event, r.weight, r.result) for r in reversed(found)][:7] == [
        ("apply", None, "succeeded"),
        ("stage", 0, "succeeded"),
        ("shift", 25, "succeeded"),
        ("shift", 50, "failed"),
        ("pause", None, "succeeded"),
        ("abort", 0, "succeeded"),
        ("refresh", None, "succeeded"),
    ]
    staged = found[-2]
    assert (staged.by, staged.reason, staged.versions) == ("tester", "v2 is out", {"web": "v2"})
    assert staged.overridden == (Gate("freeze", "fail", "weekend; ann overrides it: INC-7", overridden=True),)
    assert (found[-1].by, found[-1].reason) == ("bob", "update 1")
    assert json.loads(json.dumps([asdict(row) for row in found]))[0]["event"] == "cleanup"


def test_a_release_alone() -> None:
    """Only its own steps, and none of one that there never was."""
    log = Log()
    log.update("v1")
    log.update("v2", Stage())
    log.update("v2", Shift(weight=25))
    assert log.ledger is not None
    assert log.ledger.release is not None
    assert [row.event for row in rows(log.past, log.ledger, log.ledger.release.id)] == ["shift", "stage"]
    assert rows(log.past, log.ledger, "r9-000000") == []


def test_an_update_that_nobody_can_read() -> None:
    """Its configuration may be older than what is known today; the row says what can be said."""
    entry: Any = Past(1, "update", "in-progress", "2026-01-01T00:00:00+00:00", None, "hello", None, None, None)
    assert rows([entry])[0].versions == {}
    assert (rows([entry])[0].by, rows([entry])[0].ended) == ("", None)
