"""Releases by plain updates: what is up, what is released, what is gone back to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.local.program.stack import DEPLOYMENTS, USERS, changes, event, shop

if TYPE_CHECKING:
    from tests.local.program.stack import Place

V1, V2, V3 = shop(), shop("v2", "v2"), shop("v3", "v3")
CONFIGS, SECRETS, AUTOSCALERS = "/configmaps", "/secrets", "autoscaling/horizontalpodautoscalers"


def all_by(version: str) -> dict[str, set[str]]:
    """All users are answered by one version."""
    return {name: {version} for name in USERS}


def test_a_release_is_one_update(there: Place) -> None:
    """Up v1, up v2: all services flip in the update, users of all kinds are answered all along; the same again changes nothing."""
    there.install(V1)
    assert changes(there.preview(V1).well()) == {}
    before = there.pods("web-blue") | there.pods("api-blue")
    there.up(V2).well()
    assert {there.selected("web"), there.selected("api")} == {"green"}
    assert there.weights() == {"blue": 0, "green": 100}
    assert there.serving() == all_by("v2")
    assert there.pods("web-blue") | there.pods("api-blue") == before
    assert there.phase() == "promoted"
    assert changes(there.preview(V2).well()) == {}
    there.settled(V2)


def test_the_older_intent_goes_back(there: Place) -> None:
    """To the slot that was kept, at once and with the very same pods; after the cleanup too, with new ones."""
    there.install(V1)
    there.up(V2).well()
    before = {slot: there.pods(slot) for slot in ("web-blue", "web-green", "api-blue", "api-green")}
    there.up(V1).well()
    assert {slot: there.pods(slot) for slot in before} == before
    assert there.serving() == all_by("v1")
    there.settled(V1)
    there.up(V1, event("cleanup")).well()
    assert (there.pods("web-green"), there.pods("web-blue")) == (set(), before["web-blue"])
    assert there.phase() == "settled"
    there.settled(V1)
    there.up(V2).well()
    assert there.serving() == all_by("v2")
    there.up(V2, event("cleanup")).well()
    there.up(V1).well()
    assert there.serving() == all_by("v1")


def bad(version: str) -> Any:
    """Both services are new, and one of them is bad."""
    return shop(version, "v2", more={"web": {"ready_within": "1s"}} if "never" in version else None)


@pytest.mark.parametrize(
    ("version", "said"),
    [
        pytest.param("v2-broken", "GET http://web-green.shop.svc/health: 500", id="smoke"),
        pytest.param("v2-never-ready", "web-green", id="never ready", marks=pytest.mark.matrix),
    ],
)
def test_a_bad_version_moves_nobody(there: Place, version: str, said: str) -> None:
    """One of two services is bad: the update fails and says why, neither flips; then the older intent tidies up, or a good one comes."""
    there.install(V1)
    before = there.pods("web-blue") | there.pods("api-blue")
    there.up(bad(version)).failed(said)
    assert {there.selected("web"), there.selected("api")} == {"blue"}
    assert there.weights() == {"blue": 100, "green": 0}
    assert there.serving() == all_by("v1")
    assert there.live("api") == "v1"
    # The same again is tried again, and is as bad.
    there.up(bad(version)).failed(said)
    there.up(V1).well()
    there.settled(V1)
    assert there.pods("web-green") | there.pods("api-green") == set()
    there.up(bad(version)).failed(said)
    there.up(V3).well()
    assert there.serving() == all_by("v3")
    assert there.pods("web-blue") | there.pods("api-blue") == before
    there.settled(V3)


def configured(text: str) -> dict[str, Any]:
    """The shop with something in its configuration."""
    return shop(more={"web": {"config": {"/etc/web/a.json": text}, "env": {"LEVEL": text}}})


def keyed(text: str) -> dict[str, Any]:
    """The shop with a secret."""
    return {**shop(more={"web": {"secrets": ["keys"]}}), "secrets": {"keys": {"required": ["TOKEN"], "values": {"TOKEN": text}}}}


@pytest.mark.parametrize(
    "settings", [pytest.param(configured, id="configuration", marks=pytest.mark.matrix), pytest.param(keyed, id="secrets")]
)
def test_a_release_of_settings_alone(there: Place, settings: Any) -> None:
    """New settings come with new pods in the other slot, the old ones stay with theirs, and both go back together."""
    there.install(settings("one"))
    before = there.pods("web-blue"), there.pods("api-blue")
    there.up(settings("two")).well()
    assert (there.selected("web"), there.selected("api")) == ("green", "blue")
    assert (contents(there, "web-blue"), contents(there, "web-green")) == ({"one"}, {"two"})
    assert there.serving() == all_by("v1")
    there.settled(settings("two"))
    there.up(settings("one")).well()
    assert there.selected("web") == "blue"
    assert (contents(there, "web-blue"), contents(there, "web-green")) == ({"one"}, {"two"})
    assert (there.pods("web-blue"), there.pods("api-blue")) == before
    assert "two" not in str(there.stack.outputs()["ledger"])
    there.settled(settings("one"))


def contents(there: Place, slot: str) -> set[str]:
    """What the pods of a slot find in their settings."""
    import base64

    pod = there.get(DEPLOYMENTS, slot)["spec"]["template"]["spec"]
    files = [there.get(CONFIGS, v["configMap"]["name"]) for v in pod["volumes"] if "configMap" in v]
    keys = [there.get(SECRETS, source["secretRef"]["name"]) for source in pod["containers"][0].get("envFrom", [])]
    return {text for found in files for text in found["data"].values()} | {
        base64.b64decode(text).decode() for found in keys for text in found["data"].values()
    }


def test_a_service_is_added_and_removed(there: Place) -> None:
    """It comes while another is released, and goes with all that it had; nobody else notices."""
    more = {"extra": {"depends_on": ["api"]}}
    there.install(V1)
    there.up(shop("v2", more=more)).well()
    assert (there.live("web"), there.live("extra"), there.live("api")) == ("v2", "v1", "v1")
    there.users("extra", "http://extra.shop.svc/")
    assert there.serving() == {"web": {"v2"}, "host": {"v2"}, "api": {"v1"}, "extra": {"v1"}}
    there.settled(shop("v2", more=more))
    there.unharmed()
    there.cluster.call(lambda: there.cluster.traffic.end_flow("extra"))
    there.up(shop("v2")).well()
    assert [name for name in there.all(DEPLOYMENTS) if name.startswith("extra")] == []
    assert "extra" not in there.ledger.services
    there.settled(shop("v2"))


def test_a_service_is_renamed(there: Place) -> None:
    """Everything is made again under the new name; users of its host are led there when it is ready. With a change in it: refused."""
    config = shop("v2")
    web = config["services"].pop("web")
    there.install(V1, host=USERS["host"], api=USERS["api"])
    there.up(shop("v2")).well()
    there.refused({**config, "services": {**config["services"], "front": {**web, "version": "v3", "renamed_from": "web"}}}, "[renamed-and-")
    there.up(shop("v2")).well()
    there.settled(shop("v2"))
    renamed = {**config, "services": {**config["services"], "front": {**web, "renamed_from": "web"}}}
    there.up(renamed).well()
    assert there.serving() == {"host": {"v2"}, "api": {"v1"}}
    assert [name for name in there.all(DEPLOYMENTS) if name.startswith("web")] == []
    there.settled(renamed)
    released = {**config, "services": {**config["services"], "front": {**web, "version": "v3", "renamed_from": "web"}}}
    there.up(released).well()
    assert there.serving() == {"host": {"v3"}, "api": {"v1"}}


def test_more_pods_are_no_release(there: Place) -> None:
    """Another number of replicas changes the live slot in place; no slot flips."""
    there.install(V1)
    before = there.pods("web-blue")
    there.up(shop(more={"web": {"replicas": 3}})).well()
    assert before < there.pods("web-blue")
    assert len(there.pods("web-blue")) == 3
    assert (there.selected("web"), there.ledger.releases) == ("blue", 1)
    there.settled(shop(more={"web": {"replicas": 3}}))


def scaled(version: str) -> dict[str, Any]:
    """The shop with a service that scales by itself."""
    return shop(version, more={"web": {"autoscaling": {"min": 2, "max": 4, "cpu": 70}}})


def test_a_release_of_a_service_that_scales_by_itself(there: Place) -> None:
    """The candidate starts with as many pods as it may need, the old slot keeps those that it has grown to."""
    there.install(scaled("v1"))
    there.pass_time("2m")
    assert len(there.pods("web-blue")) == 4
    there.up(scaled("v2")).well()
    assert len(there.pods("web-green")) == 4
    there.pass_time("10m")
    old = there.get(AUTOSCALERS, "web-blue")["spec"]
    assert (old["minReplicas"], old["maxReplicas"], old["behavior"]["scaleDown"]["selectPolicy"]) == (2, 4, "Disabled")
    assert len(there.pods("web-blue")) == 4
    there.settled(scaled("v2"))
    there.up(scaled("v1")).well()
    assert there.serving()["web"] == {"v1"}
    there.up(scaled("v1"), event("cleanup")).well()
    assert there.pods("web-green") == set()
    there.settled(scaled("v1"))


def test_a_preview_says_what_will_happen(there: Place) -> None:
    """In words, and without doing it."""
    there.install(V1)
    preview = there.preview(V2).well()
    assert "release r2-" in "\n".join(preview.messages)
    assert "web: green comes up with v2 and 2 pods" in "\n".join(preview.messages)
    assert changes(preview)
    assert there.serving() == all_by("v1")
