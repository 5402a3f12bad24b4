"""Property values to and from protobuf Structs, with Pulumi's signatures for what JSON cannot say."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from google.protobuf import struct_pb2

from embedded.engine.model.values import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    BYTES_SIGNATURE,
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_SENTINELS,
    UNKNOWN_STRING,
    Archive,
    Asset,
    ByteString,
    Output,
    ResourceRef,
    Secret,
    Unknown,
)

if TYPE_CHECKING:
    from embedded.engine.model.values import Value, Values

EXACT_INTEGERS: Final = 2**53


def number(value: float) -> int | float:
    """A double as state files write it: integral ones without a point."""
    return int(value) if value.is_integer() and abs(value) < EXACT_INTEGERS else value


def from_struct(struct: struct_pb2.Struct) -> Values:
    """The values of a Struct. A key whose value is null is kept: only the sender knows whether it means «absent»."""
    return {k: from_value(v) for k, v in struct.fields.items()}


def from_value(value: struct_pb2.Value) -> Value:
    """One value of a Struct."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text in UNKNOWN_SENTINELS else text
    if kind == "number_value":
        return number(value.number_value)
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [from_value(v) for v in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if SIGNATURE in fields:
            return from_signed({k: from_value(v) for k, v in fields.items()})
        return {k: from_value(v) for k, v in fields.items()}
    return None


def from_signed(data: dict[str, Any]) -> Value:
    """The value that an object with a signature key stands for. An unknown signature is kept as a plain object."""
    signature = data[SIGNATURE]
    if signature == SECRET_SIGNATURE:
        return Secret(data.get("value"))
    if signature == OUTPUT_SIGNATURE:
        known = "value" in data
        return Output(data.get("value", UNKNOWN), known, bool(data.get("secret")), frozenset(data.get("dependencies") or ()))
    if signature == ASSET_SIGNATURE:
        return Asset(data.get("hash") or "", data.get("text"), data.get("path"), data.get("uri"))
    if signature == ARCHIVE_SIGNATURE:
        return Archive(data.get("hash") or "", data.get("assets"), data.get("path"), data.get("uri"))
    if signature == RESOURCE_SIGNATURE:
        return ResourceRef(data["urn"], UNKNOWN if data.get("id") == "" else data.get("id"), data.get("packageVersion") or "")
    if signature == BYTES_SIGNATURE:
        return ByteString(base64.b64decode(data.get("value") or ""))
    return data


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the other side understands; everything else is sent as the plain value (or a reference's id or URN)."""

    secrets: bool = True
    resources: bool = True
    outputs: bool = True
    unknowns: bool = True


FULL: Final = Dialect()
NO_OUTPUTS: Final = Dialect(outputs=False)


def to_struct(values: Values, dialect: Dialect = FULL) -> struct_pb2.Struct:
    """Values as a Struct. Unknowns are left out where the other side does not take them."""
    struct = struct_pb2.Struct()
    fields = struct.fields
    for key, value in values.items():
        if value is UNKNOWN and not dialect.unknowns:
            continue
        _write(fields[key], value, dialect)
    return struct


def to_value(value: Value, dialect: Dialect = FULL) -> struct_pb2.Value:
    """One value as a protobuf Value."""
    target = struct_pb2.Value()
    _write(target, value, dialect)
    return target


def _write(target: struct_pb2.Value, value: Value, dialect: Dialect) -> None:  # noqa: C901, PLR0912 - one branch a kind, on the hot path
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, dict):
        fields = target.struct_value.fields
        target.struct_value.SetInParent()
        for k, v in value.items():
            if v is UNKNOWN and not dialect.unknowns:
                continue
            _write(fields[k], v, dialect)
    elif isinstance(value, list):
        target.list_value.SetInParent()
        values = target.list_value.values
        for v in value:
            if v is UNKNOWN and not dialect.unknowns:
                continue
            _write(values.add(), v, dialect)
    elif isinstance(value, Unknown):
        target.string_value = UNKNOWN_STRING
    elif isinstance(value, Secret):
        _write_secret(target, value, dialect)
    elif isinstance(value, Output):
        _write_output(target, value, dialect)
    elif isinstance(value, ResourceRef):
        _write_reference(target, value, dialect)
    else:
        _write(target, signed(value), dialect)


def signed(value: Asset | Archive | ByteString) -> dict[str, Any]:
    """An asset, archive or byte string as the object with a signature that stands for it."""
    if isinstance(value, ByteString):
        return {SIGNATURE: BYTES_SIGNATURE, "value": base64.b64encode(value.data).decode()}
    if isinstance(value, Asset):
        parts = {"text": value.text, "path": value.path, "uri": value.uri}
        return {SIGNATURE: ASSET_SIGNATURE, "hash": value.hash} | {k: v for k, v in parts.items() if v is not None}
    contents: dict[str, Any] = {"assets": value.assets, "path": value.path, "uri": value.uri}
    return {SIGNATURE: ARCHIVE_SIGNATURE, "hash": value.hash} | {k: v for k, v in contents.items() if v is not None}


def _write_secret(target: struct_pb2.Value, value: Secret, dialect: Dialect) -> None:
    if not dialect.secrets:
        _write(target, value.value, dialect)
        return
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = SECRET_SIGNATURE
    _write(fields["value"], value.value, dialect)


def _write_output(target: struct_pb2.Value, value: Output, dialect: Dialect) -> None:
    if not dialect.outputs:
        plain = value.value if value.known else UNKNOWN
        _write(target, Secret(plain) if value.secret else plain, dialect)
        return
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = OUTPUT_SIGNATURE
    if value.known:
        _write(fields["value"], value.value, dialect)
    if value.secret:
        fields["secret"].bool_value = True
    if value.dependencies:
        _write(fields["dependencies"], sorted(value.dependencies), dialect)


def _write_reference(target: struct_pb2.Value, value: ResourceRef, dialect: Dialect) -> None:
    if not dialect.resources:
        target.string_value = value.urn if value.id is None else UNKNOWN_STRING if isinstance(value.id, Unknown) else value.id
        return
    fields = target.struct_value.fields
    fields[SIGNATURE].string_value = RESOURCE_SIGNATURE
    fields["urn"].string_value = value.urn
    if value.id is not None:
        fields["id"].string_value = "" if isinstance(value.id, Unknown) else value.id
    if value.package_version:
        fields["packageVersion"].string_value = value.package_version
