"""What is made of an engine's events: progress in lines, errors with their resource, violations; and an event log that is still written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tidegate.model.intent.policies import UNASKED
from tidegate.model.told import Violation
from tidegate.stack.listening import EventFile, Heard

if TYPE_CHECKING:
    from pathlib import Path

_URN = "urn:pulumi:dev::tidegate::tidegate:Workload$kubernetes:apps/v1:Deployment::web-green"
_ROOT = "urn:pulumi:dev::tidegate::pulumi:pulumi:Stack::tidegate-dev"


def step(kind: str, op: str, urn: str = _URN, **more: Any) -> dict[str, Any]:
    """An event of a resource."""
    metadata = {"op": op, "urn": urn, "type": urn.split("::")[2].rpartition("$")[2], "new": {"custom": True}, **more}
    return {"sequence": 1, "timestamp": 1, kind: {"metadata": metadata}}


def word(text: str, severity: str = "info", urn: str = "", **more: Any) -> dict[str, Any]:
    """An event of something that was said."""
    return {"sequence": 1, "timestamp": 1, "diagnosticEvent": {"message": text, "severity": severity, "urn": urn, **more}}


def heard(*events: dict[str, Any]) -> tuple[Heard, list[str]]:
    """What is made of events, with a secret in it."""
    lines: list[str] = []
    found = Heard(lambda text: text.replace("hush", "[secret]"), lines.append)
    for event in events:
        found.take(event)
    return found, lines


def test_progress() -> None:
    """What is begun and done, and what is said: once, without debugging, without components, providers and what stays as it is."""
    found, lines = heard(
        {"preludeEvent": {"config": {}}},
        word("web: v2 comes up\n"),
        step("resourcePreEvent", "same"),
        step("resourcePreEvent", "update", new={"custom": False}),
        step("resourcePreEvent", "update", "urn:pulumi:dev::tidegate::pulumi:providers:kubernetes::default"),
        step("resourcePreEvent", "update"),
        word("waiting", urn=_URN, ephemeral=True),
        word("waiting", urn=_URN, ephemeral=True),
        word("the hush", "warning", _URN),
        word("inside", "debug"),
        # A preview's events are judged by us.
        word(f"release: update-size isn't {UNASKED}\n"),
        step("resOutputsEvent", "update"),
        {"summaryEvent": {"resourceChanges": {"update": 1, "same": 4, "create": 0}}},
        {"cancelEvent": {}},
    )
    assert lines == [
        "web: v2 comes up",
        "Deployment web-green: updating",
        "Deployment web-green: waiting",
        "warning: Deployment web-green: the [secret]",
        "Deployment web-green: updated",
    ]
    assert (found.begun, found.touched, found.changes, found.errors) == (True, True, {"update": 1, "same": 4}, [])


def test_errors() -> None:
    """Each once, with its resource; what only says that there were some is left out if there are."""
    found, _ = heard(
        word("it isn't ready\nat all\n", "error", _URN),
        word("it isn't ready\nat all", "error", _URN),
        step("resOpFailedEvent", "update"),
        word("update failed", "error", _ROOT),
        word("program exited with non-zero exit code: 1", "error", _ROOT),
    )
    assert found.reasons == ["Deployment web-green: it isn't ready\nat all"]
    assert found.failed == {_URN}
    only, _ = heard(word("program exited with non-zero exit code: 3", "error"))
    assert only.reasons == ["program exited with non-zero exit code: 3"]


def test_violations() -> None:
    """Each once, masked; what could not be remedied is mandatory."""
    event = {"policyPackName": "rules", "policyName": "pinned", "resourceUrn": _URN, "message": "has\nhush"}
    events = [{"policyEvent": {**event, "enforcementLevel": level}} for level in ("advisory", "mandatory", "mandatory", "remediate")]
    found, lines = heard(*events)
    assert found.violations == [
        Violation("rules", "pinned", level, "Deployment web-green", "has\n[secret]") for level in ("advisory", "mandatory")
    ]
    assert lines == [f"{level} policy pinned: Deployment web-green has [secret]" for level in ("advisory", "mandatory")]


def test_a_log_that_grows(tmp_path: Path) -> None:
    """Lines are taken when they are whole, each once; a log that isn't there yet has none."""
    lines: list[str] = []
    log = EventFile(tmp_path / "events", Heard(str, lines.append))
    log.look()
    said = [json.dumps(word(text)) for text in ("one", "zwölf", "three")]
    data = "\n".join([*said, ""]).encode()
    for end in range(0, len(data) + 1, 7):
        (tmp_path / "events").write_bytes(data[:end])
        log.look()
    (tmp_path / "events").write_bytes(data)
    log.look()
    log.look()
    assert lines == ["one", "zwölf", "three"]
