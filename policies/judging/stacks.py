"""All that is asked for at once: what a policy on the whole looks through."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

from policies.judging.fields import UnknownError
from policies.judging.pods import pods_of
from policies.judging.subjects import Subject

if TYPE_CHECKING:
    from policies.judging.fields import Field
    from policies.judging.pods import Pod

Operation = Literal["same", "create", "update", "replace", "delete"]
ROOT: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True, slots=True)
class Change:
    """What an update would do to one resource."""

    operation: Operation
    urn: str
    before: Subject | None
    """As it was last asked for."""
    after: Subject | None
    """As it is asked for now."""


@dataclass(frozen=True)
class Stack:
    """All objects and resources together: a stack's, or those of some manifests."""

    subjects: tuple[Subject, ...]
    changes: tuple[Change, ...] | None = None
    """What the update would do to each. None where that isn't told: Pulumi gives packs only what is asked for, and manifests do nothing."""

    def of(self, *names: str) -> tuple[Subject, ...]:
        """All of some kinds, by the names that `of_objects` takes."""
        return tuple(one for name in names for one in self._by_name.get(name, ()))

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """All pods, whatever makes them."""
        return tuple(pod for subject in self.subjects for pod in _pods(subject))

    @cached_property
    def itself(self) -> Subject:
        """The stack as such; its properties are its outputs."""
        return next(iter(self.of(ROOT)), Subject(ROOT, {}, label="stack"))

    def output(self, name: str) -> Field:
        """One of the stack's outputs, if it is known."""
        return self.itself.at(name)

    @cached_property
    def _by_name(self) -> dict[str, list[Subject]]:
        found: dict[str, list[Subject]] = defaultdict(list)
        for subject in self.subjects:
            for name in subject.names:
                found[name].append(subject)
        return found


def _pods(subject: Subject) -> tuple[Pod, ...]:
    try:
        return pods_of(subject)
    except UnknownError:
        # Somebody's own kind, of which nothing is known yet: hardly ever has it pods.
        return ()


def stack_of(*subjects: Subject, changes: tuple[Change, ...] | None = None, outputs: dict[str, Any] | None = None) -> Stack:
    """Some subjects as a stack, with its outputs if it has any."""
    root = () if outputs is None else (Subject(ROOT, outputs, label="stack"),)
    return Stack((*root, *subjects), changes)
