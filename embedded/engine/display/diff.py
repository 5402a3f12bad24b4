"""The `--diff` display: every step with its properties, as a tree by parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.display.changes import step_changes
from embedded.engine.display.options import is_root, shown
from embedded.engine.display.outputs import outputs_text
from embedded.engine.display.policytext import pack_title, remediation_text, violation_text
from embedded.engine.display.style import OPS, plain
from embedded.engine.display.summary import summary_text
from embedded.engine.display.valuetext import ValueText, text
from embedded.engine.model import events
from embedded.engine.model import urn as urns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.display.valuetext import Line
    from embedded.engine.model.events import Event, Op, Step

_TOLD_BY_ID: tuple[Op, ...] = ("create", "delete", "delete-replaced", "discard", "discard-replaced")
_RETAINED: tuple[Op, ...] = ("delete", "replace", "create-replacement", "delete-replaced")


class DiffDisplay:
    """Takes an operation's events and writes steps. Messages go to `complain`, everything else to `write`."""

    def __init__(self, options: DisplayOptions, write: Callable[[str], None], complain: Callable[[str], None]) -> None:
        self._options, self._write, self._complain = options, write, complain
        self._seen: dict[str, Step] = {}
        self._errored = 0

    def __call__(self, event: Event) -> None:  # noqa: C901, PLR0912 - one case a kind of event
        """Take the next event."""
        match event:
            case events.Prelude(config):
                if self._options.show_config:
                    self._write("Configuration:\n" + "".join(f"    {key}: {config[key]}\n" for key in sorted(config)))
            case events.Stdout(message):
                self._write(message)
            case events.Diagnostic():
                if event.severity != "debug" or self._options.debug:
                    self._complain(event.prefix + plain(event.message) + ("" if event.message.endswith("\n") else "\n"))
            case events.ResourcePre():
                if not event.internal:
                    self._begin(event.step)
            case events.ResourceOutputs():
                if not event.internal:
                    self._outputs(event.step, planning=event.planning)
            case events.ResourceFailed():
                self._errored += 1
            case events.PolicyViolation():
                first = pack_title(event.pack, event.pack_version, self._options.style)
                self._write(violation_text(event, self._options, first=first, rest="    "))
            case events.PolicyRemediation():
                self._write(remediation_text(event, self._options, pack_title(event.pack, event.pack_version, self._options.style)))
            case events.Summary():
                self._write(summary_text(event, self._errored, self._options.style, packs=True))
            case events.PolicyLoad() | events.PolicySummary() | events.Cancel():
                pass

    def _is_shown(self, step: Step) -> bool:
        return is_root(step) or shown(step, self._options, logical_only=True)

    def _begin(self, step: Step) -> None:
        self._seen[step.urn] = step
        if step.op not in ("refresh", "import") and self._is_shown(step):
            self._step(step)

    def _outputs(self, step: Step, *, planning: bool) -> None:
        if not self._is_shown(step):
            return
        before = self._seen.get(step.urn)
        refresh = before is not None and before.op == "refresh"
        if step.op == "import" or (refresh and step.op == "update"):
            self._step(step, refresh=refresh)
            return
        indent = self._indent(step)
        told = outputs_text(step, self._options, indent + 1, planning=planning, refresh=refresh)
        if refresh and (step.op != "refresh" or told or is_root(step)):
            self._write(text(self._header(step, indent), self._options.style))
        if told and not self._options.suppress_outputs:
            self._write(self._options.style.paint(OPS[step.op].colour, "    " * (indent + 1) + "--outputs:--") + "\n" + told)

    def _step(self, step: Step, *, refresh: bool = False) -> None:
        indent = self._indent(step)
        self._write(text(self._header(step, indent), self._options.style))
        if step.op != "same":
            self._write(text(self._details(step, indent + 1, refresh=refresh), self._options.style))

    def _indent(self, step: Step) -> int:
        indent = 0
        resource = step.new or step.old
        parent = resource.parent if resource else ""
        while parent in self._seen:
            above = self._seen[parent]
            indent += self._is_shown(above)
            resource = above.new or above.old
            parent = resource.parent if resource else ""
        return indent

    def _header(self, step: Step, indent: int) -> Iterator[Line]:
        old, new = step.old, step.new
        lock = ""
        if old and old.protect and new and not new.protect:
            lock = " \N{OPEN LOCK}"
        elif (new and new.protect) or (old and old.protect):
            lock = " \N{LOCK}"
        retain = "[retain]" if old and old.retain_on_delete and step.op in _RETAINED else ""
        title = step.urn if self._options.show_urns else step.type
        yield step.op, f"{'    ' * indent}{OPS[step.op].mark}{title}: ({step.op}{retain}){lock}"
        op: Op = step.op if step.op in _TOLD_BY_ID else "same"
        pad = "    " * (indent + 1)
        if old and old.id:
            yield op, f"{pad}[id={old.id}]"
        if not self._options.show_urns:
            yield op, f"{pad}[urn={step.urn}]"
        if old and new and old.provider != new.provider and new.provider:
            yield "update", f"{pad}[provider: {old.provider} => {_provider(new.provider)}]"
        elif step.provider and urns.name_of(urns.split_provider_ref(step.provider)[0]) != "default":
            yield op, f"{pad}[provider={step.provider}]"

    def _details(self, step: Step, indent: int, *, refresh: bool) -> Iterator[Line]:
        drawer = ValueText(show_secrets=self._options.show_secrets, truncate=self._options.truncate)
        old, new = step.old, step.new
        if old and new and step.detailed_diff is not None:
            change = step_changes(step, refresh=refresh)
            yield from drawer.changes(change, indent) if change else drawer.object(old.inputs, indent, "same", marked=True)
        elif new and not old:
            yield from drawer.object(new.outputs or new.inputs, indent, step.op)
        elif old and not new:
            yield from drawer.object(old.inputs, indent, step.op)
        elif old and new and new.outputs and step.op not in ("import", "import-replacement"):
            yield from drawer.old_and_new(old.outputs, new.outputs, (), indent)
        elif old and new:
            yield from drawer.old_and_new(old.inputs, new.inputs, step.diffs, indent)


def _provider(reference: str) -> str:
    urn, id_ = urns.split_provider_ref(reference)
    return reference if id_ and not id_.startswith("04da6b54") else f"{urn}::[unknown]"
