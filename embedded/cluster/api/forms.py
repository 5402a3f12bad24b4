"""The forms that answers can have, and which one a client asks for by its Accept header."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from embedded.cluster.model.errors import not_acceptable

View = Literal["", "Table", "PartialObjectMetadata", "APIGroupDiscoveryList"]
_META: Final = "meta.k8s.io"
_DISCOVERY: Final = "apidiscovery.k8s.io"
_VIEWS: Final[dict[tuple[str, str], tuple[View, str]]] = {
    ("Table", _META): ("Table", ""),
    ("PartialObjectMetadata", _META): ("PartialObjectMetadata", ""),
    ("PartialObjectMetadataList", _META): ("PartialObjectMetadata", ""),
    ("APIGroupDiscoveryList", _DISCOVERY): ("APIGroupDiscoveryList", ""),
}


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is written, and as what the object is shown: itself, a row of a table, its metadata alone, aggregated discovery."""

    yaml: bool = False
    view: View = ""
    version: str = "v1"


PLAIN: Final = Form()


@lru_cache(maxsize=256)
def form_of(accept: str, *, discovery: bool = False) -> Form:
    """The first form of an Accept header that there is; 406 if there is none."""
    for clause in accept.split(",") if accept.strip() else ["*/*"]:
        media, *parameters = (part.strip() for part in clause.split(";"))
        if media not in {"application/json", "application/yaml", "application/*", "*/*"}:
            continue
        asked = dict(p.partition("=")[::2] for p in parameters)
        if "as" not in asked:
            return Form(yaml=media == "application/yaml")
        found = _VIEWS.get((asked["as"], asked.get("g", "")))
        if found is None or (found[0] == "APIGroupDiscoveryList") != discovery or asked.get("v") not in {"v1", "v1beta1", "v2"}:
            continue
        return Form(media == "application/yaml", found[0], asked["v"])
    raise not_acceptable()
