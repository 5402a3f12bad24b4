"""Who owns what after plain writes."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given

from embedded.cluster.fields import managers, sets, typed
from tests.unit.cluster.fields.conftest import CATALOGUE, CONFIG_MAP, DEPLOYMENT
from tests.unit.cluster.fields.objects import DEPLOYMENTS, FEW

Obj = dict[str, Any]


def config_map(managed: list[Obj] | None = None, **data: str) -> Obj:
    """A ConfigMap as it is kept."""
    metadata = {"name": "x"} | ({"managedFields": managed} if managed is not None else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def write(live: Obj | None, new: Obj, manager: str = "me", stamp: str = "t1", **more: Any) -> list[Obj]:
    """The entries after an update of a ConfigMap."""
    return managers.updated(CONFIG_MAP, live, new, manager, "v1", stamp=stamp, **more)


def test_who_makes_an_object_owns_it() -> None:
    """A new object's fields belong to who made it, except those that are the server's."""
    assert write(None, config_map(a="1")) == [
        {
            "apiVersion": "v1",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:a": {}}},
            "manager": "me",
            "operation": "Update",
            "time": "t1",
        }
    ]


def test_who_changes_a_field_takes_it() -> None:
    """A changed field belongs to who changed it, a removed one to nobody."""
    live = config_map(a="1", b="1", c="1")
    live["metadata"]["managedFields"] = write(None, live)
    found = {e["manager"]: e["fieldsV1"] for e in write(live, config_map(a="1", b="2"), "other", "t2")}
    assert found == {"me": {"f:data": {".": {}, "f:a": {}}}, "other": {"f:data": {"f:b": {}}}}


def test_entries_of_a_manager_are_one() -> None:
    """What a manager changes later is added to its entry, with the time of the last change."""
    live = config_map(a="1")
    live["metadata"]["managedFields"] = write(None, live)
    (entry,) = write(live, config_map(a="1", b="1"), stamp="t2")
    assert (entry["fieldsV1"], entry["time"]) == ({"f:data": {".": {}, "f:a": {}, "f:b": {}}}, "t2")


def test_who_changes_nothing_is_no_manager() -> None:
    """An update without a change leaves the entries as they are."""
    live = config_map(a="1")
    live["metadata"]["managedFields"] = write(None, live)
    assert write(live, config_map(a="1"), "other", "t2") == live["metadata"]["managedFields"]


@pytest.mark.parametrize("reset", [[], [{}]])
def test_a_client_may_give_up_all_ownership(reset: list[Obj]) -> None:
    """An empty list means that nobody keeps account any more; leaving the list out does not."""
    live = config_map(a="1")
    live["metadata"]["managedFields"] = write(None, live)
    assert write(live, config_map(reset, a="2")) == []
    assert write(live, config_map(a="2")) != []


def test_a_client_may_hand_over_ownership() -> None:
    """The entries in the new object count: that is how clients move fields from one manager to another."""
    live = config_map(a="1")
    live["metadata"]["managedFields"] = write(None, live)
    moved = deepcopy(live)
    moved["metadata"]["managedFields"][0] |= {"manager": "other", "operation": "Apply"}
    (entry,) = write(live, moved)
    assert (entry["manager"], entry["operation"]) == ("other", "Apply")
    # By a sub-resource it isn't possible.
    (kept,) = write(live, moved, subresource="status")
    assert (kept["manager"], kept["operation"]) == ("me", "Update")


def test_nobody_keeps_account_of_what_had_no_account() -> None:
    """An object without managers gets none by an update, only by an apply."""
    assert write(config_map(a="1"), config_map(a="2")) == []


def test_a_sub_resource_has_entries_of_its_own() -> None:
    """The same name by way of the status is another manager, and says so."""
    live = config_map(a="1")
    live["metadata"]["managedFields"] = write(None, live)
    entries = write(live, config_map(a="1", b="1"), subresource="status")
    assert [e.get("subresource") for e in entries] == [None, "status"]


def test_too_many_updaters_become_one() -> None:
    """The oldest of more than ten updaters are kept as one, so that entries don't pile up."""
    live = config_map(a="0")
    live["metadata"]["managedFields"] = write(None, live, "m00", "t00")
    for number in range(1, 14):
        new = config_map(None, **live["data"], **{f"k{number}": "1"})
        new["metadata"]["managedFields"] = write(live, new, f"m{number:02}", f"t{number:02}")
        live = new
    entries = live["metadata"]["managedFields"]
    assert len(entries) == managers.MOST_UPDATERS
    assert entries[0]["manager"] == managers.ANCIENT
    owned = [path for e in entries for path in sets.paths(e["fieldsV1"])]
    assert sorted(owned) == sorted([".data", ".data.a", *(f".data.k{n}" for n in range(1, 14))])


def test_broken_entries_own_nothing() -> None:
    """Entries without an operation, a version or a known form are passed over."""
    good = {"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {"f:a": {}}}
    broken = [{**good, "operation": "Write"}, {**good, "apiVersion": ""}, {**good, "fieldsType": "FieldsV2"}, {}]
    assert list(managers.decode(config_map([good, *broken]))) == [managers.Manager("m", "Update", "v1")]


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_an_update_owns_what_it_changed(first: Obj, second: Obj) -> None:
    """After an update the writer owns what has another value now, nobody else does, and nobody owns what is gone."""
    first["metadata"]["managedFields"] = managers.updated(DEPLOYMENT, None, first, "first", "apps/v1", stamp="t1")
    assume(first["metadata"]["managedFields"])
    entries = managers.updated(DEPLOYMENT, first, second, "second", "apps/v1", stamp="t2")
    owned = {e["manager"]: set(sets.paths(e["fieldsV1"])) for e in entries}
    changed = set(sets.paths(managers.ownable(typed.compare(DEPLOYMENT, managers.stripped(first), second).written)))
    assert owned.get("second", set()) == changed
    assert not owned.get("first", set()) & changed
    assert set().union(*owned.values()) <= set(sets.paths(typed.compare(DEPLOYMENT, {}, second).added))


@pytest.mark.parametrize(
    ("api_version", "kind", "subresource", "expected"),
    [
        ("v1", "ConfigMap", "", {}),
        ("apps/v1", "Deployment", "", {"f:status": {}}),
        ("apps/v1", "Deployment", "scale", {"f:status": {}}),
        ("apps/v1", "Deployment", "status", {"f:spec": {}, "f:metadata": {"f:labels": {}}}),
        ("gateway.networking.k8s.io/v1", "HTTPRoute", "status", {"f:spec": {}, "f:metadata": {}}),
    ],
)
def test_requests_that_cannot_set_fields_do_not_own_them(api_version: str, kind: str, subresource: str, expected: Obj) -> None:
    """The status is left to its sub-resource, and all else isn't."""
    resource = CATALOGUE.by_kind(api_version, kind)
    assert resource is not None
    assert managers.ignored_fields(resource, subresource) == expected
