"""A resource's outputs as a display tells them: those that are news, or (of the stack) all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.display.changes import Change, compare, is_internal
from embedded.engine.display.options import is_root
from embedded.engine.display.valuetext import ValueText, printable, text
from embedded.engine.model.values import Unknown, has_unknown, same

if TYPE_CHECKING:
    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.model.events import Step

_READ = ("read", "read-replacement", "import", "import-replacement")


def outputs_text(step: Step, options: DisplayOptions, indent: int, *, planning: bool, refresh: bool = False) -> str:
    """The lines of the outputs, "" if there is nothing to tell."""
    root = is_root(step)
    show_sames = options.show_sames or (root and not planning)
    if planning and not (refresh or root or step.op in _READ):
        return ""
    if step.old is not None and step.old.init_errors:
        return ""
    outputs = step.new.outputs if step.new else {}
    inputs = step.new.inputs if step.new else {}
    drawer = ValueText(show_secrets=options.show_secrets, truncate=options.truncate)
    change = compare(step.old.outputs, outputs) if step.old is not None else None
    if change is None:
        if step.old is not None and not show_sames:
            return ""
        told = {k: v for k, v in outputs.items() if printable(v) and not _given(k, v, inputs, refresh=refresh)}
        return text(drawer.object(told, indent, step.op), options.style)
    if root and planning:
        change = _without_unknown(change)
    children = {
        k: c
        for k, c in (change.children or {}).items()
        if (show_sames or c.kind != "same") and not (c.kind == "add" and _given(k, c.new, inputs, refresh=refresh))
    }
    return text(drawer.changes(Change("update", children=children), indent), options.style)


def _given(key: str | int, value: object, inputs: dict[str, object], *, refresh: bool) -> bool:
    """Whether an output only repeats the input of that name."""
    return not refresh and key in inputs and (is_internal(key) or same(value, inputs[str(key)]))


def _without_unknown(change: Change) -> Change:
    """Without the updates that a preview cannot know: they would say that everything changes."""
    kept = {k: c for k, c in (change.children or {}).items() if not (c.kind == "update" and _is_unknown(c))}
    return Change("update", change.old, change.new, kept)


def _is_unknown(change: Change) -> bool:
    return isinstance(change.new, Unknown) or (change.children is None and has_unknown(change.new))
