"""The engine's own diffs, and the options that change a provider's."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.engine.deploy import differ
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.ports import Diff
from embedded.engine.model.values import UNKNOWN, Secret

ADD, DELETE, UPDATE = (PropertyDiff(k, input_diff=True) for k in ("add", "delete", "update"))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": UPDATE}),
        ({"a": 1}, {"a": True}, {"a": UPDATE}),
        ({}, {"a": {"b": 1}}, {"a": ADD}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, {"a.c": ADD}),
        ({"a": [1, 2]}, {"a": [1]}, {"a[1]": DELETE}),
        ({"a": Secret("x")}, {"a": "x"}, {}),
        ({"a": 1}, {"a": UNKNOWN}, {"a": UPDATE}),
        ({"a": None}, {}, {}),
        ({"x.y": 1}, {"x.y": 2}, {'["x.y"]': UPDATE}),
    ],
)
def test_compares_inputs(old: Any, new: Any, found: dict[str, PropertyDiff]) -> None:
    """Where a provider says «unknown», inputs are compared: secrets by what they hold, null as absent."""
    diff = differ.structural(old, new, [])
    assert (diff.detailed or {}) == found
    assert diff.changes is bool(found)


def test_ignores_what_it_is_told_to() -> None:
    """An ignored path is no change; one that cannot be ignored is named."""
    assert differ.structural({"a": 1, "b": 1}, {"a": 2, "b": 1}, ["a"]).changes is False
    assert differ.ignoring({"a": {"b": 1}}, {}, ["a.b"])[1] == ["a.b"]


@pytest.mark.parametrize(
    ("diff", "on", "replaces"),
    [
        (Diff(changes=True, diffs=("a",)), ["a"], ("a",)),
        (Diff(changes=True, diffs=("a",)), ["b"], ()),
        (Diff(changes=True, diffs=("a", "b")), ["*"], ("a", "b")),
        (Diff(changes=True, detailed={"a.b": UPDATE}), ["a"], ("a",)),
        (Diff(changes=True, detailed={"a.b": UPDATE}), ["a.c"], ()),
        (Diff(changes=False, diffs=("a",)), ["a"], ()),
    ],
)
def test_replaces_on_changes(diff: Diff, on: list[str], replaces: tuple[str, ...]) -> None:
    """A change at or under a named path asks for a replacement; no change asks for nothing."""
    assert differ.replacing(diff, on, init_errors=False).replaces == replaces


def test_replaces_what_never_got_ready() -> None:
    """`#initerror` replaces a resource that was not ready, though nothing else changed."""
    found = differ.replacing(Diff(changes=False), ["#initerror"], init_errors=True)
    assert (found.changes, found.replaces) == (True, ("#initerror",))


def test_inverts_diffs() -> None:
    """A refresh tells additions of the real world as additions."""
    inverted = differ.inverted(Diff(changes=True, detailed={"a": DELETE, "b": UPDATE}))
    assert inverted.detailed == {"a": ADD, "b": UPDATE}


def test_secrets_stay_secret() -> None:
    """An output is secret when it was asked to be, or when the input of its name is."""
    marked = differ.mark_secrets({"a": 1, "b": 2, "c": 3}, {"a": Secret(1), "c": 3}, ["b"])
    assert [isinstance(marked[k], Secret) for k in "abc"] == [True, True, False]
