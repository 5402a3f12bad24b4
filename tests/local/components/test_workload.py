"""The slots of a service on a cluster: what is staged beside what serves, how it is proven, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.local.components.shop import SMOKE, Position, intent_of, service, shop
from tidegate.model.intent.secrets import External, SecretSet
from tidegate.model.intent.service import Autoscaling, Check, Checks, Container

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from embedded.cluster.model.objects import Obj
    from tests.local.components.shop import Shop
    from tidegate.model.intent.intent import Intent

DEPLOYMENTS, CONFIGS, SECRETS = "apps/deployments", "/configmaps", "/secrets"
AUTOSCALERS: Final = "autoscaling/horizontalpodautoscalers"
STORE: Final = {"metadata": {"name": "vault"}, "spec": {"provider": {"vault": {"server": "https://vault.example"}}}}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Shop]:
    """A cluster and an empty stack."""
    with shop(tmp_path) as made:
        yield made


def template(there: Shop, slot: str) -> Obj:
    """The template of a slot's pods."""
    found: Obj = there.get(DEPLOYMENTS, f"web-{slot}")["spec"]["template"]
    return found


def pods_of(there: Shop, slot: str) -> set[str]:
    """The names of a slot's pods."""
    return {name for name, pod in there.all("/pods").items() if pod["metadata"]["labels"].get("tidegate.dev/slot") == slot}


def test_a_release_by_flipping_loses_nothing_and_restarts_nothing(there: Shop) -> None:
    """Install, release, the same again, and back: users are always answered, and what serves is never touched."""
    first = Position.installed(intent_of(service(checks=SMOKE)))
    there.up(first).well()
    assert (there.ready("blue"), there.ready("green")) == (3, 0)
    assert there.up(first).well().changes == {}
    there.users()
    before = pods_of(there, "blue")
    second = first.staged(intent_of(service("2.0", checks=SMOKE)), "r2").flipped()
    there.up(second).well()
    assert (there.ready("blue"), there.ready("green")) == (3, 3)
    assert pods_of(there, "blue") == before
    assert there.up(second).well().changes == {}
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0", "2.0"}
    there.users()
    there.up(second.flipped()).well()
    assert pods_of(there, "blue") == before
    there.pass_time("2s")
    there.users()
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0"}


def test_a_slot_is_emptied_and_started_again(there: Shop) -> None:
    """Without pods a slot keeps what it was; started again it is looked at again before users come."""
    first = Position.installed(intent_of(service(checks=SMOKE)))
    second = first.staged(intent_of(service("2.0", checks=SMOKE)), "r2").flipped()
    there.up(first).well()
    there.up(second).well()
    there.users()
    there.up(second.sized("blue", 0)).well()
    assert pods_of(there, "blue") == set() or there.ready("blue") == 0
    assert there.get("batch/jobs", "web-blue-smoke")["spec"]["suspend"]
    there.up(second.sized("blue", 3).flipped()).well()
    assert there.ready("blue") == 3
    assert there.get("batch/jobs", "web-blue-smoke")["status"]["succeeded"] == 1
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0", "2.0"}


@pytest.mark.parametrize(
    ("version", "check", "said"),
    [
        pytest.param(
            "2.0-broken", Check(paths=("/health",), timeout="20s", retries=0), "GET http://web-green.shop.svc/health: 500", id="paths"
        ),
        pytest.param(
            "2.0-broken",
            Check(image="checks", command=("check",), timeout="20s", retries=0),
            "GET http://web-green.shop.svc/: 500",
            id="image",
            marks=pytest.mark.matrix,
        ),
        pytest.param("2.0", Check(image="checks:missing", command=("check",), timeout="20s", retries=0), "DeadlineExceeded", id="no image"),
    ],
)
def test_a_failing_smoke_check_moves_nobody(there: Shop, version: str, check: Check, said: str) -> None:
    """The update fails with the log's last lines, users stay, and the next update with something better goes through."""
    first = Position.installed(intent_of(service(checks=SMOKE)))
    there.up(first).well()
    there.users()
    bad = first.staged(intent_of(service(version, checks=Checks(smoke=check))), "r2").flipped()
    there.up(bad).failed(said)
    assert there.get("/services", "web")["spec"]["selector"]["tidegate.dev/slot"] == "blue"
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0"}
    # The same again runs the check again.
    failed = there.get("batch/jobs", "web-green-smoke")["metadata"]["uid"]
    there.up(bad).failed(said)
    assert there.get("batch/jobs", "web-green-smoke")["metadata"]["uid"] != failed
    there.up(first.staged(intent_of(service("2.1", checks=SMOKE)), "r3").flipped()).well()
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0", "2.1"}


def test_a_candidate_that_never_gets_ready_moves_nobody(there: Shop) -> None:
    """The update ends in its time; the older intent goes back to what was, and finds all that it needs."""
    config = {"/etc/web/settings.json": "{}"}
    first = Position.installed(intent_of(service(config=config)))
    there.up(first).well()
    there.users()
    bad = first.staged(intent_of(service("2.0-never-ready", config={"/etc/web/settings.json": "{1}"}, ready_within="2s")), "r2").flipped()
    there.up(bad).failed("web-green")
    there.up(first).well()
    assert there.up(first).well().changes == {}
    assert len([name for name in there.all(CONFIGS) if name.startswith("web-green-config")]) == 1
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0"}


def settings(there: Shop, slot: str) -> list[str]:
    """What a slot's pods find in their ConfigMap and Secret."""
    pod = template(there, slot)["spec"]
    volumes = [v["configMap"]["name"] for v in pod.get("volumes", []) if "configMap" in v]
    sources = [source["secretRef"]["name"] for source in pod["containers"][0].get("envFrom", [])]
    found = [there.get(CONFIGS, name) for name in volumes] + [there.get(SECRETS, name) for name in sources]
    return [text for obj in found for text in obj["data"].values()]


def test_a_configuration_goes_with_its_slot(there: Shop) -> None:
    """A release of configuration alone: the candidate has the new one, the live one keeps its own, and so it is after going back."""
    first = Position.installed(intent_of(service(config={"/etc/web/a.json": "1"})))
    there.up(first).well()
    there.users()
    second = first.staged(intent_of(service(config={"/etc/web/a.json": "2"})), "r2").flipped()
    there.up(second).well()
    assert [settings(there, slot) for slot in ("blue", "green")] == [["1"], ["2"]]
    there.up(second.flipped()).well()
    assert [settings(there, slot) for slot in ("blue", "green")] == [["1"], ["2"]]
    assert len([name for name in there.all(CONFIGS) if name.startswith("web-")]) == 2
    there.pass_time("2s")
    there.fared()


def test_secrets_go_with_their_slot_and_are_seen_nowhere(there: Shop) -> None:
    """A release of secrets alone; their values are in the slots' Secrets, and neither in messages nor in the state."""
    first = Position.installed(intent_of(service(secrets=("keys",)), keys=SecretSet(required=("api-key",), values={"api-key": "hush-1"})))
    second = first.staged(
        intent_of(service(secrets=("keys",)), keys=SecretSet(required=("api-key",), values={"api-key": "hush-2"})), "r2"
    ).flipped()
    for position in (first, second):
        told = there.up(position).well()
        assert "hush" not in " ".join(map(str, told.told))
    assert [settings(there, slot) for slot in ("blue", "green")] == [["aHVzaC0x"], ["aHVzaC0y"]]
    for file in (there.stack.folder / "backend").rglob("*"):
        if file.is_file():
            text = file.read_text(errors="replace")
            assert "hush" not in text, file
            assert "aHVzaC" not in text, file


def test_secrets_of_a_store_outside_go_with_their_slot(there: Shop) -> None:
    """Each slot has the version that it was staged with; the live one keeps it even where the intent takes its secrets elsewhere."""

    def external(version: str) -> Intent:
        keys = SecretSet(required=("api-key", "JWT_SECRET"), external=External(store="vault", path="shop/web", version=version))
        return intent_of(service(secrets=("keys",)), keys=keys)

    there.create("/apis/external-secrets.io/v1/clustersecretstores", STORE)
    first = Position.installed(external("1"))
    there.up(first).well()
    there.users()
    second = first.staged(external("2"), "r2").flipped()
    there.up(second).well()
    found = {slot: template(there, slot)["spec"]["containers"][0]["envFrom"][0]["secretRef"]["name"] for slot in ("blue", "green")}
    assert all({*there.get(SECRETS, name)["data"]} == {"API_KEY", "JWT_SECRET"} for name in found.values())
    own = SecretSet(required=("api-key", "JWT_SECRET"), values={"api-key": "a", "JWT_SECRET": "b"})
    third = second.staged(intent_of(service(secrets=("keys",)), keys=own), "r3")
    there.up(third).well()
    assert sorted(settings(there, "blue")) == ["YQ==", "Yg=="]
    assert found["green"] in there.all(SECRETS)
    assert found["blue"] not in there.all(SECRETS)
    there.pass_time("2s")
    there.fared()


def autoscaled(version: str = "1.0", **more: Any) -> Intent:
    """An intent of a service whose size follows how busy it is."""
    return intent_of(service(version, autoscaling=Autoscaling(min=2, max=8, cpu=70), **more))


def bounds(least: int, *, hold: bool = False) -> dict[str, Any]:
    """What the planner says of an autoscaler."""
    return {"min": least, "max": 8, "hold": hold}


def test_an_autoscaled_service_has_its_size_before_users_come(there: Shop) -> None:
    """A candidate is as big as it must be before anything flips; the live slot is never made smaller; both follow their bounds."""
    first = Position.installed(autoscaled(), 2, bounds(2))
    there.up(first).well()
    assert there.ready("blue") == 2
    there.users(rate=20)
    held = first.sized("blue", 2, bounds(2, hold=True))
    second = held.staged(autoscaled("2.0"), "r2", 6, bounds(6)).flipped()
    there.up(second).well()
    assert there.ready("green") == 6
    assert there.get(AUTOSCALERS, "web-blue")["spec"]["behavior"]["scaleDown"]["selectPolicy"] == "Disabled"
    settled = second.sized("blue", 0, bounds(2)).sized("green", 6, bounds(2))
    there.up(settled).well()
    there.pass_time("10m")
    assert (there.ready("blue"), there.ready("green")) == (0, 2)
    assert there.up(settled).well().changes == {}
    there.up(settled.sized("blue", 4, bounds(4)).flipped()).well()
    assert there.ready("blue") == 4
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0", "2.0"}


def test_proving_the_live_slot_anew_keeps_what_the_autoscaler_found(there: Shop) -> None:
    """A slot that has grown under its users is proven for taking more of them without losing a pod."""
    first = Position.installed(autoscaled(), 2, bounds(2))
    there.up(first).well()
    there.users(rate=200)
    there.pass_time("5m")
    grown = there.ready("blue")
    assert grown > 2
    before = pods_of(there, "blue")
    again = replace(first, slots={**first.slots, "blue": replace(first.slots["blue"], proven="r2.1")})
    there.up(again).well()
    assert pods_of(there, "blue") >= before
    there.fared()


def test_an_autoscaler_comes_and_goes_with_releases(there: Shop) -> None:
    """A slot whose size was fixed stays so, and one that was scaled keeps its pods, until the next version takes over."""
    first = Position.installed(intent_of(service()))
    there.up(first).well()
    there.users(rate=20)
    pinned = first.sized("blue", 3, bounds(2)).sized("green", 0, bounds(2))
    scaled = pinned.staged(autoscaled("2.0"), "r2", 4, bounds(4)).flipped()
    there.up(scaled).well()
    there.pass_time("10m")
    assert (there.ready("blue"), there.ready("green")) == (3, 4)
    fixed = scaled.sized("green", 4).staged(intent_of(service("3.0")), "r3").flipped()
    there.up(fixed).well()
    assert (there.ready("blue"), there.ready("green")) == (3, 4)
    assert there.all(AUTOSCALERS) == {}
    there.up(fixed.sized("green", 0)).well()
    assert there.ready("green") == 0
    there.pass_time("2s")
    assert there.fared().keys() == {"1.0", "2.0", "3.0"}


def test_a_kept_slot_takes_the_next_version(there: Shop) -> None:
    """The slot of the version before is still full when the next one comes into it; then the one that serves is left alone."""
    first = Position.installed(intent_of(service(checks=SMOKE)))
    second = first.staged(intent_of(service("2.0", checks=SMOKE)), "r2").flipped()
    there.up(first).well()
    there.up(second).well()
    there.users()
    before = pods_of(there, "green")
    there.up(second.staged(intent_of(service("3.0", checks=SMOKE)), "r3").flipped()).well()
    assert pods_of(there, "green") == before
    there.pass_time("2s")
    assert there.fared().keys() == {"2.0", "3.0"}


def test_nodes_can_be_emptied_one_pod_at_a_time(there: Shop) -> None:
    """The budget of a slot lets one pod go, and no second one before there is another; an empty slot keeps nobody."""
    there.up(Position.installed(intent_of(service()))).well()
    full, empty = (there.get("policy/poddisruptionbudgets", f"web-{slot}") for slot in ("blue", "green"))
    assert (full["status"]["disruptionsAllowed"], full["status"]["desiredHealthy"]) == (1, 2)
    assert (empty["spec"]["minAvailable"], empty["spec"]["unhealthyPodEvictionPolicy"]) == (0, "AlwaysAllow")


def test_what_is_beside_the_service_runs_with_it(there: Shop) -> None:
    """Sidecars are there before all else and stay, what comes before runs to its end; and the pods keep to what the namespace asks."""
    wanted = service(
        init={"wait": Container(image="busybox:1", command=("true",))},
        sidecars={"proxy": Container(image="proxy:1", env={"COST": "5$"})},
        writable=("/tmp", "/var/cache"),
    )
    there.up(Position.installed(intent_of(wanted))).well()
    proxy, wait = template(there, "blue")["spec"]["initContainers"]
    assert (proxy["name"], proxy["restartPolicy"], proxy["env"]) == ("proxy", "Always", [{"name": "COST", "value": "5$$"}])
    assert (wait["name"], "restartPolicy" in wait) == ("wait", False)
    assert there.ready("blue") == 3


def test_an_operator_finds_the_metrics(there: Shop) -> None:
    """Each slot has a ServiceMonitor that its Prometheus picks, for the slot's own Service and nothing else."""
    there.up(Position.installed(intent_of(service()))).well()
    monitor = there.get("monitoring.coreos.com/servicemonitors", "web-blue")
    assert monitor["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    chosen = monitor["spec"]["selector"]["matchLabels"].items()
    assert [name for name, found in there.all("/services").items() if chosen <= found["metadata"]["labels"].items()] == ["web-blue"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
    assert [r["targetLabel"] for r in endpoint["relabelings"]] == ["service", "slot", "version"]
