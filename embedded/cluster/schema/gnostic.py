"""OpenAPI 2 documents as protobuf, in the messages of gnostic: the only form in which clients written in Go read them.

The few messages that are needed are written by hand, by their field numbers: generated code would bring all of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MEDIA_TYPE: Final = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
_LENGTH_DELIMITED: Final = 2
_METHODS: Final = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}


def encode(document: Mapping[str, Any]) -> bytes:
    """The document's bytes."""
    info = document["info"]
    return b"".join(
        (
            _text(1, document["swagger"]),
            _field(2, _text(1, info["title"]) + _text(2, info["version"])),
            _field(8, b"".join(_field(2, _text(1, path) + _field(2, _path_item(item))) for path, item in document["paths"].items())),
            _field(9, b"".join(_named(1, name, _schema(schema)) for name, schema in document["definitions"].items())),
        )
    )


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode()) if text else b""


def _texts(number: int, texts: Iterable[str]) -> bytes:
    return b"".join(_field(number, text.encode()) for text in texts)


def _named(number: int, name: str, value: bytes) -> bytes:
    return _field(number, _text(1, name) + _field(2, value))


def _extensions(number: int, holder: Mapping[str, Any]) -> bytes:
    """All `x-` words; their values go as YAML, and JSON is YAML."""
    return b"".join(_named(number, k, _text(2, json.dumps(v))) for k, v in holder.items() if k.startswith("x-"))


def _schema(schema: Mapping[str, Any]) -> bytes:
    out = [_text(1, schema.get("$ref", "")), _text(2, schema.get("format", "")), _texts(19, schema.get("required", ()))]
    if (values := schema.get("additionalProperties")) is not None:
        out.append(_field(21, _field(1, _schema(values))))
    if word := schema.get("type"):
        out.append(_field(22, _text(1, word)))
    if (items := schema.get("items")) is not None:
        out.append(_field(23, _field(1, _schema(items))))
    if "properties" in schema:
        out.append(_field(25, b"".join(_named(1, name, _schema(s)) for name, s in schema["properties"].items())))
    out.append(_extensions(31, schema))
    return b"".join(out)


def _path_item(item: Mapping[str, Any]) -> bytes:
    return b"".join(_field(_METHODS[method], _operation(operation)) for method, operation in item.items())


def _operation(operation: Mapping[str, Any]) -> bytes:
    responses = operation["responses"].items()
    return b"".join(
        (
            _texts(6, operation["produces"]),
            _texts(7, operation["consumes"]),
            *(_field(8, _parameter(p)) for p in operation["parameters"]),
            _field(9, b"".join(_field(1, _text(1, code) + _field(2, _field(1, _text(1, r["description"])))) for code, r in responses)),
            _extensions(13, operation),
        )
    )


def _parameter(parameter: Mapping[str, Any]) -> bytes:
    """A parameter of a query, within the message of parameters that are no bodies."""
    query = _text(2, parameter["in"]) + _text(4, parameter["name"]) + _text(6, parameter["type"])
    return _field(1, _field(2, _field(3, query)))
