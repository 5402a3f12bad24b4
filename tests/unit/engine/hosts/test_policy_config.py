"""The configuration of policy packs: reading, layering, and the words of the CLI's validator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.hosts.policy_config import Configurable, Setting, problems, read, reconciled
from embedded.engine.model.errors import EngineError

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Configurable("small", "mandatory", {"limit": {"type": "integer", "minimum": 1, "default": 10}, "kind": {"type": "string"}})
OTHER = Configurable("other", "advisory")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("", {}),
        ("{}", {}),
        ('{"a": "advisory"}', {"a": Setting("advisory")}),
        ('{"a": {"enforcementLevel": "disabled", "x": [1]}}', {"a": Setting("disabled", {"x": [1]})}),
        ('{"a": {"x": 1}, "b": {}, "environments": ["e"]}', {"a": Setting("", {"x": 1})}),
    ],
)
def test_reading(tmp_path: Path, text: str, settings: dict[str, Setting]) -> None:
    """A policy's level, or an object with its properties."""
    path = tmp_path / "config.json"
    path.write_text(text)
    assert read(path) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": "loud"}', 'parsing enforcement level for "a": "loud" is not a valid enforcement level'),
        ('{"a": {"enforcementLevel": 5}}', 'parsing enforcement level for "a": 5 is not a valid enforcement level; must be a string'),
        ('{"a": 5}', 'parsing "a": 5 is not a valid value; must be a string or object'),
        ('{"a":', "is not valid JSON"),
        ("[]", "must be an object of policies, not []"),
        (None, "no such file or directory"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, text: str | None, said: str) -> None:
    """The error names what is wrong."""
    path = tmp_path / "config.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(EngineError) as failure:
        read(path)
    assert said in str(failure.value)


@pytest.mark.parametrize(
    ("layers", "small", "other"),
    [
        ([], Setting("mandatory", {"limit": 10}), Setting("advisory")),
        ([{"all": Setting("disabled")}], Setting("disabled", {"limit": 10}), Setting("disabled")),
        ([{"small": Setting("", {"limit": 3})}], Setting("mandatory", {"limit": 3}), Setting("advisory")),
        (
            [{"small": Setting("advisory", {"limit": 3, "kind": "a"})}, {"all": Setting("mandatory"), "small": Setting("", {"limit": 4})}],
            Setting("mandatory", {"limit": 4, "kind": "a"}),
            Setting("mandatory"),
        ),
    ],
)
def test_layers(layers: list[dict[str, Setting]], small: Setting, other: Setting) -> None:
    """Defaults, then each layer; `all` sets levels, a policy's own entry counts over it."""
    result = reconciled([SMALL, OTHER], *layers)
    assert (result["small"], result["other"]) == (small, other)


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"type": "integer"}, "x", "Invalid type. Expected: integer, given: string"),
        ({"type": "integer"}, 2.5, "Invalid type. Expected: integer, given: number"),
        ({"type": "number"}, True, "Invalid type. Expected: number, given: boolean"),
        ({"type": "string"}, None, "Invalid type. Expected: string, given: null"),
        ({"type": ["string", "array"]}, {}, "Invalid type. Expected: string/array, given: object"),
        ({"enum": ["a", "b"]}, "c", 'p must be one of the following: "a", "b"'),
        ({"minimum": 1}, 0, "Must be greater than or equal to 1"),
        ({"maximum": 5.5}, 6, "Must be less than or equal to 5.5"),
        ({"minLength": 3}, "ab", "String length must be greater than or equal to 3"),
        ({"pattern": "^x"}, "ab", "Does not match pattern '^x'"),
        ({"minItems": 2}, [1], "Array must have at least 2 items"),
        ({"required": ["y", "z"]}, {"y": 1}, "z is required"),
    ],
)
def test_problems_in_the_validator_s_words(schema: dict[str, Any], value: Any, said: str) -> None:
    """Each names the policy, the property, and what is wrong with it."""
    policy = Configurable("small", "advisory", {"p": schema})
    assert problems([policy], {"small": Setting("", {"p": value})}) == [f"small: p: {said}"]


def test_missing_and_nested_properties() -> None:
    """Required ones by name; those inside others by path."""
    schemas = {"o": {"type": "object", "properties": {"l": {"type": "array", "items": {"type": "string"}}}}}
    policy = Configurable("small", "advisory", schemas, ("need",))
    found = problems([policy, OTHER], {"small": Setting("", {"o": {"l": ["a", 1]}})})
    assert found == ["small: need is required", "small: o.l.1: Invalid type. Expected: string, given: integer"]
