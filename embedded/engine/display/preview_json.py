"""`--json`: a preview's digest as one document, and for other operations the events as they come."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from embedded.engine.display.event_json import MASK, detailed_diff
from embedded.engine.display.options import is_root, shown
from embedded.engine.display.style import plain
from embedded.engine.model import events, gojson
from embedded.engine.model.values import Secret, transform

if TYPE_CHECKING:
    from embedded.engine.display.event_json import EventEncoder
    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.model.events import Event, Step
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Value, Values

# A resource's state as a checkpoint has it; the secrets are gone from it already.
EncodeState = Callable[["Resource"], "dict[str, Any]"]


class PreviewDigest:
    """Gathers a preview's events, and writes the document at the end."""

    def __init__(self, encode: EncodeState, options: DisplayOptions, write: Callable[[str], None]) -> None:
        self._encode, self._options, self._write = encode, options, write
        self._config: dict[str, str] = {}
        self._steps: dict[str, list[dict[str, Any]]] = {}
        self._order: list[dict[str, Any]] = []
        self._refreshing: set[str] = set()
        self._diagnostics: list[dict[str, str]] = []
        self._summary: events.Summary | None = None

    def __call__(self, event: Event) -> None:  # noqa: C901 - one case a kind of event
        """Take the next event."""
        match event:
            case events.Prelude(config):
                self._config = dict(sorted(config.items()))
            case events.Diagnostic():
                if not event.ephemeral and event.severity != "debug":
                    urn = {"urn": event.urn} if event.urn else {}
                    self._diagnostics.append({**urn, "message": event.prefix + plain(event.message), "severity": event.severity})
            case events.Stdout(message):
                self._diagnostics.append({"message": message, "severity": "info"})
            case events.ResourcePre():
                if not event.internal and self._is_shown(event.step):
                    self._add(event.step)
            case events.ResourceOutputs():
                if not event.internal and event.step.urn in self._refreshing and self._is_shown(event.step):
                    self._refreshed(event.step)
            case events.Summary():
                self._summary = event
            case events.Cancel():
                self._write(gojson.dumps(self._document(), indent=4, html=True) + "\n")
            case _:
                pass

    def _is_shown(self, step: Step) -> bool:
        return is_root(step) or shown(step, self._options, logical_only=True)

    def _add(self, step: Step) -> None:
        if step.op == "refresh":
            self._refreshing.add(step.urn)
        encoded = self._step(step)
        self._order.append(encoded)
        self._steps.setdefault(step.urn, []).append(encoded)

    def _refreshed(self, step: Step) -> None:
        """What a refresh found takes the place of the refresh."""
        if step.op == "delete" or (step.op == "update" and step.detailed_diff is not None):
            for encoded in self._steps.get(step.urn, ()):
                encoded.clear()
                encoded.update(self._step(step))

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "op": step.op,
            "urn": step.urn,
            **({"provider": step.provider} if step.provider else {}),
            **({"oldState": self._state(step, step.old)} if step.old else {}),
            **({"newState": self._state(step, step.new)} if step.new else {}),
            **({"diffReasons": list(step.diffs)} if step.diffs else {}),
            **({"replaceReasons": list(step.keys)} if step.keys else {}),
            "detailedDiff": detailed_diff(step, "kind"),
        }

    def _state(self, step: Step, state: Resource) -> dict[str, Any]:
        masked = copy.copy(state)
        hidden = self._options.suppress_outputs and is_root(step)
        masked.inputs = {} if hidden else _masked(state.inputs)
        masked.outputs = {} if hidden else _masked(state.outputs)
        return self._encode(masked)

    def _document(self) -> dict[str, Any]:
        summary = self._summary
        fields = {
            "config": self._config,
            "steps": self._order,
            "diagnostics": self._diagnostics,
            "duration": int(summary.seconds * 1e9) if summary else 0,
            "changeSummary": dict(sorted(summary.changes.items())) if summary else {},
            "maybeCorrupt": bool(summary and summary.maybe_corrupt),
        }
        return {name: value for name, value in fields.items() if value}


def _masked(values: Values) -> Values:
    def leaf(value: Value) -> Value:
        return MASK if isinstance(value, Secret) else value

    masked: Values = transform(values, leaf)
    return masked


class JsonEvents:
    """Writes every event that is not internal as a line of JSON."""

    def __init__(self, encoder: EventEncoder, write: Callable[[str], None]) -> None:
        self._encoder, self._write = encoder, write

    def __call__(self, event: Event) -> None:
        """Take the next event."""
        if not (isinstance(event, events.ResourcePre | events.ResourceOutputs) and event.internal):
            self._write(gojson.dumps(self._encoder(event)) + "\n")
