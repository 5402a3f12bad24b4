"""Check, diff, read, update and delete of resources."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.ports import Diff, PartialFailureError, ProviderError
from embedded.engine.model.values import UNKNOWN, Secret
from tests.unit.providers.kubernetes.fakeapi import NOW, status

if TYPE_CHECKING:
    from embedded.engine.model.ports import ReadResult
    from tests.unit.providers.kubernetes.conftest import Rig

TYPE = "urn:pulumi:dev::shop::kubernetes:core/v1:{}::c"
URN = TYPE.format("ConfigMap")
PATH = "/api/v1/namespaces/shop/configmaps/c"
MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}, "data": {"a": "1"}}
SEED = bytes(32)


def check(rig: Rig, news: dict[str, Any], olds: dict[str, Any] | None = None, urn: str = URN, **config: Any) -> dict[str, Any]:
    """The checked inputs."""
    checked = rig.run(rig.provider.check(urn, olds or {}, news, SEED), **config)
    assert not checked.failures
    return checked.inputs


def made(rig: Rig, news: dict[str, Any] = MAP, urn: str = URN) -> dict[str, Any]:
    """The outputs of a created resource."""
    return rig.run(rig.provider.create(urn, news, 0, preview=False)).outputs


def diff(rig: Rig, outputs: dict[str, Any], news: dict[str, Any], ignore: list[str] | None = None, **config: Any) -> Diff:
    """The difference from what was made."""
    return rig.run(rig.provider.diff(URN, "shop/c", {}, outputs, news, ignore or []), **config)


def update(
    rig: Rig, outputs: dict[str, Any], news: dict[str, Any], ignore: list[str] | None = None, *, preview: bool = False
) -> dict[str, Any]:
    """The outputs of an updated resource."""
    return rig.run(rig.provider.update(URN, "shop/c", {}, outputs, news, 0, ignore or [], preview=preview))


def read(rig: Rig, outputs: dict[str, Any], inputs: dict[str, Any] | None = None, **config: Any) -> ReadResult:
    """What is there."""
    return rig.run(rig.provider.read(URN, "shop/c", inputs, outputs, 0), **config)


# Check


def test_a_name_is_made_up_and_kept(rig: Rig) -> None:
    """An object without a name gets one, marked as made up, and has the same one ever after."""
    news = {**MAP, "metadata": {"namespace": "shop"}}
    first = check(rig, news)
    assert re.fullmatch(r"c-[0-9a-f]{8}", first["metadata"]["name"])
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert check(rig, {**news, "data": {"a": "2"}}, first)["metadata"] == first["metadata"]


def test_a_name_that_is_not_known_yet_is_a_name(rig: Rig) -> None:
    """Nothing is made up for an object whose name comes later."""
    assert check(rig, {**MAP, "metadata": {"name": UNKNOWN, "namespace": "shop"}})["metadata"] == {"name": UNKNOWN, "namespace": "shop"}


@pytest.mark.parametrize(
    ("news", "namespace"),
    [
        ({**MAP, "metadata": {"name": "c"}}, "default"),
        ({**MAP, "metadata": {"name": "c", "namespace": "shop"}}, "shop"),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}, None),
        ({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}, "default"),
    ],
    ids=["none given", "given", "no namespaced kind", "unknown kind"],
)
def test_namespaced_objects_have_a_namespace(rig: Rig, news: dict[str, Any], namespace: str | None) -> None:
    """Where the program names none, the connection's does."""
    assert check(rig, news)["metadata"].get("namespace") == namespace


def test_the_providers_namespace_counts(rig: Rig) -> None:
    """The provider's own setting goes before the context's."""
    assert check(rig, {**MAP, "metadata": {"name": "c"}}, namespace="mine")["metadata"]["namespace"] == "mine"


def test_a_definition_of_the_program_gives_its_kinds_scope(rig: Rig) -> None:
    """A kind whose definition is yet to be made is known by that."""
    names = {"kind": "Thing", "plural": "things"}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {"group": "example.org", "scope": "Cluster", "names": names},
    }
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}

    async def main() -> Any:
        await rig.provider.check(TYPE.format("X"), {}, crd, SEED)
        return (await rig.provider.check(TYPE.format("Y"), {}, thing, SEED)).inputs

    assert "namespace" not in rig.run(main())["metadata"]


def test_secrets_stay_secret(rig: Rig) -> None:
    """What was secret in the program is secret in the inputs; a Secret's strings become data."""
    inputs = check(rig, {**MAP, "data": {"a": Secret("x"), "b": "y"}})
    assert inputs["data"]["a"].value == "x"
    assert inputs["data"]["b"] == "y"
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}, "stringData": {"k": Secret("hush")}}
    inputs = check(rig, secret, urn=TYPE.format("Secret"))
    assert inputs["data"].value == {"k": "aHVzaA=="}
    assert "stringData" not in inputs


@pytest.mark.parametrize(
    ("type_", "news", "says"),
    [
        ("core/v1:ConfigMapList", {"apiVersion": "v1", "kind": "ConfigMapList", "metadata": {"name": "c"}, "items": []}, "only its items"),
        ("core/v1:ConfigMapPatch", {**MAP, "metadata": {"namespace": "shop"}}, "needs the name of the object"),
        ("core/v1:ConfigMap", {**MAP, "metadata": {"generateName": "c-"}}, "generateName"),
        ("helm.sh/v3:Release", {}, "helm template"),
    ],
)
def test_what_cannot_be_is_refused(rig: Rig, type_: str, news: dict[str, Any], says: str) -> None:
    """The error says what to do instead."""
    with pytest.raises(ProviderError, match=says):
        check(rig, news, urn=f"urn:pulumi:dev::shop::kubernetes:{type_}::c")


def test_a_bad_annotation_is_a_failure_of_the_check(rig: Rig) -> None:
    """What can't be waited for is said before anything is made."""
    noted = {**MAP["metadata"], "annotations": {"pulumi.com/waitFor": "the rain"}}
    checked = rig.run(rig.provider.check(URN, {}, {**MAP, "metadata": noted}, SEED))
    assert [f.property for f in checked.failures] == ['metadata.annotations["pulumi.com/waitFor"]']


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("skipAwait", "true", "True"), ("timeoutSeconds", "30", "5m"), ("deletionPropagationPolicy", "orphan", "no")],
)
def test_an_annotation_that_means_nothing_is_told(rig: Rig, name: str, good: str, bad: str) -> None:
    """It changes nothing, which nobody would notice else."""
    for value in (good, bad):
        noted = {**MAP["metadata"], "annotations": {f"pulumi.com/{name}": value}}
        assert not rig.run(rig.provider.check(URN, {}, {**MAP, "metadata": noted}, SEED)).failures
    ((severity, said),) = rig.said
    assert severity == "warning"
    assert said.startswith(f"the annotation pulumi.com/{name} should be ")
    assert said.endswith(f'; "{bad}" is ignored')


def test_an_unreachable_cluster_can_be_left_alone(rig: Rig) -> None:
    """With skipUpdateUnreachable the inputs stay as they were, and it is said."""
    rig.api.faults["GET"] = ["refused"] * 7
    olds = {**MAP, "data": {"a": "0"}}
    assert check(rig, MAP, olds, skipUpdateUnreachable="true") is olds
    assert any("skipUpdateUnreachable" in message for _, message in rig.said)


# Diff


def test_no_change_costs_no_request(rig: Rig) -> None:
    """A diff is found from the state alone."""
    outputs = made(rig)
    before = len(rig.api.requests)
    assert diff(rig, outputs, MAP) == Diff(changes=False, detailed={})
    assert len(rig.api.requests) == before


def test_a_changed_config_map_is_replaced(rig: Rig) -> None:
    """Its pods must see the change: a named one is deleted first, one with a made-up name is replaced by another."""
    outputs = made(rig)
    found = diff(rig, outputs, {**MAP, "data": {"a": "2"}})
    assert (found.changes, found.replaces, found.delete_before_replace) == (True, ("data.a",), True)
    marked = {**MAP, "metadata": {**MAP["metadata"], "annotations": {"pulumi.com/autonamed": "true"}}}
    assert not diff(rig, outputs, {**marked, "data": {"a": "2"}}).delete_before_replace
    assert not diff(rig, outputs, {**MAP, "data": {"a": "2"}}, enableConfigMapMutable="true").replaces


def test_what_is_ignored_is_no_change(rig: Rig) -> None:
    """Changes at ignored paths aren't changes."""
    assert not diff(rig, made(rig), {**MAP, "data": {"a": "2"}}, ["data"]).changes


def test_an_unknown_value_is_a_change(rig: Rig) -> None:
    """What isn't known yet may differ."""
    detailed = diff(rig, made(rig), {**MAP, "data": {"a": UNKNOWN}}).detailed
    assert detailed is not None
    assert detailed["data.a"].kind == "update-replace"


def test_an_unknown_configuration_says_so(rig: Rig) -> None:
    """A provider that isn't configured yet can't tell."""
    found = rig.run(rig.provider.diff(URN, "c", {}, {}, MAP, []), kubeconfig=UNKNOWN)
    assert found.changes
    assert any("not known yet" in message for _, message in rig.said)


@pytest.mark.parametrize(("condition", "replaced"), [("Failed", True), ("Complete", False)])
def test_a_job_that_failed_is_replaced_on_request(rig: Rig, condition: str, *, replaced: bool) -> None:
    """A Job never gets ready again: the annotation has it made anew."""
    noted = {"name": "c", "namespace": "shop", "annotations": {"pulumi.com/replaceUnready": "true"}}
    job: dict[str, Any] = {"apiVersion": "batch/v1", "kind": "Job", "metadata": noted, "spec": {}}
    path = "/apis/batch/v1/namespaces/shop/jobs/c"
    live = rig.api.add(path, job)
    live["status"] = {"startTime": NOW, "conditions": [{"type": condition, "status": "True"}]}
    found = rig.run(rig.provider.diff(TYPE.format("Job"), "shop/c", {}, {**live, "__inputs": job}, job, []))
    assert (found.changes, bool(found.replaces), found.delete_before_replace) == (replaced, replaced, replaced)


# Update


def test_an_update_takes_over_and_applies(rig: Rig) -> None:
    """What the create owns becomes the field manager's, before the first apply; then the fields that are gone can go."""
    outputs = made(rig)
    after = update(rig, outputs, {**MAP, "data": {"a": "2"}})
    assert [r.method for r in rig.api.requests[-3:]] == ["GET", "PATCH", "PATCH"]
    managers = {(e["manager"], e["operation"]) for e in rig.api.objects[PATH]["metadata"]["managedFields"]}
    assert managers == {(outputs["__fieldManager"], "Apply")}
    assert after["data"] == {"a": "2"}
    update(rig, after, {**MAP, "data": {"a": "3"}})
    assert [r.method for r in rig.api.requests[-2:]] == ["GET", "PATCH"]
    assert rig.api.requests[-1].params == {"fieldManager": outputs["__fieldManager"], "force": "false"}


@pytest.mark.parametrize("fault", [429, 500, 503, "refused", "dropped", "lost"])
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_update_outlasts_faults(rig: Rig, method: str, fault: Any) -> None:
    """Every request of an update can be repeated, also the one that takes over."""
    outputs = made(rig)
    rig.api.faults[method] = [fault]
    assert update(rig, outputs, {**MAP, "data": {"a": "2"}})["data"] == {"a": "2"}


def test_what_others_changed_meanwhile_is_not_lost(rig: Rig) -> None:
    """The takeover is made again from what is there now, if somebody wrote in between."""
    outputs = made(rig)
    stale = dict(rig.api.objects[PATH])
    rig.api.objects[PATH]["metadata"]["managedFields"].append({"manager": "somebody", "operation": "Update", "fieldsV1": {}})
    rig.api.objects[PATH]["metadata"]["resourceVersion"] = "99"
    stale["metadata"] = {**stale["metadata"], "resourceVersion": "1"}

    def first(_: Any) -> Any:
        del rig.api.answers[PATH]
        return 200, stale

    rig.api.answers[PATH] = first
    update(rig, outputs, {**MAP, "data": {"a": "2"}})
    assert "somebody" in {e["manager"] for e in rig.api.objects[PATH]["metadata"]["managedFields"]}


def test_a_conflict_names_the_manager(rig: Rig) -> None:
    """Fields that somebody else manages aren't taken; the error says whose they are and what to do, and the state keeps what is there."""
    outputs = made(rig)
    after = update(rig, outputs, {**MAP, "data": {"a": "2"}})
    says = 'Apply failed with 1 conflict: conflict with "somebody" using v1: .data.a'
    conflict = status(409, "Conflict", says, causes=[{"reason": "FieldManagerConflict", "field": ".data.a"}])

    def answer(request: Any) -> Any:
        return (200, rig.api.objects[PATH]) if request.method == "GET" else (409, conflict)

    rig.api.answers[PATH] = answer
    with pytest.raises(PartialFailureError) as raised:
        update(rig, after, {**MAP, "data": {"a": "3"}})
    (reason,) = raised.value.reasons
    assert says in reason
    assert "pulumi.com/patchForce" in reason
    assert raised.value.outputs["__inputs"]["data"] == {"a": "2"}
    assert diff(rig, raised.value.outputs, {**MAP, "data": {"a": "3"}}, enableConfigMapMutable="true").changes


@pytest.mark.parametrize("how", ["annotation", "setting"])
def test_conflicts_are_won_by_force(rig: Rig, how: str) -> None:
    """The annotation, or the provider's setting, takes fields over."""
    outputs = made(rig)
    noted = {**MAP["metadata"], "annotations": {"pulumi.com/patchForce": "true"}}
    news = {**MAP, "metadata": noted} if how == "annotation" else MAP
    config = {"enablePatchForce": "true"} if how == "setting" else {}
    rig.run(rig.provider.update(URN, "shop/c", {}, outputs, news, 0, [], preview=False), **config)
    assert rig.api.requests[-1].params["force"] == "true"


def test_a_new_manager_takes_over_from_the_old(rig: Rig) -> None:
    """A field manager that the program names has the fields of the one before, and no conflict with it."""
    after = update(rig, made(rig), {**MAP, "data": {"a": "2"}})
    news = {**MAP, "metadata": {**MAP["metadata"], "annotations": {"pulumi.com/patchFieldManager": "gate"}}}
    outputs = update(rig, after, news)
    assert outputs["__fieldManager"] == "gate"
    assert {e["manager"] for e in rig.api.objects[PATH]["metadata"]["managedFields"]} == {"gate"}


def test_ignored_fields_of_others_are_left_out(rig: Rig) -> None:
    """What is ignored stays as it is: another manager's isn't sent, our own is sent as it is live."""
    outputs = update(rig, made(rig), {**MAP, "data": {"a": "1", "b": "1"}})
    fields: dict[str, Any] = {"f:data": {"f:b": {}}}
    rig.api.objects[PATH]["metadata"]["managedFields"] = [
        {"manager": outputs["__fieldManager"], "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}},
        {"manager": "somebody", "operation": "Update", "fieldsV1": fields},
    ]
    rig.api.objects[PATH]["data"] = {"a": "7", "b": "8"}
    update(rig, outputs, {**MAP, "data": {"a": "1", "b": "1", "c": "1"}}, ["data.a", "data.b"])
    assert rig.api.requests[-1].body["data"] == {"a": "7", "c": "1"}


def test_a_preview_of_an_update_changes_nothing(rig: Rig) -> None:
    """It is a dry run, by force where an update would have taken over before."""
    outputs = made(rig)
    shown = update(rig, outputs, {**MAP, "data": {"a": "2"}}, preview=True)
    assert shown["data"] == {"a": "2"}
    assert rig.api.objects[PATH]["data"] == {"a": "1"}
    assert rig.api.requests[-1].params == {"fieldManager": outputs["__fieldManager"], "force": "true", "dryRun": "All"}


def test_a_definition_is_replaced_as_a_whole(rig: Rig) -> None:
    """A kind's definition is put, at the version that was read, again if it changed meanwhile."""
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.org"},
        "spec": {},
    }
    urn = "urn:pulumi:dev::shop::kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition::crd"
    outputs = made(rig, crd, urn)
    rig.api.faults["PUT"] = ["lost"]
    rig.run(rig.provider.update(urn, "things.example.org", {}, outputs, {**crd, "spec": {"group": "x"}}, 0, [], preview=False))
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.example.org"
    assert [line.split()[0] for line in rig.api.asked("PUT", "GET") if line.endswith(path)] == ["GET", "PUT", "PUT", "GET", "PUT"]


def test_an_object_that_is_gone_is_not_made_again_silently(rig: Rig) -> None:
    """Somebody deleted it: the update says so, and what to do."""
    outputs = made(rig)
    del rig.api.objects[PATH]
    with pytest.raises(ProviderError, match=r"not found\n.*pulumi refresh"):
        update(rig, outputs, {**MAP, "data": {"a": "2"}})


# Read


def test_a_refresh_shows_drift(rig: Rig) -> None:
    """What somebody changed at a place of ours is in the inputs, what they added elsewhere isn't; the next diff shows it."""
    outputs = made(rig)
    rig.api.objects[PATH]["data"] = {"a": "9", "z": "1"}
    found = read(rig, outputs, MAP)
    assert found.inputs is not None
    assert found.inputs["data"] == {"a": "9"}
    assert found.outputs["data"] == {"a": "9", "z": "1"}
    assert found.outputs["__fieldManager"] == outputs["__fieldManager"]
    detailed = diff(rig, found.outputs, MAP).detailed
    assert detailed is not None
    assert list(detailed) == ["data.a"]


def test_a_refresh_without_drift_changes_no_input(rig: Rig) -> None:
    """What the server spells in another way is no drift."""
    outputs = {**made(rig), "data": {"a": "one"}}
    rig.api.objects[PATH]["data"] = {"a": "one"}
    assert read(rig, outputs, MAP).inputs == MAP


def test_an_object_that_is_gone_is_gone(rig: Rig) -> None:
    """So is one whose kind nobody serves any more."""
    outputs = made(rig)
    del rig.api.objects[PATH]
    assert read(rig, outputs, MAP).id == ""
    thing = "urn:pulumi:dev::shop::kubernetes:example.org/v1:Thing::t"
    assert rig.run(rig.provider.read(thing, "shop/t", None, {}, 0)).id == ""


def test_an_import_gives_what_somebody_would_have_written(rig: Rig) -> None:
    """By the id alone: everything but the server's own, as inputs."""
    noted = {**MAP["metadata"], "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}
    rig.api.add(PATH, {**MAP, "metadata": noted, "status": {"x": 1}}, created=NOW)
    found = read(rig, {}, None)
    assert found.inputs == MAP
    assert found.id == "shop/c"


def test_an_imported_secret_is_secret(rig: Rig) -> None:
    """Its data, and what kubectl noted of it."""
    noted = {"name": "s", "namespace": "shop", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "hush"}}
    rig.api.add("/api/v1/namespaces/shop/secrets/s", {"apiVersion": "v1", "kind": "Secret", "metadata": noted, "data": {"k": "aHVzaA=="}})
    found = rig.run(rig.provider.read(TYPE.format("Secret"), "shop/s", None, {}, 0))
    assert found.inputs is not None
    assert isinstance(found.inputs["data"], Secret)
    assert isinstance(found.outputs["data"], Secret)
    assert isinstance(found.outputs["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"], Secret)


@pytest.mark.parametrize(
    ("setting", "id_"), [({}, None), ({"deleteUnreachable": "true"}, ""), ({"skipUpdateUnreachable": "true"}, "shop/c")]
)
def test_an_unreachable_cluster(rig: Rig, setting: dict[str, str], id_: str | None) -> None:
    """An error, unless the settings say that its resources are gone, or to be left alone."""
    outputs = made(rig)
    rig.api.faults["GET"] = ["refused"] * 9
    if id_ is None:
        with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
            read(rig, outputs, MAP, **setting)
    else:
        assert read(rig, outputs, MAP, **setting).id == id_


# Delete


def delete(rig: Rig, urn: str = URN, **config: Any) -> None:
    """Delete the resource."""
    rig.run(rig.provider.delete(urn, "shop/c", MAP, {**MAP, "__fieldManager": "m"}, 0), **config)


@pytest.mark.parametrize("faults", [[], ["lost"], [503, "dropped", 429]])
def test_a_delete_is_done_when_the_object_is_gone(rig: Rig, faults: list[Any]) -> None:
    """What it owns goes first; answers may be lost on the way."""
    rig.api.add(PATH, MAP)
    rig.api.faults["DELETE"] = faults
    delete(rig)
    assert PATH not in rig.api.objects
    assert rig.api.requests[-1].body == {"propagationPolicy": "Foreground"}


def test_deleting_nothing_succeeds(rig: Rig) -> None:
    """What isn't there is deleted already; so is everything of a kind that nobody serves."""
    delete(rig)
    thing = {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "t"}}
    rig.run(rig.provider.delete("urn:pulumi:dev::shop::kubernetes:example.org/v1:Thing::t", "t", thing, thing, 0))


def test_a_patch_lets_go_of_its_fields(rig: Rig) -> None:
    """Deleting a patch deletes no object."""
    rig.api.add(PATH, MAP)
    delete(rig, TYPE.format("ConfigMapPatch"))
    assert rig.api.asked() == [f"PATCH {PATH}"]
    assert rig.api.requests[-1].body == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "shop"}}


def test_a_refused_delete_says_why(rig: Rig) -> None:
    """The server's words, and which resource it is."""
    rig.api.answers[PATH] = lambda _: (403, status(403, "Forbidden", "configmaps is forbidden"))
    with pytest.raises(ProviderError, match=f'deletion of resource "{URN}" failed: configmaps is forbidden'):
        delete(rig)


@pytest.mark.parametrize("path", [PATH, "/api/v1"], ids=["by the object", "by discovery"])
def test_refused_credentials_are_told_also_by_a_delete(rig: Rig, path: str) -> None:
    """Whichever request is the first to be refused, it is an error of the resource, and says what to do."""
    rig.api.answers[path] = lambda _: (401, status(401, "Unauthorized", "Unauthorized"))
    with pytest.raises(
        ProviderError, match=f'deletion of resource "{URN}" failed: Unauthorized\n\nThe API server doesn\'t accept the cred'
    ):
        delete(rig)


def test_what_is_in_an_unreachable_cluster_is_deleted_on_request(rig: Rig) -> None:
    """With deleteUnreachable it goes from the state; else it stays, with an error."""
    rig.api.faults["DELETE"] = ["refused"] * 7
    with pytest.raises(ProviderError, match="PULUMI_K8S_DELETE_UNREACHABLE"):
        delete(rig)
    rig.api.faults["DELETE"] = ["refused"] * 7
    delete(rig, deleteUnreachable="true")
