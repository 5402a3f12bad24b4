"""Which error shut gates come to: a script tells by the exit code what kept a release from beginning."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.simulation.making import told
from tests.simulation.ports import Process
from tests.simulation.timeline import Timeline
from tests.simulation.world import World
from tidegate.driver.preflight import Found, refuse
from tidegate.driver.releases import Releases
from tidegate.gates.scans.gate import Scanned
from tidegate.model.errors import GateRefusedError, PolicyError, WaitingForApprovalError
from tidegate.model.intent.gates import Gates
from tidegate.model.intent.scans import Scan
from tidegate.model.ledger import Held
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from tidegate.model.errors import TidegateError
    from tidegate.model.told import Told

PASS = Held(gate="health", verdict="pass", text="what is live is well")
POLICY = Held(gate="policy", verdict="fail", text="pack: no-latest: urn: an image has no tag")
APPROVAL = Held(gate="approval", verdict="no-data", text="ada is missing")
REJECTED = Held(gate="approval", verdict="fail", text="ada: no")
FREEZE = Held(gate="freeze", verdict="fail", text="it is Friday")
SCANS = Held(gate="scans", verdict="fail", text="images: web v2: 1 critical finding; 0 are borne")
PLANNER = Held(gate="planner", verdict="fail", text="it is under way [release-under-way]")
PASSED_BY = FREEZE.model_copy(update={"overridden": True})


@pytest.mark.parametrize(
    ("gates", "error"),
    [
        ((PASS, POLICY), PolicyError),
        ((PASS, APPROVAL), WaitingForApprovalError),
        ((PASS, REJECTED), GateRefusedError),
        ((PASS, FREEZE), GateRefusedError),
        ((PASS, SCANS), GateRefusedError),
        ((SCANS, APPROVAL), GateRefusedError),
        ((POLICY, FREEZE), GateRefusedError),
        ((APPROVAL, FREEZE), GateRefusedError),
        ((PLANNER,), Refusal),
    ],
)
def test_shut_gates_are_an_error_that_names_them_all(gates: tuple[Held, ...], error: type[TidegateError]) -> None:
    """The most telling class that fits all of them."""
    refusal = Refusal("release-under-way", "it is under way") if PLANNER in gates else None
    with pytest.raises(error) as raised:
        refuse(Found(gates, None, None, refusal))
    assert type(raised.value) is error
    assert all(one.text in str(raised.value) for one in gates if one.verdict != "pass")


def test_what_is_passed_by_keeps_nothing_from_beginning() -> None:
    """It is in the gates all the same."""
    found = Found((PASS, PASSED_BY), None, None)
    refuse(found)
    assert found.shut == ()


@dataclass
class Asked:
    """Remembers whose reports were wanted."""

    names: list[tuple[str, ...]] = field(default_factory=list)

    def held(self, told: Told, names: Sequence[str], now: datetime) -> Sequence[Held]:
        """They are all bad."""
        del told, now
        self.names.append(tuple(names))
        return [SCANS] if names else []


def test_a_plan_names_the_reports_among_its_gates(tmp_path: Path) -> None:
    """Where some are wanted; of a release and of an install. What isn't there is in the way."""
    for before in (told("one", V1), None):
        world = World(Timeline(1000.0), before or told("one", V1))
        if before is not None:
            world.installed()
        after = told("one", (("web", "v2"),))
        releases = Releases(replace(Process(world, "driver-x").ports, scans=Scanned(tmp_path)), "ann")
        world.file = after
        assert "scans" not in [*releases.plan().boxes[0].gates, *(one.gate for one in releases.plan().gates)]
        gates = Gates(scans={"images": Scan(reports=("{{service}}-{{version}}.json",))})
        world.file = replace(after, intent=after.intent.model_copy(update={"gates": gates}))
        plan = releases.plan()
        assert "scans" in plan.boxes[0].gates
        (held,) = (one for one in plan.gates if one.gate == "scans")
        assert (held.verdict, plan.code) == ("fail", 20)
        assert held.text.startswith("images: web v2: web-v2.json: there is no such file: did the scan run?")


V1, V2 = (("web", "v1"),), (("web", "v2"), ("api", "v2"))


@pytest.mark.parametrize(
    ("before", "after", "brought"),
    [
        (None, ("three", V1), ("store", "api", "web")),
        (("three", V1), ("three", V1), ()),
        (("three", V1), ("three", V2), ("api", "web")),
        (("straight", V1), ("three", V1), ("api", "web")),
    ],
    ids=["an install", "nothing", "a release", "new services"],
)
def test_reports_are_wanted_of_what_is_brought(
    before: tuple[str, tuple[tuple[str, str], ...]] | None, after: tuple[str, tuple[tuple[str, str], ...]], brought: tuple[str, ...]
) -> None:
    """Also of what is installed; and bad ones are in the way."""
    world = World(Timeline(1000.0), told(*(before or after)))
    if before is not None:
        world.installed()
    world.file, scans = told(*after), Asked()
    plan = Releases(replace(Process(world, "driver-x").ports, scans=scans), "ann").plan()
    assert scans.names == [brought]
    assert plan.code == (20 if brought else 0)
    assert [one.gate for one in plan.gates if one.verdict != "pass"] == (["scans"] if brought else [])
