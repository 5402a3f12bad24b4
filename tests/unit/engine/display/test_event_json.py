"""Events as JSON: exactly the keys, in exactly the order, that the Automation API knows."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from pulumi.automation import events as sdk

from embedded.engine.backend import propertyjson
from embedded.engine.display.event_json import EventEncoder, Masked
from embedded.engine.model import events
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.values import UNKNOWN, UNKNOWN_STRING, Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.events import Event

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


@pytest.fixture
def encode() -> EventEncoder:
    """An encoder as the command makes it."""
    return EventEncoder(partial(propertyjson.encode_value, secrets=Masked()))


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.Prelude({"p:b": "[secret]", "p:a": "1"}), '"preludeEvent":{"config":{"p:a":"1","p:b":"[secret]"}}'),
        (events.Stdout("hi"), '"stdoutEvent":{"message":"hi","color":"never"}'),
        (events.Diagnostic("hi\n", "info"), '"diagnosticEvent":{"message":"hi\\n","color":"never","severity":"info"}'),
        (
            events.Diagnostic("\x1b[31m<x>\n", "error", "urn:x", "error: ", 3, ephemeral=True),
            '"diagnosticEvent":{"urn":"urn:x","prefix":"error: ","message":"<x>\\n","color":"never","severity":"error","ephemeral":true}',
        ),
        (events.PolicyLoad(), '"policyLoadEvent":{}'),
        (
            events.PolicyViolation("urn:x", "no", "small", "pack", "1.2.3", "mandatory", "high"),
            (
                '"policyEvent":{"resourceUrn":"urn:x","message":"no\\n","color":"never","policyName":"small","policyPackName":"pack",'
                '"policyPackVersion":"1.2.3","policyPackVersionTag":"1.2.3","enforcementLevel":"mandatory","severity":"high"}'
            ),
        ),
        (
            events.PolicyRemediation("urn:x", "owned", "pack", "1.2.3", {"b": 1, "a": Secret("s")}, {"b": 2}),
            (
                '"policyRemediationEvent":{"resourceUrn":"urn:x","color":"raw","policyName":"owned","policyPackName":"pack","policyPackVersion":"1.2.3",'
                f'"policyPackVersionTag":"1.2.3","before":{{"a":{json.dumps(SECRET, separators=(",", ":"))},"b":1}},"after":{{"b":2}}}}'
            ),
        ),
        (
            events.PolicySummary("analyze", "pack", "1.2.3", "urn:x", ("a",), ("b",)),
            (
                '"policyAnalyzeSummaryEvent":{"resourceUrn":"urn:x","policyPackName":"pack","policyPackVersion":"1.2.3",'
                '"policyPackVersionTag":"1.2.3","passed":["a"],"failed":["b"]}'
            ),
        ),
        (
            events.PolicySummary("analyze-stack", "pack", "1.2.3", "", ("few",)),
            '"policyAnalyzeStackSummaryEvent":{"policyPackName":"pack","policyPackVersion":"1.2.3","policyPackVersionTag":"1.2.3","passed":["few"]}',
        ),
        (
            events.Summary(is_preview=False, seconds=1.2, changes={"same": 1, "create": 2}, result="succeeded", packs={"p": "1"}),
            (
                '"summaryEvent":{"maybeCorrupt":false,"durationSeconds":2,"resourceChanges":{"create":2,"same":1},"PolicyPacks":{"p":"1"},'
                '"isPreview":false,"result":"succeeded"}'
            ),
        ),
        (events.Cancel(), '"cancelEvent":{}'),
    ],
)
def test_every_kind_of_event(encode: EventEncoder, event: Any, expected: str) -> None:
    """Keys, order and what is left out are those of the real CLI's event log."""
    encoded = encode(event)
    assert list(encoded)[:2] == ["sequence", "timestamp"]
    assert json.dumps(encoded, separators=(",", ":"), ensure_ascii=False).endswith(f",{expected}}}")


def test_a_step_with_states(encode: EventEncoder, resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """Secrets are masked, unknowns have their text, empty flags are left out, an absent state is null."""
    new = resource("a", {"b": Secret({"x": 1}), "a": UNKNOWN}, id="", protect=True)
    event = events.ResourcePre(
        step("create", None, new, keys=("a",), diffs=("a",), detailed_diff={"a": PropertyDiff("add-replace")}), planning=True
    )
    encoded = encode(event)["resourcePreEvent"]
    assert encoded == {
        "metadata": {
            "op": "create",
            "urn": new.urn,
            "type": new.type,
            "old": None,
            "new": {
                "type": new.type,
                "urn": new.urn,
                "custom": True,
                "id": "",
                "parent": new.parent,
                "protect": True,
                "inputs": {"a": UNKNOWN_STRING, "b": SECRET},
                "outputs": {},
                "provider": new.provider,
            },
            "keys": ["a"],
            "diffs": ["a"],
            "detailedDiff": {"a": {"diffKind": "add-replace", "inputDiff": False}},
            "logical": True,
            "provider": new.provider,
        },
        "planning": True,
    }
    metadata = encoded["metadata"]
    assert list(metadata) == ["op", "urn", "type", "old", "new", "keys", "diffs", "detailedDiff", "logical", "provider"]
    assert list(metadata["new"]) == ["type", "urn", "custom", "id", "parent", "protect", "inputs", "outputs", "provider"]


def test_the_sdk_reads_every_event(encode: EventEncoder, resource: Callable[..., Any], step: Callable[..., Any]) -> None:
    """The released Automation API takes the events without complaint."""
    change = step("update", resource("a", {"x": 1}), resource("a", {"x": 2}), detailed_diff={"x": PropertyDiff("update")})
    told: list[Event] = [
        events.Prelude({}),
        events.Diagnostic("m", "warning"),
        events.ResourcePre(change, planning=False),
        events.ResourceOutputs(change, planning=False),
        events.ResourceFailed(change, 1, 2),
        events.PolicyViolation("urn:x", "no", "small", "pack", "1.2.3", "mandatory"),
        events.Summary(is_preview=False, seconds=0, changes={"update": 1}, result="failed"),
        events.Cancel(),
    ]
    read = [sdk.EngineEvent.from_json(encode(event)) for event in told]
    assert [e.sequence for e in read] == list(range(len(told)))
    assert read[2].resource_pre_event is not None
    assert read[2].resource_pre_event.metadata.op == "update"
    assert read[4].res_op_failed_event is not None
    assert read[6].summary_event is not None
    assert read[6].summary_event.resource_changes == {"update": 1}


def test_a_masked_secret_is_never_turned_into_text() -> None:
    """What a secret holds may not even be able to become JSON: nobody looks."""
    assert propertyjson.encode_value({"s": Secret(object())}, Masked()) == {"s": SECRET}
