"""What of a Kubernetes object differs from run to run: left out of a comparison, or compared by its shape only.

By shape: versions, ids and times that a server gives, addresses that it hands out, and the
random ends of names, in texts too. Pods that are still going when an update is done are a matter of speed.
"""

from __future__ import annotations

import re
from typing import Any, Final

_GIVEN: Final = frozenset(
    {
        "resourceVersion",
        "uid",
        "creationTimestamp",
        "generation",
        "lastTransitionTime",
        "lastUpdateTime",
        "time",
        "clusterIP",
        "clusterIPs",
        "nodePort",
        "nodeName",
        "podIP",
        "podIPs",
        "hostIP",
        "hostIPs",
        "terminatingReplicas",
    }
)
# Headless Services say so here, which is no address.
_NO_ADDRESS: Final = ("None", ["None"])
# Lists in the order of their making, and what tells their items apart.
_IN_ANY_ORDER: Final = {"conditions": ("type",), "managedFields": ("manager", "operation", "subresource")}
_PARTS: Final = ("metadata", "spec", "status")
# The letters and digits that Kubernetes makes names of: none that could spell a word.
_NAME: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_NAMES: Final = (
    (r"-[0-9a-f]{8}\b", "-<random>"),
    (rf"-{_NAME}{{6,10}}\b", "-<random>"),
    (rf"(-<random>|^kube-api-access)-{_NAME}{{5}}\b", r"\1-<random>"),
)
# What to do about an error is for each provider to say in its own words; what is wrong isn't.
_ADVICE: Final = ((r"(?s)\n\n.*", ""), (r"(?s)(become live: ).*?(Apply failed with [^\n]*).*", r"\1\2"))
_REASON: Final = "\n\t* "


def still(outputs: dict[str, Any]) -> dict[str, Any]:
    """An object's outputs without what differs from run to run; what the program asked for stays as it is."""
    return {k: _part(v) if k in _PARTS else v for k, v in outputs.items()}


def masked(text: str) -> str:
    """A text without the random ends of names."""
    return _replaced(text, _NAMES)


def complaint(text: str) -> str:
    """What an error says is wrong, without the random ends of names and without advice; several reasons in any order."""
    head, *reasons = masked(_replaced(text.strip(), _ADVICE)).split(_REASON)
    return _REASON.join([head, *sorted(reasons)])


def _replaced(text: str, patterns: tuple[tuple[str, str], ...]) -> str:
    for pattern, to in patterns:
        text = re.sub(pattern, to, text)
    return text


def _part(value: Any, key: str = "") -> Any:
    if key in _GIVEN and value not in _NO_ADDRESS:
        return "<live>"
    if isinstance(value, dict):
        return {k: _part(v, k) for k, v in value.items()}
    if isinstance(value, list):
        items = [_part(v) for v in value]
        by = _IN_ANY_ORDER.get(key)
        return sorted(items, key=lambda item: [str(item.get(k)) for k in by]) if by else items
    return masked(value) if isinstance(value, str) else value
