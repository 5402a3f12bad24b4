"""Releases on real pods, with users all along: whatever is released, gone back from or refused, no request of theirs fails."""

from __future__ import annotations

import json
import math
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.program.stack import changes, event
from tests.node.ground import within
from tests.node.program import PATIENCE

if TYPE_CHECKING:
    from tests.node.program import Place

pytestmark = [pytest.mark.node, pytest.mark.timeout(600, func_only=True)]

NOW = "2026-11-21T12:00:00+00:00"
# As the example's images have it: whom each asks.
WHOLE = {
    "dashboard": (3000, ("agent-manager",)),
    "agent-manager": (3001, ("mcp-manager", "openai-service")),
    "mcp-manager": (3002, ()),
    "openai-service": (3003, ()),
    "system-monitor": (3004, ()),
}


def whole(there: Place, version: str) -> dict[str, Any]:
    """All five services of the example."""
    services = {
        name: {**there.service(name, version, port), "replicas": 1, "depends_on": list(called)} for name, (port, called) in WHOLE.items()
    }
    services["dashboard"]["traffic"] = {"kind": "gateway", "host": "www"}
    return there.intent(services)


def versions(answer: Any) -> set[str]:
    """The versions of all services that worked on an answer."""
    return {answer["version"]}.union(*(versions(one) for one in answer["calls"]))


@pytest.fixture(params=[None, "pulumi"], ids=["embedded", "real"])
def there(request: pytest.FixtureRequest, there: Place) -> Place:
    """Each journey is made by the embedded engine, and by the real CLI with its provider where they are."""
    if request.param is not None and not (shutil.which(request.param) and shutil.which("pulumi-resource-kubernetes")):
        pytest.skip("the real pulumi and its provider of Kubernetes aren't on PATH")
    there.executable = request.param
    return there


def test_the_whole_shop_by_the_command(there: Place) -> None:
    """Five services come up, are found unchanged, are released as one, and are gone again: each time by the command that people type."""

    def command(*arguments: str) -> str:
        done = there.command(*arguments, executable=there.executable)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    there.configure(whole(there, "v1"))
    assert "first installation of 5 services" in command("up", "--yes", "--skip-preview")
    assert versions(there.ask()) == {"v1"}
    with there.users() as people:
        command("preview", "--expect-no-changes")
        there.configure(whole(there, "v2"))
        command("up", "--yes", "--skip-preview")
        people.come_to("v2")
        assert versions(there.ask()) == {"v2"}
        assert json.loads(command("stack", "output", "ledger"))["release"]["phase"] == "promoted"
        command("up", "--yes", "--skip-preview", "--expect-no-changes")
    command("destroy", "--yes", "--skip-preview")
    assert there.get(f"/api/v1/namespaces/{there.space}") is None


def test_a_release_and_the_way_back(there: Place) -> None:
    """Up v1, again v1, up v2; the older intent brings back the very same pods; after a cleanup the newer one comes with new ones."""
    old, new = there.shop(), there.shop("v2", "v2")
    there.up(old).well()
    with there.users() as people:
        people.come_to("v1")
        assert changes(there.preview(old).well()) == {}
        there.settled(old)
        before = there.pods("dashboard-blue") | there.pods("mcp-manager-blue")
        there.up(new).well()
        people.come_to("v2")
        assert versions(there.ask()) == {"v2"}
        assert (there.weights(), there.selected("mcp-manager")) == ({"blue": 0, "green": 100}, "green")
        assert (there.live("dashboard"), there.phase()) == ("v2", "promoted")
        there.up(old).well()
        people.come_to("v1")
        assert within(PATIENCE, lambda: there.answers("mcp-manager") == "v1")
        assert there.pods("dashboard-blue") | there.pods("mcp-manager-blue") == before
        there.up(old, event("cleanup")).well()
        assert there.pods("dashboard-green") | there.pods("mcp-manager-green") == set()
        there.up(new).well()
        people.come_to("v2")
        there.settled(new)
    assert there.restarts() == 0


def test_settings_are_released_as_versions_are(there: Place) -> None:
    """A variable alone, then a secret alone: only the service that it is for gets new pods, and both come back with the older intent."""

    def settings(variable: str, secret: str) -> dict[str, Any]:
        more: dict[str, Any] = {
            "dashboard": {"env": {"SHOP_VERSION": variable, "SHOP_UPSTREAMS": "http://mcp-manager"}, "config": {"/etc/shop/a": variable}},
            "mcp-manager": {"secrets": ["manager"]},
        }
        return {**there.shop(more=more), "secrets": {"manager": {"required": ["SHOP_VERSION"], "values": {"SHOP_VERSION": secret}}}}

    there.up(settings("one", "first")).well()
    with there.users() as people:
        people.come_to("one")
        dashboard, manager = there.pods("dashboard-blue"), there.pods("mcp-manager-blue")
        there.up(settings("two", "first")).well()
        people.come_to("two")
        assert versions(there.ask()) == {"two", "first"}
        assert (there.selected("mcp-manager"), there.pods("mcp-manager-green")) == ("blue", set())
        there.settled(settings("two", "first"))
        there.up(settings("two", "second")).well()
        assert within(PATIENCE, lambda: there.answers("mcp-manager") == "second")
        assert there.weights() == {"blue": 0, "green": 100}
        there.settled(settings("two", "second"))
        assert "second" not in str(there.stack.outputs()["ledger"])
        there.up(settings("one", "first")).well()
        people.come_to("one")
        assert within(PATIENCE, lambda: there.answers("mcp-manager") == "first")
        assert (there.pods("dashboard-blue"), there.pods("mcp-manager-blue")) == (dashboard, manager)


def test_a_bad_version_moves_nobody(there: Place) -> None:
    """One answers its check badly, one ends as soon as it has started: updates say why, nobody moves, and a good version comes after."""
    old = there.shop()
    there.up(old).well()
    with there.users() as people:
        before = there.pods("dashboard-blue") | there.pods("mcp-manager-blue")

        def nobody_moved() -> None:
            assert (there.weights(), there.selected("mcp-manager")) == ({"blue": 100, "green": 0}, "blue")
            assert there.live("dashboard") == there.live("mcp-manager") == "v1"
            assert set(people.served()) == {"v1"}
            assert versions(there.ask()) == {"v1"}

        bad = there.shop("v2-errors", "v2", more={"dashboard": {"env": {"SHOP_ERROR_RATE": "1"}}})
        there.up(bad).failed("GET http://dashboard-green/api/version: 500, where 2xx was expected")
        nobody_moved()
        there.up(old).well()
        there.settled(old)
        assert there.pods("dashboard-green") | there.pods("mcp-manager-green") == set()
        crashing = {"mcp-manager": {"env": {"SHOP_CRASH_AFTER": "100ms"}, "ready_within": "15s"}}
        there.up(there.shop("v2", "v2-crash", more=crashing)).failed("mcp-manager-green", "exit code 2")
        nobody_moved()
        assert there.pods("dashboard-blue") | there.pods("mcp-manager-blue") == before
        good = there.shop("v2", "v2")
        there.up(good).well()
        people.come_to("v2")
        there.settled(good)


def test_a_canary_by_steps(there: Place) -> None:
    """Staged, tried by testers, 5, 50, 100 percent, promoted; the next one is aborted halfway, and stays away. No pod starts again."""
    tried = {"dashboard": {"traffic": {"kind": "gateway", "host": "www", "match": {"header": "X-Candidate", "value": "yes"}}}}
    first, second, third = (there.shop(v, v, canary=True, more=tried) for v in ("v1", "v2", "v2-slow"))
    there.up(first).well()
    with there.users() as people:
        people.come_to("v1")
        there.up(second).well()
        assert (there.phase(), there.weights()) == ("staged", {"blue": 100, "green": 0})
        assert there.ask("/api/version", **{"X-Candidate": "yes"})["version"] == "v2"
        assert set(people.served()) == {"v1"}
        there.settled(second)
        for weight in (5, 50, 100):
            there.up(second, event("shift", weight=weight)).well()
            assert there.weights() == {"blue": 100 - weight, "green": weight}
            answered = people.served(200)
            share = 100 * answered["v2"] / answered.total()
            # By chance, which goes further once in a million times.
            assert abs(share - weight) <= 5 * math.sqrt(weight * (100 - weight) / answered.total())
        there.settled(second)
        there.up(second, event("promote", at=NOW)).well()
        assert (there.phase(), there.live("dashboard"), there.selected("mcp-manager")) == ("promoted", "v2", "green")
        there.up(second, event("cleanup")).well()
        kept = there.pods("dashboard-green") | there.pods("mcp-manager-green")
        there.up(third).well()
        there.up(third, event("shift", weight=50)).well()
        people.come_to("v2", "v2-slow")
        there.up(third, event("abort", reason="too slow")).well()
        people.come_to("v2")
        assert (there.phase(), there.weights()) == ("aborted", {"blue": 0, "green": 100})
        assert changes(there.up(third).well()) == {}
        assert there.pods("dashboard-green") | there.pods("mcp-manager-green") == kept
    assert there.restarts() == 0


def test_a_candidate_gets_a_mirror_of_the_traffic(there: Place) -> None:
    """While it has no users it answers what they ask, and they see the live version's answers. With all users it has no mirror."""
    mirrored = {"dashboard": {"traffic": {"kind": "gateway", "host": "www", "mirror": 100}}}
    first, second = (there.shop(version, canary=True, more=mirrored) for version in ("v1", "v2"))
    there.up(first).well()
    with there.users() as people:
        people.come_to("v1")
        there.up(second).well()
        assert (there.phase(), there.weights()) == ("staged", {"blue": 100, "green": 0})
        before = there.taken("dashboard-green")
        answered = people.served(100)
        assert {*answered} == {"v1"}
        assert within(PATIENCE, lambda: there.taken("dashboard-green") - before >= answered.total())
        there.settled(second)
        there.up(second, event("shift", weight=100)).well()
        people.come_to("v2")
        assert "filters" not in there.one("gateway.networking.k8s.io/v1/httproutes", "dashboard")["spec"]["rules"][0]
        there.up(second, event("promote", at=NOW)).well()
        there.settled(second)
        assert {*people.served()} == {"v2"}
    assert there.restarts() == 0
