"""Pulumi's property values as policies read them: plain values, with marks where one is secret or isn't known yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policies.judging.fields import UNKNOWN, Hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.struct_pb2 import Struct, Value

    from policies.judging.findings import To

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - marks one
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWN: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""What Pulumi sends for a value that isn't known: one text for each type that it would have."""


class Reading:
    """Reads properties, and sees whether any of them is marked."""

    def __init__(self) -> None:
        self.marked = False

    def struct(self, struct: Struct) -> dict[str, Any]:
        """Properties as a mapping, without the engine's own and the provider's notes."""
        return {key: self._value(value) for key, value in struct.fields.items() if not key.startswith("__")}

    def _value(self, value: Value) -> Any:
        match value.WhichOneof("kind"):
            case "string_value":
                text = value.string_value
                if text in _UNKNOWN:
                    self.marked = True
                    return UNKNOWN
                return text
            case "struct_value":
                return self._mapping(value.struct_value)
            case "bool_value":
                return value.bool_value
            case "number_value":
                number = value.number_value
                return int(number) if number.is_integer() else number
            case "list_value":
                return [self._value(one) for one in value.list_value.values]
        return None

    def _mapping(self, struct: Struct) -> Any:
        fields = struct.fields
        signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
        if signature == _SECRET:
            self.marked = True
            return Hidden(self._value(fields["value"]))
        if signature == _OUTPUT:
            known = self._value(fields["value"]) if "value" in fields else UNKNOWN
            self.marked = True
            return Hidden(known) if "secret" in fields and fields["secret"].bool_value else known
        return {key: self._value(value) for key, value in fields.items()}


def of_json(value: Any) -> Any:
    """Values as a state or an event has them, as JSON: what is secret there is told to nobody."""
    match value:
        case str():
            return UNKNOWN if value in _UNKNOWN else value
        case dict() if value.get(_SIGNATURE) == _SECRET:
            return Hidden(UNKNOWN)
        case dict():
            return {key: of_json(part) for key, part in value.items() if not key.startswith("__")}
        case list():
            return [of_json(one) for one in value]
        case float() if value.is_integer():
            return int(value)
    return value


def changed(properties: Mapping[str, Any], steps: Sequence[str | int], to: To) -> Any:
    """Properties as Pulumi sends them, as plain JSON, with one of them as it should be. What is secret stays so."""
    return _changed(properties, steps, to)


def _changed(value: Any, steps: Sequence[str | int], to: To) -> Any:
    if isinstance(value, dict) and value.get(_SIGNATURE) in {_SECRET, _OUTPUT}:
        return {**value, "value": _changed(value.get("value"), steps, to)}
    if not steps:
        return to.value
    step, *rest = steps
    gone = to.value is None and not rest
    if isinstance(value, list) and isinstance(step, int):
        parts = [one for place, one in enumerate(value) if not (gone and place == step)]
        return parts if gone else [_changed(one, rest, to) if place == step else one for place, one in enumerate(parts)]
    mapping = value if isinstance(value, dict) else {}
    if gone:
        return {key: part for key, part in mapping.items() if key != step}
    return {**mapping, step: _changed(mapping.get(step), rest, to)}
