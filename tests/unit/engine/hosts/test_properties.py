"""Property values on their way to and from providers."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.engine.hosts import properties
from embedded.engine.model.values import Archive, Asset, Output, Secret, same


@pytest.mark.parametrize(
    ("outs", "ins", "marked"),
    [
        ({"a": 1}, {"a": Secret(2)}, {"a": Secret(1)}),
        ({"a": 1}, None, {"a": 1}),
        ({"a": 1}, {"b": Secret(2)}, {"a": 1}),
        ({"a": Secret(1)}, {"a": Secret(2)}, {"a": Secret(1)}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": Secret(1), "c": 2}}, {"a": {"b": Secret(1), "c": 2}}),
        ({"a": [1, 2]}, {"a": [Secret(1), 2]}, {"a": Secret([1, 2])}),
        ({"a": {"b": 1}}, {"a": Secret({"b": 1})}, {"a": Secret({"b": 1})}),
    ],
)
def test_what_was_secret_stays_secret(outs: Any, ins: Any, marked: Any) -> None:
    """Objects key by key, lists and everything else as a whole."""
    assert same(properties.annotated(outs, ins), marked)


def test_every_answer_to_a_secret_question_is_secret() -> None:
    """What is secret already is not wrapped again."""
    output = Output(1, secret=True)
    found = properties.all_secret({"a": 1, "b": Secret(2), "c": output})
    assert same(found["a"], Secret(1))
    assert same(found["b"], Secret(2))
    assert found["c"] is output


def test_assets_are_sent_as_hashes_and_come_back_whole() -> None:
    """Inside lists and secrets too; what a provider changed is its own."""
    whole: dict[str, Any] = {"a": Asset("h1", text="x"), "l": [Archive("h2", path="p")], "s": Secret(Asset("h3", uri="u")), "n": 1}
    brief = properties.elided(whole)
    assert same(brief, {"a": Asset("h1"), "l": [Archive("h2")], "s": Secret(Asset("h3")), "n": 1})
    assert brief["a"].text is None
    back = properties.restored(brief | {"new": Asset("h4"), "own": Asset("h1", path="q")}, whole)
    assert (back["a"], back["l"][0], back["s"].value) == (whole["a"], whole["l"][0], whole["s"].value)
    assert (back["new"], back["own"]) == (Asset("h4"), Asset("h1", path="q"))
