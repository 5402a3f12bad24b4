"""What an engine tells of an operation, event by event: from the lines of its event log to what people and the driver want to know."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tidegate.model.intent.policies import UNASKED
from tidegate.model.told import Violation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tidegate.policing.planned import Planned

_ROOT: Final = "pulumi:pulumi:Stack"
_PROVIDERS: Final = "pulumi:providers:"
_BEGUN: Final = {
    "create": "creating",
    "update": "updating",
    "delete": "deleting",
    "replace": "replacing",
    "create-replacement": "creating anew",
    "delete-replaced": "deleting what was replaced",
}
_DONE: Final = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "create-replacement": "created anew",
    "delete-replaced": "deleted what was replaced",
}
# What an engine says at the end of what others have said already.
_LAST_WORDS: Final = (
    "update failed",
    "preview failed",
    "update canceled",
    "preview canceled",
    "program failed",
    "resource monitor shut down",
)


_EXITED: Final = "program exited with non-zero exit code"


@dataclass(slots=True)
class Heard:
    """All that counts of what was told; `line` hears of progress, with secrets masked."""

    mask: Callable[[str], str]
    line: Callable[[str], None] = lambda _: None
    begun: bool = False
    """Whether the engine got as far as running anything: it has the lock, the state and the configuration then."""
    changes: dict[str, int] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    """With the resource that they are about; unmasked."""
    failed: set[str] = field(default_factory=set)
    """URNs of the resources whose change failed."""
    touched: bool = False
    """Whether any change was begun."""
    planned: Planned | None = None
    """Judges what the update would do, where somebody wants to know."""
    _last: str = ""

    @property
    def reasons(self) -> list[str]:
        """The errors, without what only says that there were some."""
        return [error for error in self.errors if _EXITED not in error] or self.errors

    def take(self, event: dict[str, Any]) -> None:
        """Take the next event."""
        if self.planned is not None:
            self.planned.take(event)
        for kind, content in event.items():
            match kind:
                case "preludeEvent":
                    self.begun = True
                case "diagnosticEvent":
                    self._diagnostic(content)
                case "resourcePreEvent":
                    self._step(content, _BEGUN)
                case "resOutputsEvent":
                    self._step(content, _DONE)
                case "resOpFailedEvent":
                    self.failed.add(content["metadata"]["urn"])
                case "policyEvent":
                    self._violation(content)
                case "summaryEvent":
                    self.changes = {op: n for op, n in (content.get("resourceChanges") or {}).items() if n}

    def judge(self) -> None:
        """Add what is said against the update itself, now that all of it is known."""
        for one in self.planned.violations() if self.planned is not None else ():
            policy, resource = one.rule.policy, _named(one.subject.urn)
            self.violations.append(Violation(one.rule.pack, policy.name, one.level, resource, self.mask(f"{policy.title}\n{one.text}")))

    def _diagnostic(self, content: dict[str, Any]) -> None:
        text, severity = str(content.get("message") or "").strip(), content.get("severity")
        if not text or severity == "debug" or text.endswith(UNASKED):
            return
        about = _named(content.get("urn") or "")
        said = f"{about}: {text}" if about else text
        if severity == "error" and not content.get("ephemeral"):
            if text.removeprefix("error: ").removesuffix(".") not in _LAST_WORDS and said not in self.errors:
                self.errors.append(said)
        elif severity == "warning":
            said = f"warning: {said}"
        for line in said.splitlines():
            self._say(line)

    def _step(self, content: dict[str, Any], words: dict[str, str]) -> None:
        metadata = content["metadata"]
        word = words.get(metadata["op"])
        resource = metadata.get("new") or metadata.get("old") or {}
        if word is None or content.get("planning") or not resource.get("custom") or metadata["type"].startswith(_PROVIDERS):
            return
        self.touched = True
        self._say(f"{_named(metadata['urn'])}: {word}")

    def _violation(self, content: dict[str, Any]) -> None:
        level = content.get("enforcementLevel") or "mandatory"
        resource, message = _named(content.get("resourceUrn") or ""), self.mask(str(content.get("message") or "").strip())
        # `remediate` that could not be done is mandatory.
        found = Violation(
            content.get("policyPackName") or "",
            content.get("policyName") or "",
            "advisory" if level == "advisory" else "mandatory",
            resource,
            message,
        )
        if found not in self.violations:
            self.violations.append(found)
            self._say(f"{level} policy {found.policy}: {' '.join(f'{resource} {message}'.split())}")

    def _say(self, text: str) -> None:
        text = self.mask(text.rstrip())
        # What is waited for is said again and again.
        if text and text != self._last:
            self._last = text
            self.line(text)


class EventFile:
    """The lines of an event log that grows; each is told once, when it is whole."""

    def __init__(self, file: Path, heard: Heard) -> None:
        self._file, self._heard, self._at = file, heard, 0

    def look(self) -> None:
        """Take what has come since the last look."""
        try:
            with self._file.open("rb") as log:
                log.seek(self._at)
                data = log.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            self._heard.take(json.loads(line))


def _named(urn: str) -> str:
    """A resource as people know it: `Deployment web-green`; nothing for the stack itself."""
    _, _, rest = urn.partition("::")
    kinds, found, name = rest.partition("::")[2].partition("::")
    kind = kinds.rpartition("$")[2]
    if not found or kind == _ROOT:
        return ""
    return f"{kind.rpartition(':')[2]} {name}"
