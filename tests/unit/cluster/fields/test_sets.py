"""Sets of fields, and the laws of sets for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.fields import sets

ELEMENTS = st.sampled_from(["f:a", "f:b", "f:c", 'k:{"name":"x"}', 'v:"1"'])


def _node(children: dict[str, Any], member: bool) -> dict[str, Any]:
    return sets.with_self(children) if member else children


def _sets() -> st.SearchStrategy[dict[str, Any]]:
    nodes: st.SearchStrategy[dict[str, Any]] = st.recursive(
        st.just({}),
        lambda inner: st.builds(_node, st.dictionaries(ELEMENTS, inner, min_size=1, max_size=3), st.booleans()),
        max_leaves=8,
    )
    return st.dictionaries(ELEMENTS, nodes, max_size=3)


def members(fields: dict[str, Any]) -> set[str]:
    """The paths in a set."""
    return set(sets.paths(fields))


@given(_sets(), _sets())
def test_operations_are_those_on_sets_of_paths(a: dict[str, Any], b: dict[str, Any]) -> None:
    """Union, difference and intersection of trees are those of the paths in them."""
    assert members(sets.union(a, b)) == members(a) | members(b)
    assert members(sets.difference(a, b)) == members(a) - members(b)
    assert members(sets.intersection(a, b)) == members(a) & members(b)


@given(_sets(), _sets())
def test_without_takes_branches(a: dict[str, Any], b: dict[str, Any]) -> None:
    """What lies below a path that is taken out goes with it."""
    gone = members(b)
    kept = {p for p in members(a) if not any(p == g or p.startswith((g + ".", g + "[")) for g in gone)}
    assert members(sets.without(a, b)) == kept


@given(_sets(), _sets())
def test_results_are_in_normal_form(a: dict[str, Any], b: dict[str, Any]) -> None:
    """A set has one form, so that equal sets are equal trees; ordering one changes nothing."""
    assert sets.union(a, b) == sets.union(b, a)
    assert sets.union(a, a) == a
    assert sets.difference(a, {}) == a
    assert sets.intersection(a, a) == a
    assert sets.ordered(a) == a
    assert list(sets.ordered(a)) == sorted(a)


@pytest.mark.parametrize(
    ("element", "text"),
    [
        ("f:spec", ".spec"),
        ('k:{"name":"app"}', '[name="app"]'),
        ('k:{"containerPort":80,"protocol":"TCP"}', '[containerPort=80,protocol="TCP"]'),
        ('v:"a/b"', '[="a/b"]'),
        ("i:3", "[3]"),
    ],
)
def test_elements_read_as_in_error_texts(element: str, text: str) -> None:
    """A path element is shown as the real server shows it."""
    assert sets.text(element) == text


def test_paths_are_listed_members_first() -> None:
    """Of each level its own members come before what is below them."""
    fields: dict[str, Any] = {"f:spec": {"f:b": {".": {}, "f:c": {}}, "f:d": {}}, "f:a": {}}
    assert list(sets.paths(fields)) == [".a", ".spec.b", ".spec.d", ".spec.b.c"]


def test_a_set_is_made_of_names() -> None:
    """Paths of fields make a set."""
    assert sets.of_paths(("metadata", "name"), ("metadata",), ("kind",)) == {"f:metadata": {".": {}, "f:name": {}}, "f:kind": {}}
