"""One resource's line in the progress display, and everything that was said about the resource."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedded.engine.display.changes import step_changes
from embedded.engine.display.style import OPS, plain, plural, type_name
from embedded.engine.model import urn as urns

if TYPE_CHECKING:
    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.model.events import Diagnostic, Op, Step

_RETAINED = ("delete", "replace", "create-replacement", "delete-replaced")


@dataclass(slots=True)
class Row:
    """A resource as far as the display knows it."""

    urn: str
    step: Step | None = None
    outputs: list[Step] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    failed: bool = False
    visible: bool = False
    started: float | None = None
    ended: float | None = None

    @property
    def root(self) -> bool:
        """Whether this is the stack."""
        return urns.qualified_type(self.urn) == urns.STACK_TYPE

    @property
    def op(self) -> Op:
        """The operation that the row shows."""
        return self.step.op if self.step else "same"

    @property
    def errors(self) -> int:
        """How many errors were told."""
        return self._count("error")

    def _count(self, *severities: str) -> int:
        return sum(1 for d in self.diagnostics if d.severity in severities and not d.ephemeral)

    def begin(self, step: Step) -> None:
        """A step starts."""
        self.step, self.started, self.ended = step, time.monotonic(), None

    def end(self, step: Step) -> None:
        """A step has ended well."""
        self.step, self.ended = step, time.monotonic()
        self.outputs.append(step)

    def done(self, *, all_done: bool) -> bool:
        """Whether nothing more comes. The stack's row waits for the end of everything."""
        if self.failed or all_done:
            return True
        return not self.root and self._has_ended()

    def _has_ended(self) -> bool:
        return any(s.op == self.op for s in self.outputs)

    def line(self, options: DisplayOptions, *, preview: bool, all_done: bool) -> str:
        """The row as text."""
        words = OPS[self.op]
        status = self._status(preview=preview, all_done=all_done)
        name = self.urn if options.show_urns else f"{type_name(urns.type_of(self.urn))} {urns.name_of(self.urn)}"
        failed = status.startswith("**")
        painted = options.style.paint("red" if failed else words.colour, status)
        return f" {options.style.paint(words.colour, words.mark)} {name} {painted} {self._info(all_done=all_done)}"

    def _status(self, *, preview: bool, all_done: bool) -> str:
        words = OPS[self.op]
        done = self.done(all_done=all_done)
        failed = self.failed or self.errors > 0
        if all_done and not failed and self._interrupted():
            status = f"{words.running} (interrupted)"
        elif not done:
            running = "running" if self.root and self.step and self.op == "same" else self._timed(words.running, done=False)
            status = words.preview if preview and self.op != "same" else running
        elif preview:
            status = words.preview if self.op != "refresh" else "refresh"
        elif failed:
            status = f"**{self._timed(words.failed, done=True)}**"
        else:
            status = self._timed(words.done, done=True)
        if self.step and self.step.old and self.step.old.retain_on_delete and self.op in _RETAINED:
            status += "[retain]"
        return status

    def _interrupted(self) -> bool:
        resource = (self.step.new or self.step.old) if self.step else None
        return bool(resource and resource.custom) and self.op not in ("same", "remove-pending-replace") and not self._has_ended()

    def _timed(self, words: str, *, done: bool) -> str:
        if self.op == "same" or self.started is None or (done and self.ended is None):
            return words
        seconds = (time.monotonic() if self.ended is None else self.ended) - self.started
        return f"{words} ({seconds:.2f}s)" if done and seconds < 1 else f"{words} ({int(seconds)}s)"

    def _info(self, *, all_done: bool) -> str:
        changes = self._changes()
        pieces = [f"[{changes}]"] if changes else []
        if all_done:
            kinds = (("error", ("error",)), ("warning", ("warning",)), ("message", ("info", "info#err")), ("debug", ("debug",)))
            counts = [(word, self._count(*severities)) for word, severities in kinds]
            pieces += [f"{n} debug" if word == "debug" else plural(n, word) for word, n in counts if n]
        elif self.diagnostics:
            last = self.diagnostics[-1]
            pieces += [text for text in [(last.prefix + plain(last.message)).rstrip()] if text]
        return "; ".join(pieces).split("\n", 1)[0]

    def _changes(self) -> str:
        step = self.step
        if self.op in ("create-replacement", "delete-replaced"):
            step = next((s for s in reversed(self.outputs) if s.op == "replace"), step)
        elif self.op in ("import", "import-replacement"):
            step = next((s for s in reversed(self.outputs) if s.op == self.op), step)
        return short_changes(step) if step else ""


def short_changes(step: Step) -> str:
    """`diff: +added-deleted~updated`, of the properties that the provider named (of all, if it named none)."""
    if step.old is None or step.new is None:
        return ""
    change = step_changes(step)
    kinds: dict[str, list[str]] = {"add": [], "delete": [], "update": []}
    for key, child in ((change.children or {}) if change else {}).items():
        if child.kind != "same" and (not step.diffs or key in step.diffs):
            kinds[child.kind].append(str(key))
    metadata = [("provider", step.old.provider != step.new.provider), ("protect", step.old.protect != step.new.protect)]
    changed = [name for name, differs in [*metadata, ("taint", step.old.taint != step.new.taint)] if differs]
    if not step.diffs:
        kinds["update"] += changed
    if change is None and not changed:
        return ""
    marks = {"add": "+", "delete": "-", "update": "~"}
    return "diff: " + "".join(marks[kind] + ",".join(sorted(keys)) for kind, keys in kinds.items() if keys)
