"""`/openapi/v2` and `/openapi/v3`: the schemas of all kinds, which clients check and merge objects with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from embedded.cluster.api.answers import Answer
from embedded.cluster.model.errors import no_such_resource
from embedded.cluster.schema import gnostic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.schema.openapi import OpenAPI

_JSON: Final = "application/json"
# An index names each document by what is in it, so a document of that name never changes.
_FOREVER: Final = (b"cache-control", b"public, immutable")
# Clients ask by the old name, which isn't a valid media type, and choke on it in the answer.
_PROTOBUF: Final = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_PROTOBUF_FORMS: Final = (gnostic.MEDIA_TYPE, _PROTOBUF)


def openapi_answer(documents: OpenAPI, path: list[str], query: Mapping[str, str], headers: Mapping[bytes, bytes]) -> Answer:
    """The document that a path names, unless the client has it already."""
    body, media = _document(documents, path, headers.get(b"accept", b"").decode("latin-1"))
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'.encode()
    extra = ((b"etag", tag), *([_FOREVER] if "hash" in query else []))
    known = tag in headers.get(b"if-none-match", b"")
    return Answer(b"" if known else body, 304 if known else 200, content_type=media, headers=extra)


def _document(documents: OpenAPI, path: list[str], accept: str) -> tuple[bytes, str]:
    match path:
        case ["v2"] if any(form in accept for form in _PROTOBUF_FORMS):
            return documents.v2_protobuf(), _PROTOBUF
        case ["v2"]:
            return documents.v2(), _JSON
        case ["v3"]:
            return documents.index(), _JSON
        case ["v3", "api", version] if (found := documents.v3("", version)) is not None:
            return found, _JSON
        case ["v3", "apis", group, version] if (found := documents.v3(group, version)) is not None:
            return found, _JSON
    raise no_such_resource()
