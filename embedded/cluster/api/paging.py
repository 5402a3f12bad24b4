"""Lists in pieces: `limit` says how long a piece is, `continue` where the next one begins."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.cluster.model.errors import bad_request
from embedded.cluster.model.objects import EVERYTHING, name_of, namespace_of
from embedded.cluster.registry.registry import ANY_FIELDS

if TYPE_CHECKING:
    from embedded.cluster.api.options import Listing
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Store


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a list, and its list's metadata."""

    items: list[Obj]
    metadata: Obj


def piece(store: Store, items: list[Obj], listing: Listing) -> Piece:
    """The piece that was asked for.

    The pieces of a list are of one version, that of the first: a watch from there on tells what has changed between them.
    """
    version, start = store.version, ("", "")
    if listing.start:
        version, start = _position(listing.start)
        store.changes_since(version, "")  # refuses what is too long ago
        items = [o for o in items if (namespace_of(o), name_of(o)) > start]
    metadata: Obj = {"resourceVersion": str(version)}
    if listing.limit and len(items) > listing.limit:
        rest = len(items) - listing.limit
        items = items[: listing.limit]
        metadata["continue"] = _token(version, items[-1])
        if listing.labels == EVERYTHING and listing.fields == ANY_FIELDS:
            metadata["remainingItemCount"] = rest
    return Piece(items, metadata)


def _token(version: int, last: Obj) -> str:
    return base64.urlsafe_b64encode(json.dumps([version, namespace_of(last), name_of(last)]).encode()).decode()


def _position(token: str) -> tuple[int, tuple[str, str]]:
    try:
        version, namespace, name = json.loads(base64.urlsafe_b64decode(token))
        return int(version), (str(namespace), str(name))
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_request("continue key is not valid: it must be the one that the piece before came with") from error
