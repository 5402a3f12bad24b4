"""Objects change: by PUT, by patches, by server-side apply, by controllers; each may change some parts and not others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.cluster.model.objects import clone
from embedded.cluster.registry.patches import merged
from tests.unit.cluster.registry.clients import changed, config_map, crd, deployment, refused, thing

if TYPE_CHECKING:
    from embedded.cluster.registry.requests import PatchKind
    from tests.unit.cluster.registry.clients import Client


def test_a_stale_version_is_refused(client: Client) -> None:
    """Who changes what he saw must have seen the present."""
    seen = client.create(config_map(x="1"))
    client.patch(seen, {"data": {"x": "2"}})
    error = refused(lambda: client.update(seen))
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == (
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )


def test_without_a_version_the_last_one_wins(client: Client) -> None:
    """Where the kind allows it."""
    client.create(config_map(x="1"))
    assert client.update(config_map(x="2"))["data"] == {"x": "2"}


def test_custom_resources_need_a_version(client: Client) -> None:
    """An update of one says what it replaces."""
    client.create(crd())
    client.create(thing(spec={"size": 1}))
    error = refused(lambda: client.update(thing(spec={"size": 2})))
    assert error.code == 422
    assert "metadata.resourceVersion" in error.message


def test_another_object_of_the_name_is_not_the_one_meant(client: Client) -> None:
    """A uid in the request must be the object's."""
    client.create(config_map())
    assert refused(lambda: client.update(changed(config_map(), uid="someone-else"))).code == 409


def test_nothing_changed_is_not_written(client: Client) -> None:
    """No version, no event, no line in the journal."""
    made = client.create(deployment())
    version, lines = client.registry.store.version, len(client.registry.journal.lines())
    assert client.update(clone(made)) is made
    assert client.patch(made, {}) is made
    assert (client.registry.store.version, len(client.registry.journal.lines())) == (version, lines)


def test_identity_is_the_servers(client: Client) -> None:
    """Whatever a client writes there."""
    made = client.create(deployment())
    forged = changed(
        made, creationTimestamp="2000-01-01T00:00:00Z", generation=9, deletionTimestamp="2000-01-01T00:00:00Z", labels={"a": "b"}
    )
    after = client.update(forged)["metadata"]
    kept = ("uid", "creationTimestamp", "generation")
    assert {k: after[k] for k in kept} == {k: made["metadata"][k] for k in kept}
    assert "deletionTimestamp" not in after


def test_generation_counts_what_is_wanted(client: Client) -> None:
    """Not labels, not the status."""
    made = client.create(deployment())
    assert client.patch(made, {"metadata": {"labels": {"a": "b"}}})["metadata"]["generation"] == 1
    assert client.patch(made, {"spec": {"replicas": 5}})["metadata"]["generation"] == 2
    assert client.patch(made, {"status": {"replicas": 5}}, subresource="status")["metadata"]["generation"] == 2


def test_the_status_is_written_apart(client: Client) -> None:
    """A plain write leaves the status alone, and the other way round."""
    made = client.create(deployment())
    plain = client.patch(made, {"spec": {"replicas": 2}, "status": {"replicas": 7}})
    assert (plain["spec"]["replicas"], plain["status"]) == (2, {})
    apart = client.patch(made, {"spec": {"replicas": 3}, "status": {"replicas": 7}}, subresource="status")
    assert (apart["spec"]["replicas"], apart["status"]) == (2, {"replicas": 7})
    assert apart["metadata"]["managedFields"][-1]["subresource"] == "status"


def test_controllers_change_copies(client: Client) -> None:
    """What others hold doesn't change under their hands; nothing changed is nothing written; a missing object is None."""
    made = client.create(deployment())
    kind = client.kind(made)
    after = client.registry.modify(kind, "shop", "web", lambda o: o["spec"].update(replicas=4))
    assert after is not None
    assert (made["spec"]["replicas"], after["spec"]["replicas"]) == (1, 4)
    assert client.registry.modify(kind, "shop", "web", lambda _: None) is after
    assert client.registry.modify(kind, "shop", "nobody", lambda _: None) is None


@pytest.mark.parametrize(
    ("kind", "patch", "data"),
    [
        ("merge", {"data": {"x": None, "z": "3"}}, {"y": "2", "z": "3"}),
        ("strategic", {"data": {"x": None, "z": "3"}}, {"y": "2", "z": "3"}),
        ("json", [{"op": "remove", "path": "/data/x"}, {"op": "add", "path": "/data/z", "value": "3"}], {"y": "2", "z": "3"}),
    ],
)
def test_patches(client: Client, kind: PatchKind, patch: Any, data: dict[str, str]) -> None:
    """Each kind says the same in its own way."""
    made = client.create(config_map(x="1", y="2"))
    assert client.patch(made, patch, kind)["data"] == data
    assert made["data"] == {"x": "1", "y": "2"}


def test_a_strategic_patch_knows_lists(client: Client) -> None:
    """A container is found by its name."""
    made = client.create(deployment())
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}}
    [container] = client.patch(made, patch, "strategic")["spec"]["template"]["spec"]["containers"]
    assert (container["image"], container["imagePullPolicy"]) == ("web:2", "IfNotPresent")


def test_custom_resources_have_no_strategic_patches(client: Client) -> None:
    """Nobody says how their lists go together."""
    client.create(crd())
    made = client.create(thing())
    assert refused(lambda: client.patch(made, {"spec": {}}, "strategic")).code == 415


def test_a_patch_that_cannot_be_applied(client: Client) -> None:
    """Changes nothing."""
    made = client.create(config_map(x="1"))
    failed = refused(lambda: client.patch(made, [{"op": "test", "path": "/data/x", "value": "2"}], "json"))
    assert (failed.code, str(failed)) == (422, "the server rejected our request due to an error in our request: a test of it fails")
    assert refused(lambda: client.patch(made, [{"op": "remove", "path": "/data/y"}], "json")).code == 422
    assert refused(lambda: client.patch(made, {"metadata": {"name": "b"}})).code == 400
    assert client.get(made) is made


def test_a_patch_may_name_the_version_it_is_for(client: Client) -> None:
    """And is refused for another."""
    made = client.create(config_map(x="1"))
    assert refused(lambda: client.patch(made, {"metadata": {"resourceVersion": "1"}})).code == 409


def test_apply_makes_what_is_not_there(client: Client) -> None:
    """And owns it."""
    made = client.apply(config_map(x="1"))
    [entry] = made["metadata"]["managedFields"]
    assert (entry["manager"], entry["operation"]) == ("tester", "Apply")


def test_apply_takes_back_what_it_no_longer_says(client: Client) -> None:
    """Only its own; what others set stays."""
    client.apply(config_map(x="1", y="2"))
    client.as_("other").patch(config_map(), {"data": {"z": "3"}})
    assert client.apply(config_map(x="1"))["data"] == {"x": "1", "z": "3"}


def test_apply_conflicts_name_manager_and_field(client: Client) -> None:
    """Until it is forced, or the value is the same."""
    client.create(config_map(x="1"))
    other = client.as_("other")
    error = refused(lambda: other.apply(config_map(x="2")))
    assert (error.code, error.message) == (409, 'Apply failed with 1 conflict: conflict with "tester" using v1: .data.x')
    assert other.apply(config_map(x="1"))["data"] == {"x": "1"}
    assert client.as_("other", force=True).apply(config_map(x="2"))["data"] == {"x": "2"}


def test_applying_the_same_again_changes_nothing(client: Client) -> None:
    """Not even the time in managedFields."""
    made = client.apply(deployment())
    client.registry.clock.advance(60)
    assert client.apply(deployment()) is made


def test_apply_keeps_identity_when_it_gives_up_metadata(client: Client) -> None:
    """The last annotation goes; the name and all that the server wrote stay."""
    made = client.apply(changed(config_map(x="1"), annotations={"a": "b"}))
    after = client.apply(config_map(x="1"))["metadata"]
    assert "annotations" not in after
    assert (after["uid"], after["name"]) == (made["metadata"]["uid"], "a")


def test_what_is_stored_never_changes(client: Client) -> None:
    """No write, of whatever kind, touches the object that others hold."""
    made = client.create(deployment())
    before = clone(made)
    client.as_("other", force=True).apply(deployment(replicas=3))
    client.patch(made, {"spec": {"template": {"metadata": {"labels": {"b": "c"}}}}}, "strategic")
    client.patch(made, {"status": {"replicas": 1, "unknown": 2}}, subresource="status")
    client.as_(dry_run=True).patch(made, {"spec": {"replicas": 9}})
    client.delete(made, propagation="Foreground")
    assert made == before


def test_ownership_can_be_cleared(client: Client) -> None:
    """A client may forget who owned what."""
    made = client.create(config_map(x="1"))
    assert "managedFields" not in client.patch(made, {"metadata": {"managedFields": [{}]}})["metadata"]


@pytest.mark.parametrize("change", [{"spec": {"selector": {"matchLabels": {"app": "other"}}}}, {"spec": {"replicas": -1}}])
def test_rules_hold_for_changes_too(client: Client, change: dict[str, Any]) -> None:
    """What the kind doesn't allow is refused."""
    made = client.create(deployment())
    assert refused(lambda: client.patch(made, change)).code == 422


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=10,
)
_objects = st.dictionaries(st.text("abc", max_size=2), _values, max_size=4)


def _without_nulls(value: Any) -> Any:
    return {k: _without_nulls(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value


@given(_objects, _objects)
def test_a_merge_patch_applied_twice_is_applied_once(target: dict[str, Any], patch: dict[str, Any]) -> None:
    """And what it was applied to stays as it was."""
    before = clone(target)
    once = merged(target, patch)
    assert merged(once, patch) == once
    assert target == before


@given(_objects)
def test_a_merge_patch_on_nothing_is_itself_without_its_nulls(patch: dict[str, Any]) -> None:
    """A null takes away, and there is nothing to take."""
    assert merged({}, patch) == _without_nulls(patch)
