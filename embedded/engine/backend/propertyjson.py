"""Property values to and from the JSON of state files: secrets encrypted, other special values under their signatures."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.model import gojson
from embedded.engine.model.errors import EngineError
from embedded.engine.model.values import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    BYTES_SIGNATURE,
    NON_FINITE_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE,
    UNKNOWN,
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
    from collections.abc import Callable

    from embedded.engine.backend.crypto import Secrets
    from embedded.engine.model.values import Value

_EXACT_INTEGERS: Final = 2**53


def encode_value(value: Value, secrets: Secrets, *, show_secrets: bool = False) -> Value:
    """A property value as JSON data. Secrets are encrypted, or with `show_secrets` given as `plaintext`."""
    return _encode(value, _sealer(secrets, show_secrets=show_secrets))


def _sealer(secrets: Secrets, *, show_secrets: bool) -> Callable[[Secret], dict[str, str]]:
    def seal(secret: Secret) -> dict[str, str]:
        if show_secrets:
            return {SIGNATURE: SECRET_SIGNATURE, "plaintext": _plaintext(secret, _shown)}
        ciphertext = secrets.kept.get(secret)
        if ciphertext is None:
            ciphertext = secrets.kept[secret] = secrets.encrypt(_plaintext(secret, _nested))
        return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": ciphertext}

    return seal


def _plaintext(secret: Secret, seal: Callable[[Secret], dict[str, str]]) -> str:
    return gojson.dumps(_encode(secret.value, seal), html=True)


def _nested(secret: Secret) -> dict[str, str]:
    """A secret inside a secret: what is around it is encrypted, so its own text is not."""
    return {SIGNATURE: SECRET_SIGNATURE, "ciphertext": _plaintext(secret, _nested)}


def _shown(secret: Secret) -> dict[str, str]:
    return {SIGNATURE: SECRET_SIGNATURE, "plaintext": _plaintext(secret, _shown)}


def _encode(value: Value, seal: Callable[[Secret], dict[str, str]]) -> Value:
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {k: _encode(v, seal) for k, v in sorted(value.items())}
    if kind is list:
        return [_encode(v, seal) for v in value]
    if kind is float:
        return encode_number(value)
    if kind is Secret:
        return seal(value)
    return _encode_special(value, seal)


def _encode_special(value: Value, seal: Callable[[Secret], dict[str, str]]) -> Value:
    if isinstance(value, Unknown):
        return UNKNOWN_STRING
    if isinstance(value, Output):
        inner = value.value if value.known else UNKNOWN
        return _encode(Secret(inner) if value.secret else inner, seal)
    if isinstance(value, ResourceRef):
        return _encode_reference(value)
    if isinstance(value, Asset):
        parts = {"hash": value.hash, "path": value.path, "text": value.text, "uri": value.uri}
        return {SIGNATURE: ASSET_SIGNATURE} | {k: v for k, v in parts.items() if v}
    if isinstance(value, Archive):
        return _encode_archive(value, seal)
    if isinstance(value, ByteString):
        return {SIGNATURE: BYTES_SIGNATURE, "value": base64.b64encode(value.data).decode()}
    msg = f"a value of the type {type(value).__name__} cannot be kept in a stack's state; this is a bug of the engine"
    raise EngineError(msg)


def encode_number(value: float) -> Value:
    """A double as state files have it: integral ones without a point, NaN and infinities by their bits."""
    if math.isfinite(value):
        return int(value) if float(value).is_integer() and abs(value) < _EXACT_INTEGERS else value
    return {SIGNATURE: NON_FINITE_SIGNATURE, "value": struct.pack(">d", value).hex()}


def _encode_reference(value: ResourceRef) -> dict[str, str]:
    encoded = {SIGNATURE: RESOURCE_SIGNATURE}
    if value.id is not None:
        encoded["id"] = "" if isinstance(value.id, Unknown) else value.id
    return encoded | {"packageVersion": value.package_version, "urn": value.urn}


def _encode_archive(value: Archive, seal: Callable[[Secret], dict[str, str]]) -> dict[str, Any]:
    encoded: dict[str, Any] = {SIGNATURE: ARCHIVE_SIGNATURE}
    if value.assets is not None:
        encoded["assets"] = _encode(value.assets, seal)
    parts = {"hash": value.hash, "path": value.path, "uri": value.uri}
    return encoded | {k: v for k, v in parts.items() if v}


def decode_value(value: Any, secrets: Secrets) -> Value:
    """The property value that JSON data of a state file stands for."""
    return _decode(value, lambda signed: _decode_secret(signed, secrets))


def _decode(value: Any, unseal: Callable[[dict[str, Any]], Secret]) -> Value:
    kind = type(value)
    if kind is str:
        return UNKNOWN if value == UNKNOWN_STRING else value
    if kind is dict:
        if SIGNATURE in value:
            return _decode_signed(value, unseal)
        return {k: _decode(v, unseal) for k, v in value.items()}
    if kind is list:
        return [_decode(v, unseal) for v in value]
    if kind is float:
        return int(value) if float(value).is_integer() and abs(value) < _EXACT_INTEGERS else value
    if kind is int and abs(value) >= _EXACT_INTEGERS:
        return float(value)
    return value


def _decode_signed(value: dict[str, Any], unseal: Callable[[dict[str, Any]], Secret]) -> Value:
    signature = value[SIGNATURE]
    if signature == SECRET_SIGNATURE:
        return unseal(value)
    if signature == ASSET_SIGNATURE:
        return Asset(value.get("hash") or "", value.get("text"), value.get("path"), value.get("uri"))
    if signature == ARCHIVE_SIGNATURE:
        assets = value.get("assets")
        parts = {k: _decode(v, unseal) for k, v in assets.items()} if assets is not None else None
        return Archive(value.get("hash") or "", parts, value.get("path"), value.get("uri"))
    if signature == RESOURCE_SIGNATURE:
        id_ = value.get("id")
        return ResourceRef(value["urn"], UNKNOWN if id_ in ("", UNKNOWN_STRING) else id_, value.get("packageVersion") or "")
    if signature == BYTES_SIGNATURE:
        return ByteString(base64.b64decode(value.get("value") or ""))
    if signature == NON_FINITE_SIGNATURE:
        number: float = struct.unpack(">d", bytes.fromhex(value["value"]))[0]
        return number
    msg = f"the state holds a value with the unknown signature {signature!r}: it was written by a newer engine"
    raise EngineError(msg)


def _decode_secret(signed: dict[str, Any], secrets: Secrets) -> Secret:
    ciphertext, plaintext = signed.get("ciphertext") or "", signed.get("plaintext") or ""
    if bool(ciphertext) == bool(plaintext):
        msg = "the state holds a malformed secret: exactly one of `ciphertext` and `plaintext` must be there"
        raise EngineError(msg)
    if plaintext:
        return Secret(_decode(json.loads(plaintext), _decode_nested))
    secret = Secret(_decode(json.loads(secrets.decrypt(ciphertext)), _decode_nested))
    secrets.kept[secret] = ciphertext
    return secret


def _decode_nested(signed: dict[str, Any]) -> Secret:
    text = signed.get("plaintext") or signed.get("ciphertext") or "null"
    return Secret(_decode(json.loads(text), _decode_nested))
