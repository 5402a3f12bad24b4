"""What the fast path writes is what the components render."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import labels, routes
from components.ports import service_ports
from tidegate.cluster.rewriting import plain, rerouted, reselected
from tidegate.model.base import SLOTS, digest_of
from tidegate.model.ledger import other

if TYPE_CHECKING:
    from tidegate.model.base import Slot

GATEWAY: routes.GatewayArgs = {"name": "public", "namespace": "gateways"}
SLOT = st.sampled_from(SLOTS)


def rendered(live: Slot, weight: int, mirrored: int | None, affinity: str | None, *, trying: bool) -> dict[str, Any]:
    """A service's route, as an update writes it."""
    weights: dict[Slot, int] = {live: 100 - weight, other(live): weight}
    mirror = routes.mirror(live, weights, mirrored, trying=trying)
    spec = routes.route(GATEWAY, "www.example", routes.weighted("web", "/", weights, mirror, affinity))
    spec_hash = digest_of(spec)
    annotations = {labels.SPEC: spec_hash, "pulumi.com/waitFor": json.dumps([labels.fresh(labels.SPEC, spec_hash), "condition=Accepted"])}
    return {"kind": "HTTPRoute", "metadata": {"name": "web", "annotations": annotations}, "spec": spec}


@given(
    live=SLOT,
    weight=st.integers(0, 99),
    later=st.integers(0, 100),
    mirrored=st.none() | st.integers(1, 100),
    affinity=st.sampled_from([None, "1h"]),
)
def test_a_route_that_is_led_is_the_one_that_comes(live: Slot, weight: int, later: int, mirrored: int | None, affinity: str | None) -> None:
    """Whatever hangs on the weight: on trial the candidate has its copies of requests until it has all of them; taken back, none."""
    before = rendered(live, weight, mirrored, affinity, trying=True)
    after = rendered(live, later, mirrored, affinity, trying=later > 0)
    weights: dict[Slot, int] = {live: 100 - later, other(live): later}
    # Numbers of a state may have become floats.
    kept = json.loads(json.dumps(before), parse_int=float)
    assert rerouted(kept, "web", weights, mirrored=0 < later < 100) == after
    assert rerouted(before, "web", {live: 100 - weight, other(live): weight}, mirrored=True) == before


@given(live=SLOT, ports=st.dictionaries(st.sampled_from(["http", "admin", "grpc"]), st.integers(1024, 65535), min_size=1))
def test_a_service_that_is_led_has_the_slots_ports(live: Slot, ports: dict[str, int]) -> None:
    """The other slot's version may listen elsewhere."""

    def front(slot: Slot, of: dict[str, int]) -> dict[str, Any]:
        spec = {"selector": labels.selector("web", slot), "ports": service_ports(of), "sessionAffinity": "None"}
        return {"kind": "Service", "metadata": {"name": "web"}, "spec": spec}

    behind = {"spec": {"selector": {}, "ports": service_ports(ports)}}
    assert reselected(front(live, {"http": 8080}), behind, other(live)) == front(other(live), ports)


@pytest.mark.parametrize(("value", "there"), [(1.0, 1), ([2.0, {"a": 0.5}], [2, {"a": 0.5}]), (True, True), ("1.0", "1.0"), (None, None)])
def test_whole_numbers_are_whole(value: Any, there: Any) -> None:
    """And nothing else is anything else than before."""
    found = plain(value)
    assert found == there
    assert type(found) is type(there)
