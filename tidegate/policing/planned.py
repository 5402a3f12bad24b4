"""What an update would do, out of the events of its preview: what policies on the update are told, and Pulumi's packs are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from policies.judging.rulebook import Rulebook
from policies.judging.stacks import ROOT, Change, Stack
from policies.judging.subjects import Subject, of_resource
from policies.judging.wire import of_json
from tidegate.policing.packs import NAMES, is_ours
from tidegate.policing.packs import packs as packs_by
from tidegate.policing.told import of_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from policies.judging.rulebook import Ruling
    from policies.judging.stacks import Operation

_OPERATIONS: Final[dict[str, Operation]] = {
    "same": "same",
    "create": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import": "create",
    "read": "same",
    "refresh": "same",
}
_PROVIDERS: Final = "pulumi:providers:"


def changing(packs: Iterable[Path], config: Mapping[str, str]) -> Planned | None:
    """What judges the update itself, by a stack's configuration, if any of the packs is one of Tidegate's that does."""
    named = [name for name in NAMES if any(is_ours(place, name) for place in packs)]
    if not named:
        return None
    told, tier = of_config(config, "the stack's configuration")
    rules = Rulebook.of(packs_by(named), told, tier)
    return Planned(rules) if any(rule.policy.scope == "update" for rule in rules.rules) else None


class Planned:
    """Takes a preview's events, and judges the whole of it at the end."""

    def __init__(self, rules: Rulebook) -> None:
        self._rules = rules
        self._changes: dict[str, Change] = {}
        self._outputs: Mapping[str, Any] = {}
        self._root = ""

    def take(self, event: Mapping[str, Any]) -> None:
        """Take the next event."""
        if "resourcePreEvent" in event:
            self._step(event["resourcePreEvent"]["metadata"])
        elif "resOutputsEvent" in event:
            metadata = event["resOutputsEvent"]["metadata"]
            if metadata["type"] == ROOT:
                self._root = metadata["urn"]
                self._outputs = of_json((metadata.get("new") or {}).get("outputs") or {})

    def violations(self) -> list[Ruling]:
        """What is said against the update."""
        return self._rules.judge_update(self.stack())

    def stack(self) -> Stack:
        """The stack as it would be, with the changes that lead there."""
        there = [change.after for change in self._changes.values() if change.after is not None and change.operation != "delete"]
        root = Subject(ROOT, self._outputs, label="stack", urn=self._root, marked=True)
        return Stack((root, *there), tuple(self._changes.values()))

    def _step(self, metadata: Mapping[str, Any]) -> None:
        urn, operation = metadata["urn"], _OPERATIONS.get(metadata["op"])
        if operation is None or metadata["type"] == ROOT or metadata["type"].startswith(_PROVIDERS):
            return
        before, after = subject_of(metadata.get("old")), subject_of(metadata.get("new"))
        known = self._changes.get(urn)
        if known is not None and known.operation == "replace":
            # A replacement is told in steps.
            before, after, operation = before or known.before, after or known.after, "replace"
        self._changes[urn] = Change(operation, urn, before, after)


def subject_of(state: Mapping[str, Any] | None) -> Subject | None:
    """A resource of an event or a state, by what it was told."""
    if not state:
        return None
    urn = state["urn"]
    return of_resource(
        state["type"],
        of_json(state.get("inputs") or {}),
        label=urn.rpartition("::")[2],
        urn=urn,
        protected=bool(state.get("protect")),
        parent=state.get("parent") or "",
        made_of={name: tuple(urns or ()) for name, urns in state["propertyDependencies"].items()}
        if state.get("propertyDependencies")
        else None,
    )


def subjects_of(deployment: Mapping[str, Any]) -> Iterable[Subject]:
    """All resources of a stack's state, as they were last asked for; the stack itself with its outputs."""
    for state in deployment.get("resources") or ():
        if state.get("delete") or state["type"].startswith(_PROVIDERS):
            continue
        if state["type"] == ROOT:
            yield Subject(ROOT, of_json(state.get("outputs") or {}), label="stack", urn=state["urn"], marked=True)
        elif (found := subject_of(state)) is not None:
            yield found
