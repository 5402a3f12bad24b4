"""Property paths: what users write in ignoreChanges and replaceOnChanges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.deploy import paths
from embedded.engine.model import propertypath
from embedded.engine.model.values import Secret


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["nested"]', ("root", "nested")),
        ("root.list[0].key", ("root", "list", 0, "key")),
        ('root["key with \\"quotes\\""]', ("root", 'key with "quotes"')),
        ("root[*].key", ("root", "*", "key")),
        ('["a.b"].c', ("a.b", "c")),
    ],
)
def test_reads_paths(text: str, parts: propertypath.Path) -> None:
    """Every form of the CLI's documentation is read."""
    assert propertypath.parse(text) == parts


@pytest.mark.parametrize("text", ["a.", "a[", "a[x]", 'a["x]'])
def test_refuses_what_is_no_path(text: str) -> None:
    """A malformed path is an error, not a guess."""
    with pytest.raises(propertypath.BadPathError):
        propertypath.parse(text)


@given(st.lists(st.one_of(st.text(min_size=1, alphabet='ab.[]"* '), st.integers(0, 9)), min_size=1, max_size=4))
def test_what_is_rendered_is_read_back(parts: list[str | int]) -> None:
    """Rendering a path and reading it gives the path."""
    assert propertypath.parse(propertypath.show(tuple(parts))) == tuple(parts)


@pytest.mark.parametrize(
    ("pattern", "path", "holds"),
    [
        ("a", "a.b", True),
        ("a.b", "a", False),
        ("a[*].c", "a[3].c", True),
        ("a[*].c", "a[3].d", False),
        ("*", "x.y", True),
        ("a", "ab", False),
    ],
)
def test_a_pattern_contains_what_is_under_it(pattern: str, path: str, holds: bool) -> None:
    """A path contains itself and everything below; `*` is any key or index."""
    assert paths.contains(propertypath.parse(pattern), propertypath.parse(path)) is holds


@pytest.mark.parametrize(
    ("path", "old", "new", "result", "done"),
    [
        ("a", {"a": 1}, {"a": 2}, {"a": 1}, True),
        ("a", {}, {"a": 2}, {}, True),
        ("a", {"a": 1}, {}, {"a": 1}, True),
        ("a.b", {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 2}}, True),
        ("a.b", {}, {"a": {"b": 2}}, {"a": {"b": 2}}, False),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, True),
        ("a[2]", {"a": [1, 2]}, {"a": [3, 4, 5]}, {"a": [3, 4, 5]}, False),
        ("a[*].b", {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 3}, {"b": 4}]}, {"a": [{"b": 1}, {"b": 2}]}, True),
        ("*", {"a": 1}, {"b": 2}, {"a": 1}, True),
    ],
)
def test_puts_back_what_was_there(path: str, old: Any, new: Any, result: Any, done: bool) -> None:
    """Ignoring a change takes the old value; an added or removed container cannot be crossed, and is left as it is."""
    changed = paths.copied(new)
    assert paths.reset(propertypath.parse(path), old, changed) is done
    assert changed == result


def test_reaches_into_secrets() -> None:
    """A path goes through a secret wrapper, and never touches the original."""
    original = {"a": Secret({"b": 2})}
    changed = paths.copied(original)
    assert paths.reset(("a", "b"), {"a": {"b": 1}}, changed)
    assert changed["a"].value == {"b": 1}
    assert original["a"].value == {"b": 2}
