"""`label_replace` and `label_join`: labels made of labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.errors import BadDataError
from embedded.cluster.traffic.promql.labels import labels_from, value_of
from embedded.cluster.traffic.promql.vectors import vector_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded.cluster.traffic.promql.vectors import Vector

_LABEL_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_REFERENCE: Final = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<braced>\w+)\}|(?P<bare>\w+))")


def _checked(function: str, label: str) -> str:
    if not _LABEL_NAME.fullmatch(label):
        raise BadDataError(f"invalid destination label name in {function}(): {label}")
    return label


def replacing(destination: str, replacement: str, source: str, regex: str) -> Callable[[Vector], Vector]:
    """Set a label to what the replacement makes of another label's match; where it doesn't match, nothing changes."""
    _checked("label_replace", destination)
    try:
        pattern = re.compile(regex, re.DOTALL)
    except re.error as e:
        raise BadDataError(f"invalid regular expression in label_replace(): {regex} ({e})") from e

    def expand(match: re.Match[str]) -> str:
        def value(reference: re.Match[str]) -> str:
            if reference["dollar"]:
                return "$"
            name = reference["braced"] or reference["bare"]
            known = int(name) <= pattern.groups if name.isdigit() else name in pattern.groupindex
            return (match[int(name) if name.isdigit() else name] or "") if known else ""

        return _REFERENCE.sub(value, replacement)

    def apply(vector: Vector) -> Vector:
        samples = []
        for labels, number in vector.items():
            match = pattern.fullmatch(value_of(labels, source))
            samples.append((labels if match is None else labels_from(dict(labels) | {destination: expand(match)}), number))
        return vector_of(samples)

    return apply


def joining(destination: str, separator: str, sources: Sequence[str]) -> Callable[[Vector], Vector]:
    """Set a label to other labels' values with the separator between them."""
    _checked("label_join", destination)
    return lambda vector: vector_of(
        (labels_from(dict(labels) | {destination: separator.join(value_of(labels, name) for name in sources)}), value)
        for labels, value in vector.items()
    )
