"""Requests' bodies: JSON, YAML or protobuf, read whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from embedded.cluster.api import protobuf
from embedded.cluster.model.errors import StatusError, bad_request, unsupported_media

if TYPE_CHECKING:
    from starlette.types import Receive

    from embedded.cluster.registry.requests import PatchKind

# What a real server takes.
_LARGEST: Final = 3 * 1024 * 1024
# Far deeper than any object is; much deeper, and recursion would come to its end.
_DEEPEST: Final = 100
_JSON: Final = "application/json"
_YAML: Final = "application/yaml"
_PATCHES: Final[dict[str, PatchKind]] = {
    "application/json-patch+json": "json",
    "application/merge-patch+json": "merge",
    "application/strategic-merge-patch+json": "strategic",
    "application/apply-patch+yaml": "apply",
}
_decode: Final = msgspec.json.Decoder().decode
# libyaml's reader where it is built in: ten times as fast.
_Loader: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Gone(Exception):  # noqa: N818 - not an error: nobody is there any more
    """The client went away before its request was whole."""


async def read(receive: Receive) -> bytes:
    """The whole body."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        body: bytes = message.get("body", b"")
        size += len(body)
        if size > _LARGEST:
            raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_LARGEST}")
        if not message.get("more_body"):
            return body if not parts else b"".join([*parts, body])
        parts.append(body)


def media_of(content_type: str) -> str:
    """The type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def patch_kind(content_type: str) -> PatchKind:
    """The kind of patch that a content type means."""
    if (kind := _PATCHES.get(media_of(content_type))) is None:
        raise unsupported_media(content_type, list(_PATCHES))
    return kind


def decoded(body: bytes, content_type: str) -> Any:
    """The data in a body; None when it is empty. JSON is tried first for YAML too, since most YAML that is sent is JSON."""
    if not body:
        return None
    media = media_of(content_type) or _JSON
    if media == protobuf.MEDIA:
        return protobuf.decode(body)
    as_yaml = media in {_YAML, "application/apply-patch+yaml"}
    if not as_yaml and media != _JSON and media not in _PATCHES:
        raise unsupported_media(content_type, [_JSON, _YAML, protobuf.MEDIA])
    try:
        found = _decode(body)
    except RecursionError as error:
        raise _too_deep() from error
    except msgspec.DecodeError as error:
        if not as_yaml:
            raise bad_request(f"the object provided is unrecognized (must be JSON): {error}") from error
        return _from_yaml(body)
    # Most bodies have too few brackets to be deep.
    if body.count(b"{") + body.count(b"[") > _DEEPEST:
        _check_extent(found)
    return found


def _from_yaml(body: bytes) -> Any:
    try:
        _check_depth(body)
        found = yaml.load(body, Loader=_Loader)  # noqa: S506 - a safe loader
        _check_extent(found)
        # Through JSON, so that what YAML alone knows (dates, say) doesn't get in.
        return _decode(msgspec.json.encode(found))
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise bad_request(f"error parsing YAML: {error}") from error


def _check_depth(body: bytes) -> None:
    """Refuse what is nested too deeply before it is loaded: libyaml's loader recurses, and would overflow the process's stack."""
    depth = 0
    for event in yaml.parse(body, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise _too_deep()


def _check_extent(found: Any) -> None:
    """Refuse what is nested too deeply, and what YAML's aliases make larger than a body may be."""
    extent, left = 0, [(found, 1)]
    while left:
        value, depth = left.pop()
        inner = list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
        extent += len(inner) + sum(len(v) for v in inner if isinstance(v, str))
        if extent > _LARGEST:
            raise bad_request("error parsing YAML: its aliases stand for more than a request may hold")
        if depth > _DEEPEST:
            raise _too_deep()
        left += [(v, depth + 1) for v in inner if isinstance(v, (dict, list))]


def _too_deep() -> StatusError:
    return bad_request(f"the object provided is unrecognized: it is nested more than {_DEEPEST} levels deep")


def decoded_object(body: bytes, content_type: str) -> dict[str, Any]:
    """The object in a body."""
    found = decoded(body, content_type)
    if not isinstance(found, dict):
        raise bad_request("the body of the request must be an object")
    return found
