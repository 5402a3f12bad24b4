"""The planner asks for the same specs again and again; here they are remembered. What it answers is the same."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from tidegate.model import slots
from tidegate.model.slots import SlotSpec

if TYPE_CHECKING:
    from tidegate.model.intent.intent import Intent

_KNOWN: dict[tuple[int, str], tuple[Intent, SlotSpec]] = {}
_HASHES: dict[int, tuple[SlotSpec, str]] = {}
_DESIRED = slots.desired
_HASH = SlotSpec.hash
_MODULES = (
    "tidegate.model.slots",
    "tidegate.planner.situation",
    "tidegate.planner.bringing",
    "tidegate.planner.remembering",
    "tidegate.planner.events.arranging",
    "tidegate.driver.configuring",
)


def _desired(intent: Intent, name: str) -> SlotSpec:
    found = _KNOWN.get((id(intent), name))
    if found is None:
        found = _KNOWN[id(intent), name] = (intent, _DESIRED(intent, name))
    return found[1]


def _hash(spec: SlotSpec) -> str:
    found = _HASHES.get(id(spec))
    if found is None:
        found = _HASHES[id(spec)] = (spec, _HASH.fget(spec))  # type: ignore[attr-defined]
    return found[1]


def remember() -> None:
    """From now on."""
    for name in _MODULES:
        importlib.import_module(name).desired = _desired  # type: ignore[attr-defined]
    SlotSpec.hash = property(_hash)  # type: ignore[method-assign, assignment]


def forget() -> None:
    """No longer."""
    for name in _MODULES:
        importlib.import_module(name).desired = _DESIRED  # type: ignore[attr-defined]
    SlotSpec.hash = _HASH  # type: ignore[method-assign]
    _KNOWN.clear()
    _HASHES.clear()
