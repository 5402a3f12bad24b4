"""YAML as Go reads and writes it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings import yamltext


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("TRUE", True),
        ("yes", "yes"),
        ("on", "on"),
        ("12", 12),
        ("0777", 511),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("08", 8.0),
        ("1:30", "1:30"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("~", None),
        ("", None),
        ("null", None),
        ("2020-01-02", "2020-01-02 00:00:00 +0000 UTC"),
        ("2020-01-02T03:04:05.60Z", "2020-01-02 03:04:05.6 +0000 UTC"),
        ("2020-01-02 03:04:05", "2020-01-02 03:04:05 +0000 UTC"),
        ("2020-01-02T03:04:05+02:00", "2020-01-02 03:04:05 +0200 +0200"),
        ('"2020-01-02"', "2020-01-02"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars(text: str, value: Any) -> None:
    """Words and numbers are what Go's reader takes them for."""
    found = yamltext.load(f"k: {text}\n", "x")["k"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("x: y", "'x: y'"),
        ("- x", "'- x'"),
        ("12", '"12"'),
        ("true", '"true"'),
        ("yes", '"yes"'),
        ("1:30", '"1:30"'),
        ("2020-01-02", '"2020-01-02"'),
        ("", '""'),
        ("~", '"~"'),
        ("it's", "it's"),
        ("a # b", "'a # b'"),
        ("v1:abc=:v1:x+/=", "v1:abc=:v1:x+/="),
        ("é☃", "é☃"),
        ("w " * 60, "'" + "w " * 60 + "'"),
        ("two\nlines", "|-\n  two\n  lines"),
        (True, "true"),
        (12, "12"),
        (1.5, "1.5"),
    ],
)
def test_how_scalars_are_written(value: Any, text: str) -> None:
    """What would read back as something else is quoted; long texts stay on their line."""
    assert yamltext.dump({"k": value}) == f"k: {text}\n"
    assert yamltext.load(yamltext.dump({"k": value}), "x") == {"k": value}


@pytest.mark.parametrize("text", ["a\n", "a\n\n", "\na", " a\nb", "a\n\nb\n", "\n", "\t", "a\tb", "x\r\ny", "\u2028", "😀"])
def test_odd_texts_read_back(text: str) -> None:
    """Whatever a user stores comes back, also with entries behind it."""
    data = {"k": text, "l": ["x", text], "m": "end"}
    assert yamltext.load(yamltext.dump(data), "x") == data
    edited = yamltext.edit("k: old # keep\nm: end\n", {"k": text, "m": "end", "n": text})
    assert yamltext.load(edited, "x") == {"k": text, "m": "end", "n": text}


def test_lists_are_indented() -> None:
    """Lists stand under their key as Go writes them."""
    assert yamltext.dump({"a": ["x", {"b": [1]}]}) == "a:\n  - x\n  - b:\n      - 1\n"


@pytest.mark.parametrize(("text", "line"), [("a: [1", 1), ("a: b: c", 1), ("a:\n\t- b", 2)])
def test_what_is_no_yaml(text: str, line: int) -> None:
    """An error names the file and the line."""
    with pytest.raises(ConfigurationError, match=f"could not unmarshal 'x.yaml': invalid YAML file, line {line}:"):
        yamltext.load(text, "x.yaml")


BEFORE = """\
# about this file
salt: abc # the salt

config:
  # about a
  a: one # tail
  b:   'two'
  list:
  - x
  # about y
  - y
  map: {k: 1}
  text: |
    one
    two
  deep:
    # about er
    er: 1
    est: 2

# at the end
other:
  - 1
"""


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        ({}, "", ""),
        ({"a": "uno"}, "  a: one # tail\n", "  a: uno # tail\n"),
        ({"b": "2"}, "  b:   'two'\n", '  b:   "2"\n'),
        ({"a": None}, "  # about a\n  a: one # tail\n", ""),
        ({"text": None}, "  text: |\n    one\n    two\n", ""),
        ({"text": "x"}, "  text: |\n    one\n    two\n", "  text: x\n"),
        ({"map": {"k": 2}}, "{k: 1}", "{k: 2}"),
        ({"list": ["x"]}, "  list:\n  - x\n  # about y\n  - y\n", "  list:\n    - x\n"),
        ({"deep": {"er": 1, "est": 3}}, "    est: 2\n", "    est: 3\n"),
        ({"deep": {"est": 2}}, "    # about er\n    er: 1\n", ""),
        ({"deep": {"er": 1, "est": 2, "new": [1]}}, "    est: 2\n", "    est: 2\n    new:\n      - 1\n"),
        ({"z": "last"}, "    est: 2\n", "    est: 2\n  z: last\n"),
        ({"a": {"secure": "c"}}, "  a: one # tail\n", "  a:\n    secure: c\n"),
    ],
)
def test_edits_leave_the_rest_alone(change: dict[str, Any], old: str, new: str) -> None:
    """Only the changed entry's text changes; comments, order and spelling of everything else stay."""
    data = yamltext.load(BEFORE, "x")
    config = {k: v for k, v in {**data["config"], **change}.items() if v is not None}
    edited = yamltext.edit(BEFORE, {**data, "config": config})
    assert edited == BEFORE.replace(old, new) if old else edited == BEFORE
    assert yamltext.load(edited, "x") == {**data, "config": config}


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        ("a: 1", {"a": 1, "b": 2}, "a: 1\nb: 2\n"),
        ("a: 1\n", {"b": 2}, "b: 2\n"),
        ("{a: 1}", {"a": 2}, "a: 2\n"),
        ("a: 1\n", {"a": True}, "a: true\n"),
        ("config:\n", {"config": {"a": 1}}, "config:\n  a: 1\n"),
        ("config: {}\n", {"config": {"a": {"b": 1}}}, "config: {a: {b: 1}}\n"),
        ("a:\n  b: 1\n", {}, ""),
    ],
)
def test_small_files(before: str, new: dict[str, Any], after: str) -> None:
    """Files without a last newline, of one line, or with an empty section."""
    assert yamltext.edit(before, new) == after


PIECES = (
    *("a", "b: ", "- ", "\n", "  ", "    ", "key:", "[", "]", "{", "}", ", ", "'", '"', "|\n", ">-\n", "# c", "1", "1.5", "true", "~"),
    *("&x ", "*x", "!t ", "? ", ": ", "<<: ", "---\n", "...\n", "é", "😀", "%YAML 1.2\n", "@", "\\", "2026-01-01", "0x1f", "\r\n"),
    "http://x:80/",
)


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_both_readers_read_the_same(text: str) -> None:
    """What libyaml takes, PyYAML's own reader takes as well, and makes the same of it, in the same lines."""
    try:
        expected = yaml.load(text, Loader=yamltext.Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError:
        with pytest.raises(ConfigurationError):
            yamltext.load(text, "x")
        return
    except ValueError:
        # A date that there isn't.
        return
    assert yamltext.load(text, "x") == expected
    root = yaml.compose(text, Loader=yamltext.Loader)  # type: ignore[no-untyped-call,unused-ignore]
    assert _lines(yamltext.parse(text)[1]) == _lines(root)


def _lines(node: yaml.Node | None) -> list[int]:
    """Of what is written: where nothing is, each reader has its own idea of the place."""
    found, open_ = list[int](), [node]
    while open_:
        one = open_.pop()
        if one is None or len(found) > 100:
            continue
        if one.value:
            found.append(one.start_mark.line)
        for part in one.value if isinstance(one, yaml.CollectionNode) else ():
            open_ += part if isinstance(part, tuple) else (part,)
    return found
