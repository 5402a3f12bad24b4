"""How a policy pack is configured: its defaults, then its initial configuration, then the user's file; checked against its schemas.

The file: `{policy: level | {"enforcementLevel": level, ...properties}}`; the policy `all` sets every policy's level.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LEVELS: Final = ("advisory", "mandatory", "remediate", "disabled")
LEVEL: Final = "enforcementLevel"
ALL: Final = "all"
# Names of environments that a policy service resolves; a local pack has none.
ENVIRONMENTS: Final = "environments"


@dataclass(frozen=True, slots=True)
class Setting:
    """One policy's configuration; level "" leaves it as it is."""

    level: str = ""
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Configurable:
    """A policy as far as its configuration goes; `schemas` is None where the pack takes no configuration."""

    name: str
    level: str
    schemas: dict[str, Any] | None = None
    required: tuple[str, ...] = ()


def read(path: Path) -> dict[str, Setting]:
    """The settings of a policy configuration file."""
    try:
        text = path.read_text()
    except OSError as error:
        raise EngineError(f"open {path}: {(error.strerror or '').lower()}") from error
    if not text.strip():
        return {}
    try:
        data = json.loads(text)
    except ValueError as error:
        raise EngineError(f"the policy configuration {path} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise EngineError(f"the policy configuration {path} must be an object of policies, not {json.dumps(data)[:40]}")
    return {name: s for name, value in data.items() if name != ENVIRONMENTS and (s := _setting(name, value)) != Setting()}


def _setting(name: str, value: Any) -> Setting:
    if isinstance(value, str):
        return Setting(_level(name, value))
    if isinstance(value, dict):
        return Setting(_level(name, value[LEVEL]) if LEVEL in value else "", {k: v for k, v in value.items() if k != LEVEL})
    raise EngineError(f'parsing "{name}": {json.dumps(value)} is not a valid value; must be a string or object')


def _level(name: str, level: Any) -> str:
    if not isinstance(level, str):
        raise EngineError(f'parsing enforcement level for "{name}": {json.dumps(level)} is not a valid enforcement level; must be a string')
    if level not in LEVELS:
        raise EngineError(f'parsing enforcement level for "{name}": "{level}" is not a valid enforcement level')
    return level


def reconciled(policies: Sequence[Configurable], *layers: Mapping[str, Setting]) -> dict[str, Setting]:
    """The configuration of every policy: its own defaults, then each layer over what was before."""
    result = {p.name: Setting(p.level, _defaults(p)) for p in policies}
    for layer in layers:
        if (everything := layer.get(ALL)) and everything.level:
            result = {name: replace(s, level=everything.level) for name, s in result.items()}
        for name, given in layer.items():
            before = result.get(name, Setting())
            result[name] = Setting(given.level or before.level, before.properties | given.properties)
    return result


def _defaults(policy: Configurable) -> dict[str, Any]:
    return {k: s["default"] for k, s in (policy.schemas or {}).items() if isinstance(s, dict) and "default" in s}


def problems(policies: Sequence[Configurable], settings: Mapping[str, Setting]) -> list[str]:
    """What the policies' schemas have against the settings, as `policy: property: problem`."""
    found: list[str] = []
    for policy in policies:
        if policy.schemas is not None:
            values = settings.get(policy.name, Setting()).properties
            found += [f"{policy.name}: {text}" for text in _violations(policy, values)]
    return found


def _violations(policy: Configurable, values: dict[str, Any]) -> list[str]:
    import jsonschema

    schema = {"type": "object", "properties": {**(policy.schemas or {}), LEVEL: {"type": "string", "enum": list(LEVELS)}}}
    missing = [f"{name} is required" for name in policy.required if name not in values]
    return missing + [_text(error) for error in jsonschema.Draft7Validator(schema).iter_errors(values)]


def _text(error: Any) -> str:
    path = ".".join(str(part) for part in error.absolute_path)
    text = _TEXTS.get(error.validator, lambda e: str(e.message))(error)
    return f"{path}: {text}" if path else text


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds[type(value)]


def _expected(types: Any) -> str:
    return "/".join(types) if isinstance(types, list) else str(types)


# In the words of the validator that the CLI uses.
_TEXTS: Final[dict[str, Callable[[Any], str]]] = {
    "required": lambda e: f"{next(name for name in e.validator_value if repr(name) in e.message)} is required",
    "type": lambda e: f"Invalid type. Expected: {_expected(e.validator_value)}, given: {_kind(e.instance)}",
    "enum": lambda e: f"{_path(e)} must be one of the following: {', '.join(json.dumps(v) for v in e.validator_value)}",
    "const": lambda e: f"{_path(e)} does not match: {json.dumps(e.validator_value)}",
    "minimum": lambda e: f"Must be greater than or equal to {e.validator_value:g}",
    "maximum": lambda e: f"Must be less than or equal to {e.validator_value:g}",
    "exclusiveMinimum": lambda e: f"Must be greater than {e.validator_value:g}",
    "exclusiveMaximum": lambda e: f"Must be less than {e.validator_value:g}",
    "multipleOf": lambda e: f"Must be a multiple of {e.validator_value:g}",
    "minLength": lambda e: f"String length must be greater than or equal to {e.validator_value}",
    "maxLength": lambda e: f"String length must be less than or equal to {e.validator_value}",
    "pattern": lambda e: f"Does not match pattern '{e.validator_value}'",
    "format": lambda e: f"Does not match format '{e.validator_value}'",
    "minItems": lambda e: f"Array must have at least {e.validator_value} items",
    "maxItems": lambda e: f"Array must have at most {e.validator_value} items",
}


def _path(error: Any) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(root)"
