"""Property paths."""

from __future__ import annotations

import pytest

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings import paths


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["nested"]', ("root", "nested")),
        ("root.array[0].nested", ("root", "array", 0, "nested")),
        ("root[0][1]", ("root", 0, 1)),
        ('root["key with \\"quotes\\""]', ("root", 'key with "quotes"')),
        ('["root.dot"][100]', ("root.dot", 100)),
        ("foo-bar", ("foo-bar",)),
        ("a..b", ("a", "b")),
        ("a[*]", ("a", "*")),
        ("a[-1]", ("a", -1)),
        ("", ()),
    ],
)
def test_paths(text: str, parts: tuple[str | int, ...]) -> None:
    """Names, quoted names and indices."""
    assert paths.parse(text) == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (".a", "expected property path to start with a name or index"),
        ("a.", "expected property path to end with a name or index"),
        ("a.[0]", "expected property name after '.'"),
        ("a[", "missing closing bracket in array index"),
        ("a[x]", "invalid array index"),
        ('a["x', "missing closing quote in property name"),
        ('a["x"', "missing closing bracket in property access"),
    ],
)
def test_what_is_no_path(text: str, message: str) -> None:
    """A malformed path says what is wrong, in the CLI's words."""
    with pytest.raises(ConfigurationError) as caught:
        paths.parse(text)
    assert str(caught.value).startswith(f"invalid config key path: {message}")


@pytest.mark.parametrize(
    ("parts", "text"),
    [(("a", "b", 0), "a.b[0]"), (("a b",), '["a b"]'), (("a", 'x"y'), 'a["x\\"y"]'), ((), "")],
)
def test_showing(parts: tuple[str | int, ...], text: str) -> None:
    """A path in a message reads as one would write it."""
    assert paths.show(parts) == text
