"""What the plan says of a slot, as components take it and as they work with it."""

# No `from __future__ import annotations` here: the SDK's component analyzer needs the arguments' types themselves.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from components import labels
from components.given import given
from tidegate.model.base import SLOTS, Slot
from tidegate.model.slots import SlotSpec


class ScalingArgs(TypedDict):
    """Between which bounds a slot's autoscaler may move."""

    min: int
    """A slot that is running is proven with at least so many."""
    max: int
    hold: bool
    """Whether it may only grow: all traffic may come back to it at any time."""


class SlotArgs(TypedDict):
    """What a slot is to be: the planner's word, as JSON."""

    spec: dict[str, Any]
    """Everything that its pods are made from, as `tidegate.model.slots.SlotSpec` has it."""
    hash: str
    """Of all of it."""
    config: str
    """The configuration's hash."""
    secrets: str
    """The secrets' hash."""
    release: str
    """The release that brought it."""
    proven: str
    """The release and step for which it is proven ready: with another one it is proven anew."""
    replicas: int
    """0 if it isn't running."""
    weight: int
    """Percent of the traffic."""
    scaling: ScalingArgs | None
    awaited: NotRequired[bool]
    """Whether users or testers are to be led there, so that it must be ready; true if it isn't said."""


Waits = Mapping[Slot, pulumi.Output[Sequence[pulumi.Resource]]]
"""What each slot's pods wait for before they are changed."""


@dataclass(frozen=True, slots=True)
class State:
    """A slot as it is to be."""

    spec: SlotSpec
    hash: str
    config: str
    secrets: str
    release: str
    proven: str
    replicas: int
    weight: int
    scaling: ScalingArgs | None
    awaited: bool = True

    @property
    def running(self) -> bool:
        """Whether it has pods."""
        return self.replicas > 0

    @property
    def scaled(self) -> bool:
        """Whether its autoscaler says how many pods there are."""
        return self.spec.autoscaled and self.scaling is not None

    @property
    def floor(self) -> int:
        """How many pods there are at least."""
        if not self.running:
            return 0
        if self.spec.autoscaled:
            # A slot whose service has lost its autoscaler keeps as many as there were, and nobody knows how many.
            return self.scaling["min"] if self.scaling is not None else 1
        return self.replicas

    def labels(self, service: str, slot: Slot) -> dict[str, str]:
        """The labels of what belongs to the slot."""
        return {
            **self.spec.labels,
            **labels.selector(service, slot),
            labels.VERSION: labels.value(self.spec.version),
            labels.RELEASE: labels.value(self.release),
        }


def state_of(args: pulumi.Input[SlotArgs]) -> pulumi.Output[State]:
    """The slot's state. Not a secret as a whole, though there are some in it: they go into a Secret, and are marked there."""
    return pulumi.Output.unsecret(given(args)).apply(parsed)


def parsed(args: Mapping[str, Any]) -> State:
    """The slot's state, out of JSON: its lists are tuples here, and through another language its numbers have become floats."""
    scaling = args["scaling"]
    return State(
        spec=SlotSpec.model_validate(args["spec"], strict=False),
        hash=args["hash"],
        config=args["config"],
        secrets=args["secrets"],
        release=args["release"],
        proven=args["proven"],
        replicas=int(args["replicas"]),
        weight=int(args["weight"]),
        scaling={"min": int(scaling["min"]), "max": int(scaling["max"]), "hold": scaling["hold"]} if scaling else None,
        awaited=args.get("awaited", True),
    )


def slot_of(text: str) -> Slot:
    """The slot of this name."""
    for slot in SLOTS:
        if slot == text:
            return slot
    raise ValueError(f"slot is {text!r}; it must be one of {', '.join(SLOTS)}")


def after(waits: pulumi.Output[Sequence[pulumi.Resource]] | None, *resources: pulumi.Resource) -> Any:
    """For `depends_on`: these, and what the plan adds to them."""
    return list(resources) if waits is None else waits.apply(lambda more: [*resources, *more])
