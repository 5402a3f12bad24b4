"""What the users of other systems complain about, as far as a stack's updates can show it: none of it happens here.

The complaints that are about analysis and about other stacks are tested where those are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest

from tests.local.program.stack import DEPLOYMENTS, SPACE, USERS, changes, event, shop

if TYPE_CHECKING:
    from tests.local.program.stack import Place

V1, V2 = shop(), shop("v2", "v2")
C1, C2 = shop(canary=True), shop("v2", "v2", canary=True)
ABORT, PROMOTE = event("abort", reason="errors"), event("promote")
AUTOSCALERS: Final = "autoscaling/horizontalpodautoscalers"


def shift(weight: int) -> dict[str, Any]:
    """So much traffic."""
    return event("shift", weight=weight)


def served_by(*versions: str) -> dict[str, set[str]]:
    """All users are answered by these versions."""
    return {name: set(versions) for name in USERS}


def by_hand(there: Place, deployment: str, replicas: int) -> None:
    """What `kubectl scale` does."""
    url = f"{there.cluster.url}/apis/apps/v1/namespaces/{SPACE}/deployments/{deployment}/scale?fieldManager=kubectl-scale"
    headers = {"Content-Type": "application/merge-patch+json"}
    httpx.patch(url, json={"spec": {"replicas": replicas}}, headers=headers, timeout=10).raise_for_status()


def test_complaint_01_an_abort_brings_a_live_side_back_that_was_scaled_down(there: Place) -> None:
    """All traffic is on the candidate, and somebody has taken the live side's pods away: abort starts them, and then traffic returns."""
    there.install(C1)
    there.up(C2).well()
    there.up(C2, shift(100)).well()
    assert len(there.pods("web-blue")) == 2
    there.cluster.call(lambda: there.cluster.traffic.end_flow("web"))  # from inside, traffic is where the Service leads it
    there.answered()
    by_hand(there, "web-blue", 0)
    there.pass_time("5s")
    assert there.pods("web-blue") == set()
    there.up(C2, ABORT).well()
    assert len(there.pods("web-blue")) == 2
    assert there.serving()["host"] == {"v1"}


def test_complaint_02_the_older_spec_in_mid_release_finds_the_live_side_at_full_size(there: Place) -> None:
    """Applied again at 50%, all traffic goes back to pods that were never fewer."""
    there.install(C1)
    before = there.pods("web-blue")
    there.up(C2).well()
    there.up(C2, shift(50)).well()
    assert there.pods("web-blue") == before
    there.refused(shop("v3", "v2", canary=True), "something else for web", "[release-under-way]")
    assert there.serving()["host"] == {"v1", "v2"}
    there.up(C1).well()
    assert there.pods("web-blue") == before
    assert there.serving() == served_by("v1")
    there.settled(C1)


def test_complaint_03_flips_and_cleanups_lose_nothing(there: Place) -> None:
    """Proxies learn late: the old pods take requests until the last one knows, in the flip and when they are taken away."""
    there.install(V1)
    there.up(V2).well()
    there.up(V2, event("cleanup")).well()
    assert there.serving() == served_by("v2")
    there.unharmed()


def test_complaint_04_a_canary_in_flight_is_superseded_without_an_error(there: Place) -> None:
    """The release in flight goes back first; the new one begins when nobody is left on the old candidate."""
    newer = {**shop("v3", "v3", canary=True), "releases": {"supersede": "go-back"}}
    there.install(C1)
    there.up(C2).well()
    there.up(C2, shift(50)).well()
    assert "run the update again" in "\n".join(there.up(newer).well().messages)
    assert there.serving() == served_by("v1")
    there.up(newer).well()
    there.up(newer, shift(50)).well()
    assert there.serving()["host"] == {"v1", "v3"}


def test_complaint_05_an_abort_after_the_promotion_is_answered(there: Place) -> None:
    """It isn't ignored: it is refused with what to do instead, and the users' Service leads somewhere all along."""
    there.install(C1)
    there.up(C2).well()
    there.up(C2, shift(100)).well()
    there.up(C2, PROMOTE).well()
    there.refused(C2, "[already-promoted]", happens=ABORT)
    assert there.serving() == served_by("v2")
    before = there.pods("web-blue") | there.pods("api-blue")
    there.up(C2, event("rollback", reason="errors")).well()
    assert there.serving() == served_by("v1")
    assert there.pods("web-blue") | there.pods("api-blue") == before
    assert changes(there.up(C2).well()) == {}
    there.up(C1).well()
    there.settled(C1)


def scaled(version: str) -> dict[str, Any]:
    """The shop with a canary that scales by itself."""
    return shop(version, canary=True, more={"web": {"autoscaling": {"min": 2, "max": 4, "cpu": 70}}})


def test_complaint_06_each_side_has_an_autoscaler_of_its_own(there: Place) -> None:
    """The candidate grows with its share, and the live side doesn't shrink while all traffic may come back."""
    there.install(scaled("v1"))
    there.pass_time("2m")
    before = there.pods("web-blue")
    assert len(before) == 4
    there.up(scaled("v2")).well()
    seen = {"web": {"live": {"ready": 4, "wanted": 4}, "candidate": {"ready": 1, "wanted": 1}}}
    there.up(scaled("v2"), event("shift", weight=50, observed=seen)).well()
    there.pass_time("15m")
    bounds = {slot: there.get(AUTOSCALERS, f"web-{slot}")["spec"] for slot in ("blue", "green")}
    assert bounds["blue"]["behavior"]["scaleDown"]["selectPolicy"] == "Disabled"
    assert bounds["green"]["minReplicas"] == 2
    assert there.pods("web-blue") == before
    there.up(scaled("v2"), ABORT).well()
    assert there.serving()["host"] == {"v1"}


def test_complaint_08_configuration_goes_back_with_its_version(there: Place) -> None:
    """A candidate's settings are its own: neither its step nor its end changes what the live side reads."""

    def configured(version: str) -> dict[str, Any]:
        return shop(version, canary=True, more={"web": {"config": {"/etc/web/a.json": version}}})

    def read(slot: str) -> list[str]:
        pod = there.get(DEPLOYMENTS, slot)["spec"]["template"]["spec"]
        names = [volume["configMap"]["name"] for volume in pod["volumes"] if "configMap" in volume]
        return [text for name in names for text in there.get("/configmaps", name)["data"].values()]

    there.install(configured("v1"))
    there.up(configured("v2")).well()
    there.up(configured("v2"), shift(100)).well()
    assert (read("web-blue"), read("web-green")) == (["v1"], ["v2"])
    there.up(configured("v2"), PROMOTE).well()
    there.up(configured("v2"), event("rollback", reason="errors")).well()
    assert there.selected("web") == "blue"
    assert read("web-blue") == ["v1"]


def test_complaint_09_what_was_proven_is_what_becomes_live(there: Place) -> None:
    """The promotion starts no other pods in the candidate's place, so none of those can fail."""
    there.install(C1)
    there.up(C2).well()
    there.up(C2, shift(100)).well()
    proven = there.pods("web-green")
    there.up(C2, PROMOTE).well()
    assert there.pods("web-green") == proven
    assert len(there.pods("web-blue")) == 2


def test_complaint_11_no_way_leads_back_past_a_contract(there: Place) -> None:
    """Neither rollback nor an older intent puts a version on a schema that it can't run on."""

    def migrated(version: str, revision: str, *, contract: bool = False) -> dict[str, Any]:
        return shop(version, more={"web": {"migrations": {"revision": revision, "contract": contract}}})

    there.install(migrated("v1", "0001"))
    there.up(migrated("v2", "0002", contract=True)).well()
    there.refused(migrated("v1", "0001"), "[contract-migration]")
    there.refused(migrated("v2", "0002", contract=True), "[contract-migration]", happens=event("rollback", reason="errors"))
    there.up(migrated("v3", "0002", contract=True)).well()
    there.up(migrated("v2", "0002", contract=True)).well()
    assert there.serving() == {"web": {"v2"}, "host": {"v2"}, "api": {"v1"}}


@pytest.mark.parametrize("canary", [pytest.param(True, marks=pytest.mark.matrix), False], ids=["canary", "blue-green"])
def test_complaint_12_what_was_taken_back_stays_away(there: Place, *, canary: bool) -> None:
    """An update by a timer, with the intent that was taken back, brings nothing of it."""
    config = C2 if canary else V2
    there.install(C1 if canary else V1)
    there.up(config).well()
    there.up(config, ABORT if canary else event("rollback", reason="errors")).well()
    for _ in range(2):
        assert changes(there.up(config).well()) == {}
    assert there.serving() == served_by("v1")


def test_complaint_12_a_release_outlives_its_cluster(there: Place) -> None:
    """The cluster is lost in mid-release: what is made again stands where the release stood."""
    there.up(C1).well()
    there.up(C2).well()
    there.up(C2, shift(50)).well()
    delete = f"{there.cluster.url}/api/v1/namespaces/{SPACE}"
    httpx.delete(delete, timeout=10).raise_for_status()
    there.pass_time("2m")
    assert there.all(DEPLOYMENTS) == {}
    there.stack.refresh().well()
    there.up(C2).well()
    assert there.weights() == {"blue": 50, "green": 50}
    assert (len(there.pods("web-blue")), len(there.pods("web-green"))) == (2, 1)
    there.pass_time("2s")
    for name, url in USERS.items():
        there.users(name, url)
    assert there.serving()["host"] == {"v1", "v2"}
    there.up(C2, shift(100)).well()
    there.up(C2, PROMOTE).well()
    assert there.serving() == served_by("v2")


def test_complaint_13_services_are_released_together(there: Place) -> None:
    """Both or none: one that is bad keeps the other from going."""
    there.install(V1)
    there.up(shop("v2-broken", "v2")).failed("GET http://web-green.shop.svc/health: 500")
    assert there.serving() == served_by("v1")
    there.up(V2).well()
    assert there.serving() == served_by("v2")


def test_complaint_14_what_is_refused_is_refused_before_anything_changes(there: Place) -> None:
    """Nothing is written to the cluster or to the state by an update that can't be."""
    there.install(C1)
    there.refused(C2, "[no-release]", happens=shift(5))
    wrong = shop("v2")
    wrong["services"]["web"]["replicas"] = "two"
    there.refused(wrong, "tidegate:services.web.replicas")


def test_complaint_15_a_killed_update_leaves_nothing_pending(there: Place) -> None:
    """The engine dies while a Deployment is changed: the next update needs no repair, and leaves nothing behind."""
    there.install(V1)
    with there.dying(lambda r: (r.verb, r.resource, r.name) == ("apply", "deployments", "web-green"), handled=True):
        there.up(V2)
    there.up(V2).well()
    there.settled(V2)
    assert there.serving() == served_by("v2")
