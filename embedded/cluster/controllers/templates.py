"""Pod templates: their hashes, their equality, and the pods made of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.draws import ALPHABET
from embedded.cluster.model.objects import clone, labels_of, namespace_of, owner_reference

if TYPE_CHECKING:
    from embedded.cluster.model.objects import Obj

HASH_LABEL: Final = "pod-template-hash"
_SHORTEST: Final = 10**8
_BEYOND: Final = 1 << 32


def hash_of(value: Any, collisions: int = 0) -> str:
    """A short name for a value: 32 bits in 9 or 10 decimal digits, each written as a letter of the alphabet of generated names."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    drawn = int.from_bytes(hashlib.blake2b(f"{text}/{collisions}".encode(), digest_size=8).digest(), "big")
    number = _SHORTEST + drawn % (_BEYOND - _SHORTEST)
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(number))


def same_template(one: Obj, other: Obj) -> bool:
    """Whether two templates make the same pods; the label with the hash doesn't count."""
    return _plain(one) == _plain(other)


def _plain(template: Obj) -> Obj:
    metadata = {k: v for k, v in (template.get("metadata") or {}).items() if v and k != "creationTimestamp"}
    labels = {k: v for k, v in (metadata.get("labels") or {}).items() if k != HASH_LABEL}
    return {"metadata": metadata | {"labels": labels}, "spec": template.get("spec") or {}}


def with_label(template: Obj, key: str, value: str) -> Obj:
    """A copy of the template with one more label."""
    copy: Obj = clone(template)
    copy.setdefault("metadata", {}).setdefault("labels", {})[key] = value
    return copy


def pod_of(template: Obj, owner: Obj, **metadata: Any) -> Obj:
    """A pod of the template with this controller; name or generateName come with the metadata."""
    made: Obj = clone(template)
    meta = made.get("metadata") or {}
    fields: Obj = {"namespace": namespace_of(owner), "ownerReferences": [owner_reference(owner)], **metadata}
    fields["labels"] = (meta.get("labels") or {}) | (metadata.get("labels") or {})
    annotations = (meta.get("annotations") or {}) | (metadata.get("annotations") or {})
    if annotations:
        fields["annotations"] = annotations
    if meta.get("finalizers"):
        fields["finalizers"] = meta["finalizers"]
    return {"metadata": fields, "spec": made["spec"]}


def template_matches(template: Obj, pod: Obj) -> bool:
    """Whether the pod carries all the labels of the template."""
    labels = labels_of(pod)
    return all(labels.get(k) == v for k, v in labels_of(template).items())
