"""What is known of routes: whether their gateways have taken them, and what is to be written of which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tidegate.cluster.leading import planned
from tidegate.cluster.recorded import COMPONENT, NAME, Recorded
from tidegate.cluster.routing import taken
from tidegate.model.errors import TidegateError
from tidegate.model.ledger import Ledger, Occupant, Record, Release, Stamp
from tidegate.planner.reading import Reading
from tidegate.planner.standing import SLOT

if TYPE_CHECKING:
    from tidegate.model.ledger import Phase

OWN = {"name": "public", "namespace": "gateways"}
NOW = Stamp(at="2026-01-01T00:00:00+00:00", by="tester")
OCCUPANT = Occupant(version="v1", image="i", spec="s", config="c", secrets="s", contract=False, release="r1", replicas=1, proven="r1.0")


def route(*parents: dict[str, Any], refs: list[dict[str, str]] | None = None) -> dict[str, Any]:
    """A route of the third generation."""
    metadata = {"name": "web", "namespace": "shop", "generation": 3}
    return {"metadata": metadata, "spec": {"parentRefs": [OWN] if refs is None else refs}, "status": {"parents": list(parents)}}


def word(of: dict[str, str], generation: int = 3, **conditions: str) -> dict[str, Any]:
    """What a gateway says of it."""
    said = {"Accepted": "True", "ResolvedRefs": "True"} | conditions
    return {"parentRef": of, "conditions": [{"type": t, "status": s, "observedGeneration": generation} for t, s in said.items()]}


@pytest.mark.parametrize(
    ("found", "is_taken"),
    [
        (route(word(OWN)), True),
        (route(), False),
        (route(word(OWN, 2)), False),
        (route(word(OWN, Accepted="False")), False),
        (route(word(OWN, ResolvedRefs="Unknown")), False),
        # Another's word is none: one that it was attached to before may not have taken back what it said.
        (route(word({"name": "old", "namespace": "gateways"})), False),
        (route(word({"name": "old", "namespace": "gateways"}, 2), word(OWN)), True),
        (route(word(OWN), refs=[OWN, {"name": "inner"}]), False),
        (route(word(OWN), word({"name": "inner", "namespace": "shop"}), refs=[OWN, {"name": "inner"}]), True),
        (route(word(OWN), refs=[]), False),
    ],
)
def test_a_route_is_taken_when_its_own_gateway_says_so_of_what_it_is_now(found: dict[str, Any], is_taken: bool) -> None:
    """By its generation, with all that it leads to; each gateway that it names."""
    assert taken(found) is is_taken


def recorded(phase: Phase | None, *, gateway: bool) -> Recorded:
    """A service whose live slot is blue."""
    labels = {NAME: "web", COMPONENT: "traffic"}
    inputs: dict[str, Any] = {}
    for name, slot in (("web", "blue"), ("web-blue", "blue"), ("web-green", "green")):
        spec = {"selector": {SLOT: slot}, "ports": [{"port": 80, "targetPort": slot}]}
        obj = {"kind": "Service", "metadata": {"name": name, "namespace": "shop", "labels": labels}, "spec": spec}
        inputs[f"urn:pulumi:dev::p::x$kubernetes:core/v1:Service::{name}"] = obj
    if gateway:
        backends = [{"name": f"web-{slot}", "port": 80, "weight": weight} for slot, weight in (("blue", 100), ("green", 0))]
        obj = {"kind": "HTTPRoute", "metadata": {"name": "web", "namespace": "shop", "labels": labels}}
        obj["spec"] = {"rules": [{"backendRefs": backends}]}
        inputs["urn:pulumi:dev::p::x$kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::web"] = obj
    services = {"web": Record(live="blue", slots={"blue": OCCUPANT, "green": OCCUPANT}, since=NOW)}
    release = None
    if phase is not None:
        release = Release(id="r2", kind="release", services=("web",), phase=phase, step=1, weight=0, begun=NOW, changed=NOW)
    return Recorded(Reading(Ledger(release=release, services=services), {}, inputs))


def moves(phase: Phase | None, weight: int, *, gateway: bool) -> dict[str, Any]:
    """What is written, by kind: the candidate's weight, or the slot that is selected and its ports."""
    found: dict[str, Any] = {}
    for move in planned(recorded(phase, gateway=gateway), "web", weight):
        spec = move.obj["spec"]
        kind = move.sent.kind.kind
        found[kind] = (
            spec["rules"][0]["backendRefs"][1]["weight"]
            if kind == "HTTPRoute"
            else (
                spec["selector"][SLOT],
                spec["ports"][0]["targetPort"],
            )
        )
    return found


@pytest.mark.parametrize(
    ("phase", "weight", "gateway", "written"),
    [
        ("shifting", 25, True, {"HTTPRoute": 25}),
        # Callers inside follow at the promotion, not before; and come back at once, wherever a failed update has left them.
        ("shifting", 100, True, {"HTTPRoute": 100}),
        ("shifting", 0, True, {"HTTPRoute": 0, "Service": ("blue", "blue")}),
        ("promoted", 100, True, {"HTTPRoute": 100, "Service": ("green", "green")}),
        ("promoted", 0, True, {"HTTPRoute": 0, "Service": ("blue", "blue")}),
        ("staged", 100, False, {"Service": ("green", "green")}),
        ("promoted", 100, False, {"Service": ("green", "green")}),
        (None, 0, False, {"Service": ("blue", "blue")}),
    ],
)
def test_what_is_written_for_a_weight(phase: Phase | None, weight: int, gateway: bool, written: dict[str, Any]) -> None:
    """The route, and the Service where all callers move together, with the ports of the slot that it leads to."""
    assert moves(phase, weight, gateway=gateway) == written


def test_a_selector_gives_all_or_nothing() -> None:
    """And nobody knows a service that isn't the stack's."""
    with pytest.raises(TidegateError, match="can't give 50% to a slot"):
        moves("staged", 50, gateway=False)
    with pytest.raises(TidegateError, match="no service api in the stack's ledger; there are web"):
        list(planned(recorded(None, gateway=True), "api", 0))
