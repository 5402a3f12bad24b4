"""Objects that come as protobuf, which some of kubectl's verbs (`create namespace`, `auth can-i`, `drain`) insist on.

Read only: answers are JSON, which every client that sends protobuf takes too. What the messages look like is in `messages.json.gz`.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEDIA: Final = "application/vnd.kubernetes.protobuf"
DATA: Final = Path(__file__).with_name("messages.json.gz")
_MAGIC: Final = b"k8s\x00"
_META: Final = "k8s.io.apimachinery.pkg.apis.meta.v1"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_EMPTY: Final[tuple[Any, ...]] = (None, "", 0, False, [], {})

Fields = dict[int, tuple[str, str, str]]


def decode(body: bytes) -> dict[str, Any]:
    """The object in a body."""
    if not body.startswith(_MAGIC):
        raise bad_request("the body isn't protobuf as Kubernetes writes it: it doesn't begin with k8s")
    try:
        envelope = dict(_parts(body[len(_MAGIC) :]))
        about = {number: bytes(value).decode() for number, value in _parts(envelope.get(1, b""))}
        api_version, kind = about.get(1, ""), about.get(2, "")
        found = _message(_type_of(api_version, kind), envelope.get(2, b""))
    except (IndexError, ValueError, struct.error) as error:
        raise bad_request(f"the body can't be read as protobuf: {error}") from error
    return {"apiVersion": api_version, "kind": kind, **found}


@cache
def _known() -> tuple[dict[str, str], dict[str, Fields]]:
    data = json.loads(gzip.decompress(DATA.read_bytes()))
    messages = {name: {int(n): (f[0], f[1], f[2]) for n, f in fields.items()} for name, fields in data["messages"].items()}
    return data["packages"], messages


def _type_of(api_version: str, kind: str) -> str:
    packages, messages = _known()
    for name in (f"{packages.get(api_version)}.{kind}", f"{_META}.{kind}"):
        if name in messages:
            return name
    raise bad_request(f"no kind {kind!r} in version {api_version!r} is known in protobuf; send JSON")


def _message(type_: str, data: bytes) -> Any:
    """A message as JSON has it."""
    if (special := _SPECIAL.get(type_)) is not None:
        return special(data)
    fields = _known()[1][type_]
    out: dict[str, Any] = {}
    for number, raw in _parts(data):
        if number not in fields:
            continue
        name, of, flags = fields[number]
        if of.startswith("map<"):
            key, value = _entry(of, raw)
            out.setdefault(name, {})[key] = value
            continue
        value = _value(of, raw)
        if "i" in flags:
            out |= value
        elif "r" in flags:
            out.setdefault(name, []).append(value)
        elif value is not None and not ("z" in flags and value in _EMPTY and not isinstance(value, dict)):
            out[name] = value
    # A named list is a message with nothing but items, and in JSON the list itself.
    if list(fields) == [1] and fields[1][::2] == ("items", "r"):
        return out.get("items", [])
    return out


def _entry(of: str, raw: Any) -> tuple[Any, Any]:
    key_type, _, value_type = of[4:-1].partition(", ")
    parts = dict(_parts(raw))
    return _value(key_type, parts.get(1, b"")), _value(value_type, parts.get(2, b"" if value_type not in _NUMBERS else 0))


def _value(of: str, raw: Any) -> Any:
    match of:
        case "string":
            return bytes(raw).decode()
        case "bytes":
            return base64.b64encode(raw).decode()
        case "bool":
            return bool(raw)
        case "double":
            return struct.unpack("<d", raw)[0]
        case "float":
            return struct.unpack("<f", raw)[0]
        case "int32" | "int64":
            return raw - (1 << 64) if raw >> 63 else raw
        case "uint32" | "uint64":
            return raw
    return _message(of, raw)


_NUMBERS: Final = frozenset({"bool", "int32", "int64", "uint32", "uint64"})


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """The numbered parts of a message, as they come."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire == _BYTES:
            size, at = _varint(data, at)
        elif wire in {_FIXED64, _FIXED32}:
            size = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(data):
            raise ValueError("it ends too early")
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _time(data: bytes) -> str | None:
    parts = dict(_parts(data))
    if not parts:
        return None
    return datetime.fromtimestamp(_value("int64", parts.get(1, 0)), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(data: bytes) -> str | None:
    parts = dict(_parts(data))
    if not parts:
        return None
    seconds, nanos = _value("int64", parts.get(1, 0)), parts.get(2, 0)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=nanos // 1000).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _quantity(data: bytes) -> str:
    return bytes(dict(_parts(data)).get(1, b"0")).decode()


def _int_or_string(data: bytes) -> int | str:
    parts = dict(_parts(data))
    return bytes(parts.get(3, b"")).decode() if parts.get(1) else int(_value("int32", parts.get(2, 0)))


def _raw_json(data: bytes) -> Any:
    raw = dict(_parts(data)).get(1, b"")
    return json.loads(raw) if raw else {}


_SPECIAL: Final[dict[str, Callable[[bytes], Any]]] = {
    f"{_META}.Time": _time,
    f"{_META}.MicroTime": _micro_time,
    f"{_META}.FieldsV1": _raw_json,
    "k8s.io.apimachinery.pkg.api.resource.Quantity": _quantity,
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": _int_or_string,
    "k8s.io.apimachinery.pkg.runtime.RawExtension": _raw_json,
}
