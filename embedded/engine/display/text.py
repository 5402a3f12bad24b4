"""The progress display: a line whenever something about a resource changes, and at the end what it all came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.display.heartbeat import Heartbeat
from embedded.engine.display.options import shown
from embedded.engine.display.outputs import outputs_text
from embedded.engine.display.policytext import policies_text
from embedded.engine.display.rows import Row
from embedded.engine.display.style import plain, type_name
from embedded.engine.display.summary import summary_text
from embedded.engine.model import events
from embedded.engine.model import urn as urns

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.model.events import Event, Step

LOADING = "Loading policy packs..."


class ProgressDisplay:
    """Takes an operation's events and writes lines. `what` is what the heartbeat says is being done ("updating")."""

    def __init__(self, root: str, what: str, options: DisplayOptions, write: Callable[[str], None], *, preview: bool) -> None:
        self._root, self._options, self._preview = root, options, preview
        self._rows: dict[str, Row] = {}
        self._violations: list[events.PolicyViolation] = []
        self._remediations: list[events.PolicyRemediation] = []
        self._summary: events.Summary | None = None
        self._loading = False
        self._write = write
        self._heartbeat: Heartbeat | None = None if options.suppress_progress else Heartbeat(what, write)

    def __call__(self, event: Event) -> None:  # noqa: C901 - one case a kind of event
        """Take the next event."""
        match event:
            case events.PolicyLoad():
                if not self._loading:
                    self._loading = True
                    self._print(f"{LOADING}: starting")
                    self._row(self._root)
            case events.Prelude(config):
                self._begin(config)
            case events.Stdout(message):
                self._print(message.removesuffix("\n"))
            case events.Summary():
                self._summary = event
            case events.Diagnostic():
                self._diagnostic(event)
            case events.ResourcePre() | events.ResourceOutputs() | events.ResourceFailed():
                self._resource(event)
            case events.PolicyViolation():
                self._violations.append(event)
                self._update(self._row(event.urn))
            case events.PolicyRemediation():
                self._remediations.append(event)
                self._update(self._row(event.urn, visible=True))
            case events.PolicySummary():
                pass
            case events.Cancel():
                self._end()

    def _print(self, line: str) -> None:
        if self._heartbeat:
            self._heartbeat.start()
            self._heartbeat.print(line + "\n")
        else:
            self._write(line + "\n")

    def _begin(self, config: dict[str, str]) -> None:
        if self._loading:
            self._print(f"{LOADING}: done")
        if self._options.show_config:
            self._print(self._options.style.paint("dim", "Configuration:"))
            for key in sorted(config):
                self._print(f"    {key}: {config[key]}")
        self._print("")

    def _row(self, urn: str, *, visible: bool = False) -> Row:
        urn = urn or self._root
        row = self._rows.get(urn)
        if row is None:
            row = self._rows[urn] = Row(urn)
        elif row.root:
            # An unchanged stack is of interest only when something else happened; at the end it always is.
            visible = True
        row.visible = row.visible or visible
        return row

    def _update(self, row: Row) -> None:
        if row.visible:
            self._print(row.line(self._options, preview=self._preview, all_done=False))

    def _diagnostic(self, event: events.Diagnostic) -> None:
        if event.severity == "debug" and not self._options.debug:
            return
        # What stands beside a resource for a while is taken back by an empty message; any other empty message says nothing.
        if not event.ephemeral and not (event.prefix + event.message).rstrip():
            return
        row = self._row(event.urn, visible=True)
        row.diagnostics.append(event)
        self._update(row)

    def _resource(self, event: events.ResourcePre | events.ResourceOutputs | events.ResourceFailed) -> None:
        if not isinstance(event, events.ResourceFailed) and event.internal:
            return
        step = event.step
        if not self._options.show_reads and step.op in ("discard", "read-replacement"):
            return
        if not self._options.show_reads and step.op == "read":
            if isinstance(event, events.ResourceFailed):
                return
            message = f"read {type_name(step.type)} {urns.name_of(step.urn)}"
            self._diagnostic(events.Diagnostic(message, "info", ephemeral=True))
            return
        row = self._row(step.urn, visible=shown(step, self._options, logical_only=False))
        if isinstance(event, events.ResourcePre):
            row.begin(step)
        elif isinstance(event, events.ResourceOutputs):
            refreshed = row.op == "refresh"
            row.end(step)
            if not refreshed and (self._preview or not _changes_something(step)):
                return
        else:
            row.failed = True
        self._update(row)

    def _end(self) -> None:
        if self._heartbeat:
            self._heartbeat.stop()
        pending = [row for row in self._rows.values() if (row.visible or row.root) and not row.done(all_done=False)]
        for row in sorted(pending, key=lambda row: row.root):
            self._print(row.line(self._options, preview=self._preview, all_done=True))
        forbidden = False
        if self._summary and self._summary.packs:
            self._print(policies_text(self._summary.packs, self._violations, self._remediations, self._options).removesuffix("\n"))
            forbidden = any(v.enforcement == "mandatory" for v in self._violations)
        self._print_diagnostics()
        self._print_outputs()
        if self._summary and not forbidden:
            errored = sum(1 for row in self._rows.values() if row.errors)
            self._print(summary_text(self._summary, errored, self._options.style, packs=False))

    def _print_diagnostics(self) -> None:
        titled = False
        for row in self._rows.values():
            told = [d for d in row.diagnostics if not d.ephemeral and _lines(d) != [""]]
            if not told:
                continue
            if not titled:
                self._print(self._options.style.headline("Diagnostics:"))
                titled = True
            name = row.urn if self._options.show_urns else f"{type_name(urns.type_of(row.urn))} ({urns.name_of(row.urn)})"
            self._print("  " + self._options.style.paint("blue", f"{name}:"))
            for stream in dict.fromkeys(d.stream_id for d in told):
                for line in (line for d in told if d.stream_id == stream for line in _lines(d)):
                    self._print(f"    {line.rstrip()}")
                self._print("")

    def _print_outputs(self) -> None:
        row = self._rows.get(self._root)
        if self._options.suppress_outputs or row is None or row.step is None or row.step.op == "delete":
            return
        told = outputs_text(row.step, self._options, 1, planning=self._preview)
        if told:
            self._print(self._options.style.headline("Outputs:"))
            self._print(told)


def _lines(diagnostic: events.Diagnostic) -> list[str]:
    return (diagnostic.prefix + plain(diagnostic.message)).rstrip().split("\n")


def _changes_something(step: Step) -> bool:
    resource = step.new or step.old
    return resource is None or (resource.custom and step.op != "same")
