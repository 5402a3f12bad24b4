"""Label sets: sorted pairs, so that equal sets are equal values and can be keys. A label that is empty is a label that isn't there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

Labels = tuple[tuple[str, str], ...]
NAME: Final = "__name__"
BUCKET: Final = "le"
NONE: Final[Labels] = ()


def labels_from(pairs: Mapping[str, str]) -> Labels:
    """The label set of a mapping."""
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


def value_of(labels: Labels, name: str) -> str:
    """The label's value; empty when it isn't there."""
    return next((value for label, value in labels if label == name), "")


def only(labels: Labels, names: Container[str]) -> Labels:
    """The labels of these names."""
    return tuple(pair for pair in labels if pair[0] in names)


def without(labels: Labels, names: Container[str]) -> Labels:
    """All labels but these."""
    return tuple(pair for pair in labels if pair[0] not in names)


def nameless(labels: Labels) -> Labels:
    """All labels but the metric's name: what is computed from a metric isn't that metric any more."""
    return tuple(pair for pair in labels if pair[0] != NAME)


def text_of(labels: Labels) -> str:
    """The labels as PromQL writes them, for error texts."""
    pairs = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in labels if name != NAME)
    return f"{value_of(labels, NAME)}{{{pairs}}}"
