"""Engine events as the JSON that event logs and the Automation API carry. Keys, their order and what is left out are Pulumi's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from embedded.engine.display.style import plain
from embedded.engine.model import events

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from embedded.engine.model.events import Event, Step
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Secret, Values

# Property values as a checkpoint has them, but with masked secrets: the codec with `Masked` for its secrets.
Encode = Callable[["Values"], "dict[str, Any]"]

MASK: Final = "[secret]"
_SUMMARIES: Final = {
    "analyze": "policyAnalyzeSummaryEvent",
    "remediate": "policyRemediateSummaryEvent",
    "analyze-stack": "policyAnalyzeStackSummaryEvent",
}


class _Kept(dict["Secret", str]):
    """Has the mask for every secret, so that none is ever turned into text."""

    def get(self, key: Secret, default: Any = None) -> Any:  # noqa: ARG002 - as `dict` has it
        return MASK


class Masked:
    """Secrets, for the codec, of which nothing is told: each one's ciphertext is `[secret]`."""

    def __init__(self) -> None:
        self.kept: MutableMapping[Secret, str] = _Kept()

    @property
    def provider(self) -> dict[str, Any]:
        """None."""
        return {}

    def encrypt(self, text: str) -> str:  # noqa: ARG002 - nothing of it may be told
        """The mask."""
        return MASK

    def decrypt(self, ciphertext: str) -> NoReturn:
        """Cannot be."""
        raise NotImplementedError(ciphertext)


class EventEncoder:
    """Numbers events and makes JSON data of them. `colour` is the command's choice, which messages carry along."""

    def __init__(self, encode: Encode, colour: str = "never") -> None:
        self._encode, self._colour = encode, colour
        self._sequence = 0

    def __call__(self, event: Event) -> dict[str, Any]:
        """The event as `{sequence, timestamp, <kind>}`."""
        stamped = {"sequence": self._sequence, "timestamp": int(time.time())} | self._payload(event)
        self._sequence += 1
        return stamped

    def _payload(self, event: Event) -> dict[str, Any]:  # noqa: C901 - one answer a kind
        match event:
            case events.Prelude(config):
                return {"preludeEvent": {"config": dict(sorted(config.items()))}}
            case events.Stdout(message):
                return {"stdoutEvent": {"message": message, "color": self._colour}}
            case events.Diagnostic():
                return {"diagnosticEvent": self._diagnostic(event)}
            case events.ResourcePre():
                return {"resourcePreEvent": self._step(event.step, planning=event.planning)}
            case events.ResourceOutputs():
                return {"resOutputsEvent": self._step(event.step, planning=event.planning)}
            case events.ResourceFailed():
                return {"resOpFailedEvent": {**self._step(event.step), "status": event.status, "steps": event.steps}}
            case events.PolicyLoad():
                return {"policyLoadEvent": {}}
            case events.PolicyViolation():
                return {"policyEvent": self._violation(event)}
            case events.PolicyRemediation():
                return {"policyRemediationEvent": self._remediation(event)}
            case events.PolicySummary():
                return {_SUMMARIES[event.kind]: _policy_summary(event)}
            case events.Summary():
                return {"summaryEvent": _summary(event)}
            case events.Cancel():
                return {"cancelEvent": {}}

    def _diagnostic(self, event: events.Diagnostic) -> dict[str, Any]:
        return {
            **_some(urn=event.urn, prefix=event.prefix),
            "message": plain(event.message),
            "color": self._colour,
            "severity": event.severity,
            **_some(ephemeral=event.ephemeral),
        }

    def _violation(self, event: events.PolicyViolation) -> dict[str, Any]:
        return {
            **_some(resourceUrn=event.urn),
            "message": event.message if event.message.endswith("\n") else event.message + "\n",
            "color": self._colour,
            "policyName": event.policy,
            **_pack(event.pack, event.pack_version),
            "enforcementLevel": event.enforcement,
            **_some(severity=event.severity),
        }

    def _remediation(self, event: events.PolicyRemediation) -> dict[str, Any]:
        return {
            **_some(resourceUrn=event.urn),
            "color": "raw",
            "policyName": event.policy,
            **_pack(event.pack, event.pack_version),
            **_some(before=self._encode(event.before), after=self._encode(event.after)),
        }

    def _step(self, step: Step, *, planning: bool = False) -> dict[str, Any]:
        metadata = {
            "op": step.op,
            "urn": step.urn,
            "type": step.type,
            "old": self._state(step.old),
            "new": self._state(step.new),
            **_some(keys=list(step.keys), diffs=list(step.diffs)),
            "detailedDiff": detailed_diff(step, "diffKind"),
            **_some(logical=step.logical),
            "provider": step.provider,
        }
        return {"metadata": metadata, **_some(planning=planning)}

    def _state(self, state: Resource | None) -> dict[str, Any] | None:
        if state is None:
            return None
        return {
            "type": state.type,
            "urn": state.urn,
            **_some(custom=state.custom, delete=state.delete),
            "id": state.id,
            "parent": state.parent,
            **_some(protect=state.protect, taint=state.taint, external=state.external, retainOnDelete=state.retain_on_delete),
            "inputs": self._encode(state.inputs),
            "outputs": self._encode(state.outputs),
            "provider": state.provider,
            **_some(initErrors=state.init_errors, hideDiffs=state.hide_diff),
        }


def detailed_diff(step: Step, kind: str) -> dict[str, Any] | None:
    """The provider's detailed diff as JSON data; `kind` is what the event or the digest calls a difference's kind."""
    if step.detailed_diff is None:
        return None
    return {path: {kind: d.kind, "inputDiff": d.input_diff} for path, d in sorted(step.detailed_diff.items())}


def _some(**fields: Any) -> dict[str, Any]:
    """The fields that are not empty."""
    return {name: value for name, value in fields.items() if value}


def _pack(name: str, version: str) -> dict[str, str]:
    return {"policyPackName": name, "policyPackVersion": version, "policyPackVersionTag": version}


def _policy_summary(event: events.PolicySummary) -> dict[str, Any]:
    subject = {} if event.kind == "analyze-stack" else {"resourceUrn": event.urn}
    return {**subject, **_pack(event.pack, event.pack_version), **_some(passed=list(event.passed), failed=list(event.failed))}


def _summary(event: events.Summary) -> dict[str, Any]:
    return {
        "maybeCorrupt": event.maybe_corrupt,
        "durationSeconds": math.ceil(event.seconds),
        "resourceChanges": dict(sorted(event.changes.items())),
        "PolicyPacks": dict(sorted(event.packs.items())),
        "isPreview": event.is_preview,
        "result": event.result,
    }
