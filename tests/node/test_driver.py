"""The driver on real pods, with users all along: whatever it carries out or takes back, and whenever it is killed, no request fails.

All of it is on one stack, which comes up once: each test releases a version of its own, and leaves what was live before.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from embedded.engine.backend.naming import StackName
from embedded.engine.model import urn as urns
from tests.node.ground import running as running_node
from tests.node.ground import within
from tests.node.program import PATIENCE, place, users
from tests.node.verbs import running, said, verb
from tidegate import Releases
from tidegate.model.ledger import migrate
from tidegate.stack.warm import Warm

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from embedded.node.node import Node
    from tests.node.ground import Ground
    from tests.node.program import Place, Users
    from tidegate.model.happening import Happening
    from tidegate.model.ledger import Release

pytestmark = [pytest.mark.node, pytest.mark.timeout(600, func_only=True)]

_BAD: Final = "v2-errors"
_SPACE: Final = "shop-driven"
_SLOW: Final = [{"weight": 50, "soak": "1h"}, {"weight": 100, "soak": "1h"}]
COURSE: Final = [("stage", 0), ("shift", 50), ("shift", 100), ("promote", 100), ("baked", 100)]
_LONGEST: Final = 240.0
"""Seconds that a driver may take for what is awaited of it, on a busy machine."""
_ANALYSIS: Final = {"interval": "1s", "window": "10s", "requests": 20, "failures": 0}


@pytest.fixture(scope="module")
def program_node(ground: Ground, tools: Path) -> Iterator[Node]:
    """A node that measures, too."""
    with running_node(ground, ("dns", "gateway", "monitoring"), ground.shop, tools) as node:
        yield node


@pytest.fixture(scope="module", params=[None, "pulumi"], ids=["embedded", "real"])
def stack(request: pytest.FixtureRequest, program_node: Node, ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The shop, by the embedded engine, and by the real CLI with its provider where they are."""
    if request.param is not None and shutil.which(request.param) is None:
        pytest.skip("the real pulumi isn't on PATH")
    folder = tmp_path_factory.mktemp("driven")
    with (
        pytest.MonkeyPatch.context() as patch,
        place(folder, program_node, f"{_SPACE}-{'real' if request.param else 'embedded'}", ground.digests) as made,
    ):
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
        made.executable = request.param
        made.up(shop(made, "v1", _SLOW)).well()
        yield made
        made.destroy()


@pytest.fixture
def there(stack: Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The shop, for this test's process; what a test has left under way is taken back."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    yield stack
    if release(stack).phase in {"staged", "shifting"}:
        verb(stack, "abort", "--reason", "nobody goes on with it", code=22)


def shop(there: Place, version: str, steps: list[dict[str, Any]], manager: str = "v1", **releases: Any) -> dict[str, Any]:
    """`dashboard` by steps, which is watched; `mcp-manager` at once. Any version is v1 under that name, but for the bad one."""
    environment = {"SHOP_UPSTREAMS": "http://mcp-manager"}
    canary = {"strategy": "canary", "steps": steps, "analysis": _ANALYSIS}
    named = {} if version == _BAD else {"SHOP_VERSION": version}
    config = there.shop(
        _BAD if version == _BAD else "v1",
        more={
            "dashboard": {**canary, "version": version, "env": {**environment, **named}},
            "mcp-manager": {"version": manager, "env": {"SHOP_VERSION": manager}},
        },
    )
    monitoring = {"kind": "none", "prometheus": there.node.urls["prometheus"]}
    return {**config, "monitoring": monitoring, "releases": {"bake": "2s", **releases}}


@contextmanager
def served(there: Place) -> Iterator[tuple[Users, str]]:
    """Users, none of whose requests may fail; and the version that is live."""
    with there.users() as people:
        (live,) = people.served()
        yield people, live


class Teller:
    """Remembers when a candidate was found bad."""

    judged = 0.0

    def tell(self, happening: Happening) -> None:
        """Hear of it."""
        if happening.kind == "look" and happening.more["verdict"] == "fail":
            ago = datetime.now(UTC) - datetime.fromisoformat(happening.at)
            self.judged = time.monotonic() - ago.total_seconds()

    def incident(self, happening: Happening) -> str | None:
        """Nothing is to be left."""
        raise AssertionError(happening.text)


def candidate(there: Place) -> str:
    """The slot of `dashboard` that isn't live."""
    return there.record("dashboard").candidate


def release(there: Place) -> Release:
    """The last one, as the state has it just now; without its secrets, for it is looked at again and again."""
    resources = there.stack.backend.deployment(StackName("tidegate", "dev"))["deployment"]["resources"]
    root = next(one for one in resources if one["type"] == urns.STACK_TYPE)
    found = migrate(root["outputs"]["ledger"]).release
    assert found is not None
    return found


def locks(there: Place) -> list[Path]:
    """The stack's lock, if an update has it."""
    return list((there.stack.folder / "backend" / ".pulumi" / "locks").rglob("*.json"))


def kill_engine(there: Place) -> None:
    """As if the machine were lost that the driver was on: the update ends wherever it is. It may have ended by itself."""
    for lock in locks(there):
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(json.loads(lock.read_text())["pid"], signal.SIGKILL)


def proven(there: Place, slot: str) -> str:
    """For which step of which release a slot was proven last."""
    return str(there.one("apps/v1/deployments", f"dashboard-{slot}")["metadata"]["annotations"]["tidegate.dev/proven"])


def looked(there: Place) -> bool:
    """Whether the driver that goes on has begun to judge."""
    return f"  {'look':<11}  " in said(there)


def reached(there: Place, driver: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """Wait until the driver that goes on has come so far, or has ended elsewhere."""
    within(_LONGEST, lambda: condition() or driver.poll() is not None)
    assert condition(), said(there)


def test_services_are_released_together_and_back(there: Place) -> None:
    """Two services, one by steps that Prometheus is asked about, one at once; each step says what held; then a person takes both back."""
    steps = [{"weight": 50, "soak": "3s"}, {"weight": 100, "soak": "3s"}]
    with served(there) as (people, live):
        there.configure(shop(there, "together", steps, "together"))
        ended = verb(there, "release", "--yes", "--reason", "both are new")
        assert (ended["phase"], ended["left"]) == ("promoted", [])
        people.come_to("together")
        assert there.answers("mcp-manager") == "together"
        taken = release(there).taken
        assert [(one.kind, one.weight) for one in taken] == COURSE
        assert [one.kind for one in taken for gate in one.gates if gate.gate == "analysis"] == ["shift", "promote", "baked"]
        verb(there, "rollback", "--yes", "--reason", "both were better")
        people.come_to(live)
        assert within(PATIENCE, lambda: there.answers("mcp-manager") == live)
        assert "both were better" in str(release(there).reason)
    assert there.restarts() == 0


def test_a_bad_version_is_taken_back_by_itself(there: Place, record_property: Callable[[str, object], None]) -> None:
    """Its errors are the only ones; once it has been judged nobody gets there any more, and a plain update leaves it away."""
    teller, bad = Teller(), shop(there, _BAD, _SLOW)
    with users(there.node.gateway, f"www.{there.domain}") as people:
        (live,) = people.served()
        pods = there.pods(f"dashboard-{there.record('dashboard').live}")
        there.configure(bad)
        with Releases.open("dev", there.stack.folder, actor="tester", teller=teller) as releases:
            ended = releases.release(reason="a try")
        Warm.forget()
        assert (ended.code, ended.phase, ended.left) == (22, "aborted", ()), ended.text
        assert "error rate" in ended.text
        assert {*people.served()} == {live}
        assert set(people.failures()) <= {f"{kind}: 500 of {_BAD}" for kind in people.recordings}
        last = max(answer.done for answer in people.answers() if answer.version == _BAD)
    # For whoever wants to know: what a busy machine takes is no matter of right and wrong.
    record_property("seconds from the verdict to the last answer", round(last - teller.judged, 3))
    there.up(bad).well()
    assert (there.live("dashboard"), there.phase()) == (live, "aborted")
    assert there.pods(f"dashboard-{there.record('dashboard').live}") == pods


def test_a_person_takes_it_back_in_mid_shift(there: Place) -> None:
    """As soon as the first users move: whoever drives says by whom it was taken back, and why."""
    with served(there) as (people, live):
        there.configure(shop(there, "unwanted", _SLOW))
        slot = candidate(there)
        with running(there, "release", "--yes") as driver:
            reached(there, driver, lambda: there.weights()[slot] == 50)
            ended = verb(there, "abort", "--reason", "orders are lost", code=22)
            assert (ended["phase"], ended["left"]) == ("aborted", [])
            assert driver.wait(_LONGEST) == 22, said(there)
        assert "orders are lost" in said(there)
        assert {*people.served()} == {live}
        assert (there.live("dashboard"), there.phase(), there.weights()[slot]) == (live, "aborted", 0)


def test_a_driver_that_is_killed_at_each_step(there: Place) -> None:
    """Another goes on from where it was killed, to the end; then one is killed that takes it back, and another finishes that, too."""
    steps = [{"weight": 50, "soak": "2s"}, {"weight": 100, "soak": "2s"}]
    with served(there) as (people, live):
        there.configure(shop(there, "outlived", steps, bake="3s"))
        slot = candidate(there)

        def killed(*arguments: str, once: Callable[[], bool], engine: bool = False) -> None:
            with running(there, *arguments) as driver:
                reached(there, driver, once)
                driver.kill()
                assert driver.wait(PATIENCE) == -signal.SIGKILL, said(there)
                # The real engine's lock is given back by people alone, so it is left to end what it has begun.
                if engine and there.executable is None:
                    kill_engine(there)

        killed("release", "--yes", once=lambda: locks(there) != [])
        killed("release", "--yes", once=lambda: release(there).phase == "staged")
        killed("resume", once=lambda: there.weights()[slot] == 50)
        killed("resume", once=lambda: release(there).weight == 50 and looked(there))
        killed("resume", once=lambda: there.weights()[slot] == 100)
        killed("resume", once=lambda: there.selected("dashboard") == slot)
        killed("resume", once=lambda: release(there).phase == "promoted" and looked(there))
        assert verb(there, "resume")["phase"] == "promoted"
        people.come_to("outlived")
        assert [(one.kind, one.weight) for one in release(there).taken] == COURSE
        killed("rollback", "--yes", "--reason", "enough", once=lambda: there.weights()[slot] == 0, engine=True)
        verb(there, "resume", code=22)
        people.come_to(live)
        assert (there.live("dashboard"), release(there).kind) == (live, "rollback")
    assert there.restarts() == 0


def test_an_api_server_that_restarts_in_mid_shift(there: Place) -> None:
    """Before the route moves, and just after: the driver gets over it, and the release to its end."""
    steps = [{"weight": 50, "soak": "2s"}, {"weight": 100, "soak": "2s"}]
    with served(there) as (people, live):
        there.configure(shop(there, "steadfast", steps))
        slot = candidate(there)

        def restarted(driver: subprocess.Popen[str], once: Callable[[], bool]) -> None:
            reached(there, driver, once)
            there.node.kill("kube-apiserver")
            there.node.start("kube-apiserver")
            assert within(PATIENCE, there.api.is_ready)

        with running(there, "release", "--yes") as driver:
            restarted(driver, lambda: proven(there, slot) == f"{release(there).id}.1")
            restarted(driver, lambda: there.weights()[slot] == 100)
            assert driver.wait(_LONGEST) == 0, said(there)
        people.come_to("steadfast")
        verb(there, "rollback", "--yes", "--reason", "as it was")
        people.come_to(live)
    assert there.restarts() == 0
