"""The fast path on the simulated cluster: users are led elsewhere at once, and the update that follows only records it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import pytest

from tests.local.program.stack import shop
from tidegate.model.errors import DriftError, GateRefusedError

if TYPE_CHECKING:
    from tests.local.cluster_port.scene import Scene

MIRROR = {"web": {"traffic": {"kind": "gateway", "host": "www", "mirror": 20, "affinity": "1h"}}}
TWO = {"api": {"strategy": "canary", "steps": [{"weight": 5}, {"weight": 100}], "traffic": {"kind": "gateway", "host": "api"}}}
ROUTES = "gateway.networking.k8s.io/v1/httproutes"


def test_what_was_led_is_what_the_update_would_write(scene: Scene) -> None:
    """Up to a weight, back to none, and back after the promotion; whoever created a route, and whatever hangs on the weight."""
    there, old, new = scene.there, shop(canary=True, more=MIRROR), shop("v2", "v2", canary=True, more=MIRROR)
    there.install(old)
    there.up(new).well()
    # Nobody has written the Service since it was created; the route was, for its mirror.
    for weight, event in ((5, "shift"), (50, "shift"), (0, "abort")):
        scene.lead(web=weight)
        scene.taken(web=(100 - weight, weight))
        led = scene.ways()
        scene.follow(new, event, **({"weight": weight} if weight else {"reason": "test"})).well()
        assert scene.ways() == led
    scene.still(new)

    scene.follow(new, "stage").well()
    scene.follow(new, "shift", weight=100).well()
    scene.follow(new, "promote").well()
    # From inside they follow only now, to the old slot's ports, too.
    scene.lead(web=100, api=100)
    scene.taken(web=(100, 0), api=(100, 0))
    led = scene.ways()
    assert there.serving() == {name: {"v1"} for name in ("web", "api", "host")}
    scene.follow(new, "rollback", reason="test").well()
    assert scene.ways() == led
    scene.still(new)
    there.unharmed()
    assert there.phase() == "promoted"


def test_what_others_have_changed_is_theirs_unless_by_force(scene: Scene) -> None:
    """Only from the provider, which created it, is a route taken over; whom else it belongs to is said, and the other routes move."""
    there, new = scene.there, shop("v2", canary=True, more=TWO)
    there.install(shop(canary=True, more=TWO))
    there.up(new).well()
    scene.lead(web=5, api=5)
    scene.taken(web=(95, 5), api=(95, 5))
    led = scene.ways()
    scene.follow(new, "shift", weight=5).well()
    assert scene.ways() == led
    assert scene.port.drift(scene.reading()) == []

    rules = deepcopy(there.get("gateway.networking.k8s.io/httproutes", "web")["spec"]["rules"])
    rules[0]["backendRefs"][0]["weight"], rules[0]["backendRefs"][1]["weight"] = 40, 60
    scene.edit(ROUTES, "web", {"spec": {"rules": rules}})
    (told,) = scene.port.drift(scene.reading())
    assert told.startswith("HTTPRoute web of service web was changed since the last update, by kubectl-edit: spec.rules[0].backendRefs[0]")
    with pytest.raises(DriftError, match="HTTPRoute web in namespace shop was changed by kubectl-edit"):
        scene.lead(web=0, api=0)
    scene.taken(web=(40, 60), api=(100, 0))
    with pytest.raises(GateRefusedError, match="web-green keeps its pods"):
        scene.port.empty(scene.reading(), "web")
    scene.lead(web=0, api=0, force=True)
    scene.taken(web=(100, 0), api=(100, 0))
    # The fast path is the stack's own, and no drift.
    assert scene.port.drift(scene.reading()) == []
    scene.port.empty(scene.reading(), "web")
    scene.arrived(lambda: not there.pods("web-green"))
    scene.follow(new, "abort", reason="test").well()
    scene.still(new)
    there.unharmed()

    # What was emptied is a slot like any other: brought up again, it is proven before users come.
    scene.follow(new, "stage").well()
    assert scene.health().slots["green"].ready == 1
