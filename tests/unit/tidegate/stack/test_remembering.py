"""Updates of the history: what one was told is made out when it is asked for, and not before; and what the history says of each."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import pytest

from tidegate.model.comparing import Values
from tidegate.model.errors import AuthenticationError
from tidegate.model.events import EVENT, Abort, Apply, Shift, Stage
from tidegate.model.ledger import Stamp
from tidegate.stack.records import Entry, Written
from tidegate.stack.remembering import remembered
from tidegate.stack.updating import message

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.told import Told

_STAMP = Stamp(at="2026-01-02T03:04:05+00:00", by="ci")
_ENVIRONMENT = {
    "name": "t",
    "tier": "local",
    "domain": "t.example",
    "registry": "r.example",
    "namespace": "a",
    "team": "a",
    "cost_centre": "1",
}
_TEXTS = {"tidegate:environment": json.dumps(_ENVIRONMENT), "tidegate:services": '{"web": {"image": "web", "version": "v1"}}'}


class History:
    """An update, and what was asked of it."""

    def __init__(self, texts: dict[str, str] | None, event: str | None = None) -> None:
        self.asked = 0
        self.learnt: list[tuple[Told, Written | None]] = []
        self._texts = texts
        written = Written({"tidegate:services": {}})
        entry = Entry(3, "update", "succeeded", "2026-01-02T03:04:05.000Z", None, "a word", "alice", event, self._values, written)
        self.past = remembered(entry, lambda told, written: self.learnt.append((told, written)))

    def _values(self) -> Values:
        self.asked += 1
        if self._texts is None:
            raise AuthenticationError("a secret does not decrypt with the stack's passphrase")
        return Values({**self._texts, "tidegate:event": "{}"})


def test_it_is_made_out_once_and_when_it_is_asked_for() -> None:
    """What is known without it says nothing of it; the event is no part of it."""
    history = History(_TEXTS, EVENT.dump_json(Shift(stamp=_STAMP, weight=5)).decode())
    past = history.past
    assert (past.number, past.message, past.event) == (3, "a word", Shift(stamp=_STAMP, weight=5))
    assert history.asked == 0
    assert past.told is not None
    assert (past.told.values, past.told.origin) == (Values(_TEXTS), "update 3")
    assert past.told is past.told
    assert dataclasses.asdict(past)["author"] == "alice"
    assert history.asked == 1
    assert [told for told, _ in history.learnt] == [past.told]


@pytest.mark.parametrize("texts", [None, {}, {**_TEXTS, "tidegate:services": '{"web": {"later": "setting"}}'}])
def test_what_can_not_be_made_out(texts: dict[str, str] | None) -> None:
    """Nothing is told of it; nor of an event of a kind that isn't known."""
    history = History(texts, '{"kind": "later"}')
    assert history.past.told is None
    assert history.past.event is None
    assert history.learnt == []


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Apply(stamp=_STAMP), "apply, by ci"),
        (Stage(stamp=_STAMP, expects="none", reason="a better\n  page"), "stage, by ci: a better page"),
        (Shift(stamp=_STAMP, expects="r2-69c525.1.shifting", weight=25), "r2-69c525: shift to 25%, by ci"),
        (Abort(stamp=_STAMP, expects="r2-69c525.1.shifting", reason="5% errors"), "r2-69c525: abort, by ci: 5% errors"),
    ],
)
def test_what_the_history_says(event: Event, said: str) -> None:
    """The release, what is done to it, who does it, and why."""
    assert message(event) == said
