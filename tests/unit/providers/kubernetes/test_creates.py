"""Create: once, whatever happens to the answers; awaited; and in a preview only tried."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.ports import PartialFailureError, ProviderError
from embedded.engine.model.values import UNKNOWN, Secret
from embedded.providers.kubernetes import making
from tests.unit.providers.kubernetes.awaiting import fakes as virtual
from tests.unit.providers.kubernetes.conftest import KUBECONFIG, PROVIDER
from tests.unit.providers.kubernetes.fakeapi import NOW, status

if TYPE_CHECKING:
    from embedded.engine.model.ports import Created
    from tests.unit.providers.kubernetes.conftest import Rig
    from tests.unit.providers.kubernetes.fakeapi import Fault, Request

URN = "urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMap::c"
MAPS = "/api/v1/namespaces/shop/configmaps"
PATH = f"{MAPS}/c"
# As long as they are; elsewhere in these tests there are none.
PAUSES = making._PAUSES
NEWS: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"a": "1"}}


def create(rig: Rig, news: dict[str, Any] = NEWS, urn: str = URN, *, preview: bool = False, **config: Any) -> Created:
    """Create the resource."""
    return rig.run(rig.provider.create(urn, news, 0, preview=preview), **config)


def test_a_create_is_one_post(rig: Rig) -> None:
    """Id, outputs and notes are those of Pulumi's own provider."""
    made = create(rig)
    assert made.id == "shop/c"
    assert made.outputs["data"] == {"a": "1"}
    assert made.outputs["metadata"]["uid"]
    assert made.outputs["__inputs"] == NEWS
    assert made.outputs["__initialApiVersion"] == "v1"
    assert made.outputs["__fieldManager"].startswith("pulumi-kubernetes-")
    assert rig.api.asked() == [f"POST {MAPS}"]
    assert rig.api.requests[-1].params == {"fieldManager": "pulumi-kubernetes"}


@pytest.mark.parametrize(
    "faults", [[429, "refused"], ["lost"], ["dropped"], [500, 503], ["dropped", "lost"], ["lost", 500], [504, 429, "lost"]]
)
def test_an_object_is_created_once(rig: Rig, faults: list[Fault]) -> None:
    """However answers are lost, there is one object in the end, and the resource has its uid."""
    rig.api.faults["POST"] = faults
    made = create(rig)
    assert made.outputs["metadata"]["uid"] == rig.api.objects[PATH]["metadata"]["uid"]
    assert rig.api.version == 3, "one object besides the two namespaces"


@pytest.mark.parametrize(
    ("found", "manager", "created"),
    [
        ({"a": "2"}, "pulumi-kubernetes", NOW),
        ({"a": "1"}, "somebody", NOW),
        ({"a": "1"}, "pulumi-kubernetes", "2025-12-31T23:59:59Z"),
    ],
    ids=["another content", "another manager", "made before"],
)
def test_what_is_somebody_elses_is_not_taken(rig: Rig, found: dict[str, str], manager: str, created: str) -> None:
    """After a lost answer, an object of that name that isn't what was sent is left alone, and said to be there."""
    rig.api.add(PATH, {**NEWS, "data": found}, manager=manager, created=created)
    rig.api.faults["POST"] = ["dropped"]
    with pytest.raises(ProviderError, match=r"there is an object of that name, created at .*, which isn't the one that was sent"):
        create(rig)


def test_what_cannot_be_found_out_is_remembered(rig: Rig) -> None:
    """When nothing answers after the create, the state keeps the resource with its inputs, and the next update makes it."""
    rig.api.faults = {"POST": ["dropped"], "GET": ["refused"] * 7}
    with pytest.raises(PartialFailureError, match=r"it is not known whether resource .* was created") as raised:
        create(rig)
    left = raised.value
    assert left.id == "shop/c"
    assert left.outputs["__inputs"] == NEWS
    outputs = rig.run(rig.provider.update(URN, left.id, NEWS, left.outputs, NEWS, 0, [], preview=False))
    assert outputs["metadata"]["uid"]
    assert rig.api.asked("POST") == [f"POST {MAPS}"] * 2


def test_what_was_remembered_and_is_there_is_updated(rig: Rig) -> None:
    """When the create did come through, the next update finds its object and makes no other."""
    rig.api.faults = {"POST": ["lost"], "GET": ["refused"] * 7}
    with pytest.raises(PartialFailureError) as raised:
        create(rig)
    left = raised.value
    rig.run(rig.provider.update(URN, left.id, NEWS, left.outputs, NEWS, 0, [], preview=False))
    assert rig.api.asked("POST") == [f"POST {MAPS}"]
    assert list(rig.api.objects).count(PATH) == 1


def test_a_namespace_that_comes_late_is_waited_for(rig: Rig) -> None:
    """Something else of the program may be about to make the namespace; what is waited for is said."""
    space = rig.api.objects.pop("/api/v1/namespaces/shop")

    def answer(_: Request) -> tuple[int, dict[str, Any]]:
        if len(rig.api.asked("POST")) < 3:
            return 404, status(404, "NotFound", 'namespaces "shop" not found', kind="namespaces")
        rig.api.objects["/api/v1/namespaces/shop"] = space
        del rig.api.answers[MAPS]
        return 404, status(404, "NotFound", 'namespaces "shop" not found', kind="namespaces")

    rig.api.answers[MAPS] = answer
    assert create(rig).id == "shop/c"
    assert [m for _, m in rig.said if m] == [f'Retry #{n}; creation failed: namespaces "shop" not found' for n in range(3)]


def test_a_cancelled_create_waits_for_nothing(rig: Rig) -> None:
    """Who cancels gets the error of the moment."""
    del rig.api.objects["/api/v1/namespaces/shop"]

    async def main() -> None:
        await rig.provider.cancel()
        await rig.provider.create(URN, NEWS, 0, preview=False)

    with pytest.raises(ProviderError, match='namespaces "shop" not found'):
        rig.run(main())
    assert rig.api.asked("POST") == [f"POST {MAPS}"]


def test_a_kind_that_nobody_serves_is_named(rig: Rig) -> None:
    """Without its definition a custom resource can't be created; the error says what is missing."""
    news = {**NEWS, "apiVersion": "example.org/v1", "kind": "Thing"}
    rig.api.answers["/apis/example.org/v1"] = lambda _: (404, status(404, "NotFound", "the server could not find the requested resource"))
    with pytest.raises(ProviderError, match=r'kind example.org/v1/Thing failed .* CustomResourceDefinition .*no matches for kind "Thing"'):
        create(rig, news, "urn:pulumi:dev::shop::kubernetes:example.org/v1:Thing::t")


@pytest.mark.parametrize(("served_after", "tries"), [(None, 6), (3, 4)], ids=["never", "in time"])
def test_a_kind_that_may_come_is_waited_for_some_seconds(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, served_after: int | None, tries: int
) -> None:
    """Its definition may just have been created: six tries in eight seconds, the last of which is the error."""
    monkeypatch.setattr(making, "_PAUSES", PAUSES)
    news = {**NEWS, "apiVersion": "example.org/v1", "kind": "Thing"}
    asked: list[float] = []

    def discovery(_: Request) -> tuple[int, dict[str, Any]]:
        asked.append(asyncio.get_running_loop().time())
        if served_after is None or len(asked) <= served_after:
            return 404, status(404, "NotFound", "the server could not find the requested resource")
        return 200, {"resources": [{"kind": "Thing", "name": "things", "namespaced": True}]}

    async def main() -> str:
        await rig.provider.configure(PROVIDER, "id", {"kubeconfig": KUBECONFIG})
        return (await rig.provider.create("urn:pulumi:dev::shop::kubernetes:example.org/v1:Thing::t", news, 0, preview=False)).id

    rig.api.answers["/apis/example.org/v1"] = discovery
    if served_after is None:
        with pytest.raises(ProviderError, match="CustomResourceDefinition"):
            virtual.run(main())
        assert asked[-1] - asked[0] == pytest.approx(7.75)
    else:
        rig.api.answers["/apis/example.org/v1/namespaces/shop/things"] = lambda r: (201, {**r.body})
        rig.api.answers["/apis/example.org/v1/namespaces/shop/things/c"] = lambda _: (200, news)
        assert virtual.run(main()) == "shop/c"
    assert len(asked) == tries
    assert [text.partition(";")[0] for _, text in rig.said if text.startswith("Retry")] == [
        f"Retry #{n}" for n in range(served_after or tries)
    ]


@pytest.mark.parametrize(
    ("code", "reason", "message"),
    [
        (403, "Forbidden", 'configmaps is forbidden: User "u" cannot create resource "configmaps"'),
        (409, "AlreadyExists", 'configmaps "c" already exists'),
        (422, "Invalid", 'ConfigMap "c" is invalid: metadata.labels: Invalid value: "-"'),
    ],
)
def test_a_refusal_says_which_resource_and_why(rig: Rig, code: int, reason: str, message: str) -> None:
    """The server's own words, behind the resource's URN; nothing is kept, for nothing is there."""
    rig.api.answers[MAPS] = lambda _: (code, status(code, reason, message))
    with pytest.raises(ProviderError) as raised:
        create(rig)
    assert str(raised.value).startswith(f'resource "{URN}" was not successfully created by the Kubernetes API server: {message}')
    assert ("import" in str(raised.value)) == (code == 409)


@pytest.mark.parametrize(
    ("code", "reason", "details", "advice"),
    [
        (401, "Unauthorized", {}, "renew them"),
        (403, "Forbidden", {}, "kubectl auth can-i"),
        (403, "Forbidden", {"causes": [{"reason": "NamespaceTerminating"}]}, "is being deleted. Wait until it is gone"),
        (404, "NotFound", {"kind": "namespaces"}, "The namespace must be there first"),
        (422, "Invalid", {}, ""),
    ],
)
def test_a_refusal_says_what_to_do(rig: Rig, code: int, reason: str, details: dict[str, Any], advice: str) -> None:
    """After a blank line, where the server's own words leave one wondering."""
    rig.api.answers[MAPS] = lambda _: (code, status(code, reason, "no", **details))
    with pytest.raises(ProviderError) as raised:
        create(rig)
    assert advice in str(raised.value)
    assert len(str(raised.value).splitlines()) == (3 if advice else 1)


def test_an_error_does_not_tell_a_secret(rig: Rig) -> None:
    """Servers quote what they refuse."""
    news = {**NEWS, "data": {"a": Secret("hush-hush")}}
    rig.api.answers[MAPS] = lambda _: (422, status(422, "Invalid", 'data.a: Invalid value: "hush-hush"'))
    with pytest.raises(ProviderError, match=r'Invalid value: "\[secret\]"'):
        create(rig, news)
    assert not [m for _, m in rig.said if "hush" in m]


def test_a_preview_asks_the_server_and_changes_nothing(rig: Rig) -> None:
    """A dry run gives what the server would make of it; a status would be of an object that isn't there."""
    made = create(rig, preview=True)
    assert (made.id, made.outputs["metadata"]["uid"]) == ("", "dry")
    assert "status" not in made.outputs
    assert PATH not in rig.api.objects


@pytest.mark.parametrize(
    "news",
    [
        {**NEWS, "data": {"a": UNKNOWN}},
        {**NEWS, "metadata": {"name": "c", "namespace": UNKNOWN}},
        {**NEWS, "metadata": {"name": "c", "namespace": "later"}},
        {**NEWS, "apiVersion": "example.org/v1", "kind": "Thing"},
    ],
    ids=["unknown value", "unknown namespace", "no such namespace", "no such kind"],
)
def test_a_preview_that_the_server_cannot_judge_echoes_the_inputs(rig: Rig, news: dict[str, Any]) -> None:
    """What isn't known, or isn't there yet, doesn't fail a preview."""
    assert create(rig, news, preview=True).outputs is news


def test_a_preview_asks_once_about_a_missing_namespace(rig: Rig) -> None:
    """A thousand objects of a namespace that doesn't exist yet cost one request."""
    news = {**NEWS, "metadata": {"name": "c", "namespace": "later"}}

    async def main() -> None:
        for _ in range(3):
            await rig.provider.create(URN, news, 0, preview=True)

    rig.run(main())
    assert rig.api.asked("POST") == ["POST /api/v1/namespaces/later/configmaps"]


@pytest.mark.parametrize("code", [403, 409])
def test_a_preview_that_may_not_ask_echoes_the_inputs(rig: Rig, code: int) -> None:
    """A user without rights, or an object that will have been replaced by then, is no failure of a preview."""
    reason = {403: "Forbidden", 409: "AlreadyExists"}[code]
    rig.api.answers[MAPS] = lambda _: (code, status(code, reason, "no"))
    assert create(rig, preview=True).outputs is NEWS


def test_a_preview_shows_what_the_server_would_refuse(rig: Rig) -> None:
    """An invalid object fails in the preview already."""
    rig.api.answers[MAPS] = lambda _: (422, status(422, "Invalid", "data: bad"))
    with pytest.raises(ProviderError, match="data: bad"):
        create(rig, preview=True)


def test_a_preview_without_a_cluster_echoes_the_inputs(rig: Rig) -> None:
    """An API server that isn't up yet is no failure of a preview, but one of an update."""
    rig.api.answers["/api/v1"] = lambda _: (503, status(503, "ServiceUnavailable", "not yet"))
    rig.api.faults["POST"] = ["refused"] * 9
    del rig.api.answers["/api/v1"]
    assert create(rig, preview=True).outputs is NEWS
    rig.api.faults["POST"] = ["refused"] * 9
    with pytest.raises(ProviderError, match="no answer from the Kubernetes API server"):
        create(rig)


def test_a_preview_says_once_that_nothing_was_checked(rig: Rig) -> None:
    """Who previews without access to the cluster sees the program's inputs, and a warning."""

    async def both() -> None:
        rig.api.faults["POST"] = ["refused"] * 9
        await rig.provider.create(URN, NEWS, 0, preview=True)
        await rig.provider.create(URN, NEWS, 0, preview=True)

    rig.run(both())
    (said,) = [text for severity, text in rig.said if severity == "warning"]
    assert "the cluster can't be reached, so what is previewed has not been checked" in said


def recover(rig: Rig, begun: dict[str, Any], news: dict[str, Any]) -> Created:
    """Settle a creation whose end nobody saw."""
    return rig.run(rig.provider.recover(URN, begun, news, 0))


@pytest.mark.parametrize("data", [{"a": "1"}, {"a": "2"}], ids=["as it was", "changed meanwhile"])
def test_what_an_interrupted_update_created_is_taken_over(rig: Rig, data: dict[str, str]) -> None:
    """Nothing is created twice: the object that is there is brought to the present inputs."""
    uid = rig.api.add(PATH, NEWS)["metadata"]["uid"]
    made = recover(rig, NEWS, {**NEWS, "data": data})
    assert (made.id, made.outputs["metadata"]["uid"], made.outputs["data"]) == ("shop/c", uid, data)
    assert not rig.api.asked("POST")


def test_what_an_interrupted_update_created_and_nobody_can_change_gives_way(rig: Rig) -> None:
    """The present inputs can't be had by a change: there is a new object in its place, once the old one is gone."""
    begun = {**NEWS, "immutable": True}
    uid = rig.api.add(PATH, begun)["metadata"]["uid"]
    made = recover(rig, begun, {**begun, "data": {"a": "3"}})
    assert (made.id, made.outputs["data"]) == ("shop/c", {"a": "3"})
    assert made.outputs["metadata"]["uid"] != uid
    assert len(rig.api.asked("DELETE")) == len(rig.api.asked("POST")) == 1


@pytest.mark.parametrize("manager", ["", "somebody"])
def test_what_an_interrupted_update_did_not_create_is_created(rig: Rig, manager: str) -> None:
    """Nothing is forgotten; and what is somebody else's stays theirs."""
    if manager:
        rig.api.add(PATH, NEWS, manager=manager)
        with pytest.raises(ProviderError, match="already exists"):
            recover(rig, NEWS, NEWS)
    else:
        assert recover(rig, NEWS, NEWS).id == "shop/c"
    assert rig.api.asked("POST") == [f"POST {MAPS}"]


def test_what_cannot_be_found_out_yet_stays_open(rig: Rig) -> None:
    """While the cluster doesn't answer, nobody creates anything."""
    rig.api.faults["GET"] = ["refused"] * 9
    with pytest.raises(ProviderError, match="connection refused"):
        recover(rig, NEWS, NEWS)
    assert not rig.api.asked("POST")


def test_a_secret_is_secret_in_its_outputs(rig: Rig) -> None:
    """A Secret's data is secret though nobody said so, in the outputs and in the inputs that they keep."""
    news = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "data": {"k": "aHVzaA=="}}
    made = create(rig, news, "urn:pulumi:dev::shop::kubernetes:core/v1:Secret::s")
    assert made.outputs["data"].value == {"k": "aHVzaA=="}
    assert made.outputs["__inputs"]["data"].value == {"k": "aHVzaA=="}


def test_a_definition_has_underscores_in_its_outputs(rig: Rig) -> None:
    """The keys that Pulumi's types spell with underscores go to the server with dashes, and come back."""
    schema = {"type": "object", "x_kubernetes_preserve_unknown_fields": True}
    news = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {
            "group": "example.org",
            "names": {"kind": "Thing"},
            "scope": "Namespaced",
            "versions": [{"schema": {"openAPIV3Schema": schema}}],
        },
    }
    made = create(rig, news, "urn:pulumi:dev::shop::kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition::crd")
    (post,) = [r for r in rig.api.requests if r.method == "POST"]
    sent = post.body["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert sent == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    for outputs in (made.outputs, made.outputs["__inputs"]):
        assert outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"] == schema


def test_a_patch_resource_applies_its_fields(rig: Rig) -> None:
    """A ConfigMapPatch sets fields of an object that is there, under a manager of its own."""
    rig.api.add(PATH, {**NEWS, "data": {"z": "0"}}, manager="somebody")
    create(rig, NEWS, "urn:pulumi:dev::shop::kubernetes:core/v1:ConfigMapPatch::c")
    assert rig.api.asked() == [f"PATCH {PATH}"]
    assert rig.api.requests[-1].params["force"] == "false"


def test_an_upsert_takes_what_is_there(rig: Rig) -> None:
    """With upsertExistingObjects a create applies, also to an object that exists."""
    rig.api.add(PATH, NEWS, manager="somebody")
    create(rig, upsertExistingObjects="true")
    assert rig.api.asked() == [f"PATCH {PATH}"]
