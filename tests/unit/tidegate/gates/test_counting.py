"""A law of counting, held against a count by hand: whoever says what when, in whatever order it is found, with whatever beside it."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.gates.world import ask, gates, key_of, say

WAITED = 30
TIMEOUT = 20
COUNTS = {"first": (("ada", "ben", "cleo"), 2), "second": (("dan", "ada"), 1)}
INTENT = gates(
    approvals={name: {"approvers": list(who), "count": count, "timeout": f"{TIMEOUT}m"} for name, (who, count) in COUNTS.items()},
    emergency=["cleo"],
)
SAID = st.tuples(
    st.sampled_from(["ada", "ben", "cleo", "dan", "eve"]),
    st.sampled_from(["approve", "approve", "reject"]),
    st.integers(0, 45),
    st.sampled_from(["", "", "", "INC-7"]),
)
RUBBISH: list[dict[str, Any]] = [
    {"name": "ada", "key": key_of("mallory")},
    {"name": "ada", "decision": "reject", "key": key_of("mallory")},
    {"name": "ben", "release": "r6"},
    {"name": "ben", "decision": "reject", "brings": "ab" * 32},
    {"name": "cleo", "stack": "shop/staging"},
    {"name": "cleo", "before": "stage", "decision": "reject"},
    {"name": "cleo", "decision": "reject", "claims": "approve"},
    {"name": "eve", "decision": "reject"},
]


@cache
def said(who: str, what: str, ago: int, incident: str) -> Any:
    """What somebody has signed."""
    return say(who, what, ago, incident=incident if what == "approve" else "")


def by_hand(words: list[tuple[str, str, int, str]], began_by: str) -> str:
    """How it stands: who has which last word since when, counted without any haste."""
    last: dict[str, tuple[str, int, str]] = {}
    for who in {word[0] for word in words} - {"eve"}:
        own = sorted((-ago, what == "reject", incident) for name, what, ago, incident in words if name == who)
        since, no, incident = own[-1]
        for earlier, was_no, _ in reversed(own):
            if was_no != no:
                break
            since = earlier
        last[who] = ("reject" if no else "approve", -since, incident)
    if any(what == "reject" for what, _, _ in last.values()):
        return "refused"
    enough = []
    for able, count in COUNTS.values():
        in_time = [name for name in able if name in last and last[name][1] >= WAITED - TIMEOUT and name != began_by]
        enough.append(len(in_time) >= count)
    if all(enough):
        return "granted"
    return "bypassed" if "cleo" in last and last["cleo"][2] else "refused"


@given(
    words=st.lists(SAID, max_size=8, unique_by=lambda word: (word[0], word[1], word[2])),
    began_by=st.sampled_from(["eve", "ada"]),
    data=st.data(),
)
def test_it_stands_as_it_does_when_counted_by_hand(words: list[tuple[str, str, int, str]], began_by: str, data: st.DataObject) -> None:
    """The time is up for whoever hasn't said yes; nobody's order of finding things, and nothing that isn't proven, makes a difference."""
    expected = by_hand(words, began_by)
    found = [said(*word) for word in words]
    rubbish = [say(**one) for one in data.draw(st.lists(st.sampled_from(RUBBISH), max_size=3), label="rubbish")]
    shuffled = data.draw(st.permutations([*found, *rubbish]), label="order")
    assert ask(found, INTENT, began_by=began_by, waited=WAITED).kind == expected
    assert ask(shuffled, INTENT, began_by=began_by, waited=WAITED).kind == expected
