"""The plan: what the planner makes of intent, event and the last update; and how the components wait for each other because of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
from pydantic import TypeAdapter

from tidegate.model.base import SLOTS
from tidegate.model.errors import TidegateError
from tidegate.model.events import Apply
from tidegate.model.ledger import migrate
from tidegate.model.slots import Slots
from tidegate.planner.freezing import freeze
from tidegate.planner.layout import layout, led
from tidegate.planner.planning import next_ledger
from tidegate.planner.standing import Standing
from tidegate.planner.words import words
from tidegate.program.memory import recall

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tidegate.model.base import Slot
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.planner.layout import Layout, ServiceLayout, SlotLayout
    from tidegate.program.memory import Memory

_SLOTS: TypeAdapter[Slots] = TypeAdapter(Slots)


@dataclass(frozen=True, slots=True)
class Decision:
    """What this update is to bring about."""

    ledger: dict[str, Any]
    slots: str
    layout: Layout
    fresh: frozenset[str]
    """The services that were not there before."""

    @property
    def moving(self) -> list[str]:
        """The services of which a slot or a route changes, in the order in which they move."""
        return self.layout["order"]

    def led(self, service: str) -> tuple[Slot, ...]:
        """The slots that a service's users are to be led to."""
        return led(self.layout["services"][service])

    def proofs(self, service: str, parts: Parts) -> list[pulumi.Resource]:
        """What proves the slots ready that users are to be led to."""
        return [proof for slot in self.led(service) for proof in parts.proofs[service][slot]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What others wait for; the services' are filled in as they are declared."""

    data: Mapping[str, pulumi.Resource]
    """The data services."""
    proofs: dict[str, Mapping[Slot, Sequence[pulumi.Resource]]] = field(default_factory=dict)
    """What must be there before traffic goes to a slot."""
    routes: dict[str, Sequence[pulumi.Resource]] = field(default_factory=dict)
    """What sends traffic to slots."""


class Plan:
    """The decision, as an Output, and what of it each component needs."""

    def __init__(self, intent: Intent, event: Event | None) -> None:
        happening = event or Apply()
        self.intent = intent
        self.decision: pulumi.Output[Decision] = recall().apply(lambda memory: _decide(intent, happening, memory))

    @property
    def namespace(self) -> pulumi.Output[str]:
        """The namespace's name, once the plan is made: all that waits for it is left alone by a plan that is refused."""
        return self.decision.apply(lambda _: self.intent.environment.namespace)

    @property
    def layout(self) -> pulumi.Output[Layout]:
        """What all slots and routes are to be."""
        return self.decision.apply(lambda d: d.layout)

    @property
    def ledger(self) -> pulumi.Output[dict[str, Any]]:
        """Where the releases will be."""
        return self.decision.apply(lambda d: d.ledger)

    def slot(self, service: str, slot: Slot) -> pulumi.Output[SlotLayout]:
        """What a slot is to be."""
        return self.decision.apply(lambda d: d.layout["services"][service]["slots"][slot])

    def service(self, service: str) -> pulumi.Output[ServiceLayout]:
        """What a service's traffic is to be."""
        return self.decision.apply(lambda d: d.layout["services"][service])

    def before_pods(self, service: str, slot: Slot, parts: Parts) -> pulumi.Output[Sequence[pulumi.Resource]]:
        """What a slot's pods wait for: what the service depends on; and routes, if nobody is to be led to the slot, to have left it."""

        def waits(d: Decision) -> Sequence[pulumi.Resource]:
            depends_on = self.intent.services[service].depends_on
            called = [name for name in depends_on if name in self.intent.services]
            return [
                *(parts.data[name] for name in depends_on if name in parts.data),
                *(parts.routes[service] if slot not in d.led(service) else ()),
                *(route for name in called if name in d.fresh for route in parts.routes[name]),
                *(proof for name in called if name not in d.fresh for proof in d.proofs(name, parts)),
            ]

        return self.decision.apply(waits)

    def before_routes(self, service: str, parts: Parts) -> pulumi.Output[Sequence[pulumi.Resource]]:
        """What a service's routes wait for: that all that moves with it is proven, and the routes of those that move before it."""

        def waits(d: Decision) -> Sequence[pulumi.Resource]:
            if service in d.fresh:
                # What depends on it, in this very update, needs it to be reached.
                return d.proofs(service, parts)
            before = d.moving[: d.moving.index(service)] if service in d.moving else []
            return [
                *(proof for name in {service: None} | dict.fromkeys(d.moving) for proof in d.proofs(name, parts)),
                *(route for name in before if name not in d.fresh for route in parts.routes[name]),
            ]

        return self.decision.apply(waits)

    def done(self, parts: Parts) -> pulumi.Output[Sequence[pulumi.Resource]]:
        """All that the ledger speaks of."""
        proofs = [proof for slots in parts.proofs.values() for slot in SLOTS for proof in slots[slot]]
        return self.decision.apply(lambda _: [*proofs, *(route for routes in parts.routes.values() for route in routes)])

    def export(self, parts: Parts) -> None:
        """Make the ledger and the slots the stack's outputs, once all that they speak of is there."""
        there: pulumi.Output[list[str]] = self.done(parts).apply(_urns)
        pulumi.export("ledger", there.apply(lambda _: self.ledger))
        pulumi.export("slots", pulumi.Output.secret(there.apply(lambda _: self.decision.apply(lambda d: d.slots))))


def _decide(intent: Intent, event: Event, memory: Memory) -> Decision:
    try:
        last = migrate(memory.ledger) if memory.ledger is not None else None
        planned = next_ledger(last, intent, event, Standing.of(memory.resources) if last else None)
    except TidegateError as error:
        raise pulumi.RunError(str(error)) from None
    for sentence in [*words(last, planned.ledger, planned.order), *planned.notes]:
        pulumi.log.info(sentence)
    slots = freeze(planned.ledger, intent, _SLOTS.validate_json(memory.slots))
    before = last.services if last else {}
    return Decision(
        # The engine drops nulls in what it keeps.
        planned.ledger.model_dump(mode="json", exclude_none=True),
        # As text: the order of what is in it counts, and the engine doesn't keep that.
        _SLOTS.dump_json(slots).decode(),
        layout(planned.ledger, intent, slots, planned.order),
        frozenset(name for name, service in intent.services.items() if name not in before and service.renamed_from not in before),
    )


def _urns(resources: Sequence[pulumi.Resource]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*[resource.urn for resource in resources])
