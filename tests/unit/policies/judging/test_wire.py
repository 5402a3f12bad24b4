"""Pulumi's values: read with marks for what is secret or unknown, and changed without losing either."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from policies.judging import To
from policies.judging.fields import UNKNOWN, Hidden
from policies.judging.wire import Reading, changed, of_json

SIGNATURE = "4dabf18193072939515e22adb298388d"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def secret(value: Any) -> dict[str, Any]:
    """As Pulumi sends it."""
    return {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "value": value}


def output(**parts: Any) -> dict[str, Any]:
    """As Pulumi sends what hangs on other resources."""
    return {SIGNATURE: "d0e6a833031e9bbcd3f4e8bde6ca49a4", **parts}


def read(value: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Properties as policies see them, and whether any is marked."""
    struct = struct_pb2.Struct()
    json_format.ParseDict(value, struct)
    reading = Reading()
    return reading.struct(struct), reading.marked


@pytest.mark.parametrize(
    ("sent", "seen", "marked"),
    [
        ({"a": 1, "b": 1.5, "c": True, "d": None, "e": [0, "x"]}, {"a": 1, "b": 1.5, "c": True, "d": None, "e": [0, "x"]}, False),
        ({"a": UNKNOWN_TEXT}, {"a": UNKNOWN}, True),
        ({"a": {"b": [UNKNOWN_TEXT]}}, {"a": {"b": [UNKNOWN]}}, True),
        ({"a": secret({"b": 1})}, {"a": Hidden({"b": 1})}, True),
        ({"a": output(value="x")}, {"a": "x"}, True),
        ({"a": output(value="x", secret=True)}, {"a": Hidden("x")}, True),
        ({"a": output()}, {"a": UNKNOWN}, True),
        ({"__internal": 1, "a": {"__kept": 1}}, {"a": {"__kept": 1}}, False),
    ],
)
def test_properties_are_read_with_their_marks(sent: dict[str, Any], seen: dict[str, Any], marked: bool) -> None:
    """Whole numbers are whole; the engine's own keys aren't there."""
    found = read(sent)
    assert found == (seen, marked)
    assert isinstance(found[0].get("a"), type(seen["a"]))


@pytest.mark.parametrize(
    ("stored", "seen"),
    [
        ({"a": 2.0, "__b": 1}, {"a": 2}),
        ({"a": [UNKNOWN_TEXT]}, {"a": [UNKNOWN]}),
        ({"a": {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}}, {"a": Hidden(UNKNOWN)}),
    ],
)
def test_states_and_events_tell_no_secrets(stored: Any, seen: Any) -> None:
    """What is secret there is neither known nor shown."""
    assert of_json(stored) == seen


@pytest.mark.parametrize(
    ("before", "steps", "to", "after"),
    [
        ({"a": {"b": 1}}, ("a", "b"), To(2), {"a": {"b": 2}}),
        ({}, ("a", "b"), To([1]), {"a": {"b": [1]}}),
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), To(), {"a": {"c": 2}}),
        ({"a": [{"b": 1}, {"b": 2}]}, ("a", 1, "b"), To(3), {"a": [{"b": 1}, {"b": 3}]}),
        ({"a": [1, 2, 3]}, ("a", 1), To(), {"a": [1, 3]}),
        ({"a": secret({"b": 1})}, ("a", "b"), To(2), {"a": secret({"b": 2})}),
        ({"a": secret(1)}, ("a",), To(2), {"a": secret(2)}),
        ({"a": UNKNOWN_TEXT, "b": 1}, ("b",), To(2), {"a": UNKNOWN_TEXT, "b": 2}),
    ],
)
def test_one_property_is_changed(before: Any, steps: tuple[str | int, ...], to: To, after: Any) -> None:
    """All else stays as it was, secret or unknown too."""
    assert changed(before, steps, to) == after


@given(st.dictionaries(st.text(min_size=1), st.none() | st.booleans() | st.integers(-1000, 1000) | st.text() | st.lists(st.text())))
def test_plain_values_are_read_as_they_are(values: dict[str, Any]) -> None:
    """Whatever they are called, as long as it isn't an engine's own name."""
    kept = {key: value for key, value in values.items() if not key.startswith("__")}
    assert read(values) == (kept, False)
