"""`--json`: the preview's digest and the stream of events."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from embedded.engine.backend import codec
from embedded.engine.display.event_json import EventEncoder, Masked
from embedded.engine.display.options import DisplayOptions
from embedded.engine.display.preview_json import JsonEvents, PreviewDigest
from embedded.engine.model import events
from embedded.engine.model.events import PropertyDiff, ResourceOutputs, ResourcePre
from embedded.engine.model.values import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.events import Event


def digest(*told: Event) -> dict[str, Any]:
    """The document that the events make."""
    written: list[str] = []
    display = PreviewDigest(partial(codec.encode_resource, secrets=Masked()), DisplayOptions(), written.append)
    for event in (*told, events.Cancel()):
        display(event)
    document: dict[str, Any] = json.loads("".join(written))
    return document


def test_the_digest_has_steps_diagnostics_and_counts(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """Keys as the real one; secrets masked; unchanged and internal steps left out; the order is that of the steps."""
    old, new = resource("a", {"s": Secret("x"), "n": 1}), resource("a", {"s": Secret("y"), "n": 2})
    change = step("update", old, new, diffs=("n",), detailed_diff={"n": PropertyDiff("update", input_diff=True)})
    document = digest(
        events.Prelude({"p:a": "1"}),
        ResourcePre(step("create", None, resource("p")), planning=True, internal=True),
        ResourcePre(step("same", resource("b"), resource("b")), planning=True),
        ResourcePre(change, planning=True),
        events.Diagnostic("careful\n", "warning", new.urn, "warning: "),
        events.Diagnostic("passing\n", "info", ephemeral=True),
        events.Summary(is_preview=True, seconds=0.5, changes={"update": 1, "same": 1}, result="succeeded"),
    )
    assert list(document) == ["config", "steps", "diagnostics", "duration", "changeSummary"]
    (told,) = document["steps"]
    assert list(told) == ["op", "urn", "provider", "oldState", "newState", "diffReasons", "detailedDiff"]
    assert told["newState"]["inputs"] == {"n": 2, "s": "[secret]"}
    assert told["detailedDiff"] == {"n": {"kind": "update", "inputDiff": True}}
    assert document["diagnostics"] == [{"urn": new.urn, "message": "warning: careful\n", "severity": "warning"}]
    assert document["duration"] == 500_000_000
    assert document["changeSummary"] == {"same": 1, "update": 1}


def test_what_a_refresh_found_takes_its_place(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """A resource that is gone shows as a deletion, not as a refresh."""
    old = resource("a", {"n": 1})
    document = digest(ResourcePre(step("refresh", old, old), planning=True), ResourceOutputs(step("delete", old, None), planning=True))
    assert [s["op"] for s in document["steps"]] == ["delete"]


def test_other_operations_stream_their_events(resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """A line an event, without the internal ones."""
    written: list[str] = []
    display = JsonEvents(EventEncoder(dict), written.append)
    display(ResourcePre(step("create", None, resource("p")), planning=False, internal=True))
    display(events.Cancel())
    assert [list(json.loads(line))[2] for line in written] == ["cancelEvent"]
