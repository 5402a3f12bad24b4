"""Server-side apply: its laws, and the cases that people stumble over."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from embedded.cluster.fields import managers, sets, typed
from embedded.cluster.fields.apply import apply
from embedded.cluster.model.errors import StatusError
from tests.unit.cluster.fields.conftest import CONFIG_MAP, DEPLOYMENT, SERVICE
from tests.unit.cluster.fields.objects import DEPLOYMENTS, FEW

if TYPE_CHECKING:
    from embedded.cluster.schema.types import Type

Obj = dict[str, Any]


def applied(type_: Type, live: Obj | None, config: Obj, manager: str = "me", *, force: bool = False, stamp: str = "now") -> Obj:
    """The live object after an apply, with its managedFields."""
    obj, entries = apply(type_, live, config, manager, config["apiVersion"], force=force, stamp=stamp)
    obj["metadata"]["managedFields"] = entries
    return obj


def updated(type_: Type, live: Obj | None, new: Obj, manager: str, stamp: str = "now") -> Obj:
    """The live object after somebody wrote it as a whole."""
    new = deepcopy(new)
    entries = managers.updated(type_, live, new, manager, new["apiVersion"], stamp=stamp)
    new["metadata"]["managedFields"] = entries
    return new


def config_map(**data: str) -> Obj:
    """A configuration of a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "n"}, "data": data}


def owners(obj: Obj) -> dict[str, set[str]]:
    """The paths that each manager owns."""
    return {e["manager"]: set(sets.paths(e["fieldsV1"])) for e in obj["metadata"].get("managedFields") or []}


def tidy(value: Any) -> Any:
    """Without what has nothing in it: what gets emptied is null until the object is in shape again."""
    if isinstance(value, dict):
        return {k: t for k, v in value.items() if (t := tidy(v)) not in (None, {}, [])}
    return [tidy(v) for v in value] if isinstance(value, list) else value


@FEW
@given(DEPLOYMENTS)
def test_applying_twice_is_applying_once(config: Obj) -> None:
    """The second time nothing changes, not even the time of the entry."""
    once = applied(DEPLOYMENT, None, config, stamp="before")
    assert applied(DEPLOYMENT, once, config, stamp="after") == once


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_the_only_manager_gets_what_it_applies(first: Obj, second: Obj) -> None:
    """What the sole manager no longer applies is gone, so the object is what was applied last."""
    live = applied(DEPLOYMENT, applied(DEPLOYMENT, None, first), second)
    without_managers = managers.stripped(live)
    assert tidy(without_managers) == tidy(second)


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_the_manager_owns_what_it_applied(first: Obj, second: Obj) -> None:
    """After any apply the manager's fields are those of its configuration, whatever it owned before."""
    live = applied(DEPLOYMENT, applied(DEPLOYMENT, None, first), second)
    own = managers.ownable(typed.fields_of(DEPLOYMENT, second))
    assert owners(live).get("me", set()) == set(sets.paths(own))


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_force_takes_what_differs_and_shares_the_rest(mine: Obj, theirs: Obj) -> None:
    """With force every applied value stands; others keep their fields except those whose value changed."""
    live = applied(DEPLOYMENT, applied(DEPLOYMENT, None, theirs, "other"), mine, force=True)
    change = typed.compare(DEPLOYMENT, managers.stripped(live), typed.merge(DEPLOYMENT, managers.stripped(live), mine))
    assert not change.written
    assert not change.removed
    before = set(sets.paths(managers.ownable(typed.fields_of(DEPLOYMENT, theirs))))
    taken = set(sets.paths(typed.compare(DEPLOYMENT, theirs, managers.stripped(live)).written))
    assert owners(live).get("other", set()) == before - taken


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_without_force_it_is_all_or_nothing(mine: Obj, theirs: Obj) -> None:
    """An apply without force either changes nothing that somebody else owns, or is refused with each field and its owner."""
    live = applied(DEPLOYMENT, None, theirs, "other")
    before = deepcopy(live)
    forced = applied(DEPLOYMENT, live, mine, force=True)
    taken = owners(live).get("other", set()) - owners(forced).get("other", set())
    if not taken:
        assert applied(DEPLOYMENT, live, mine) == forced
        return
    with pytest.raises(StatusError) as refused:
        applied(DEPLOYMENT, live, mine)
    assert {c["field"] for c in refused.value.details["causes"]} == taken
    assert live == before


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS, DEPLOYMENTS)
def test_what_somebody_else_applied_stays(mine: Obj, mine_then: Obj, theirs: Obj) -> None:
    """Whatever a manager gives up, the values that another one applied and still owns are there."""
    live = applied(DEPLOYMENT, applied(DEPLOYMENT, None, mine), theirs, "other", force=True)
    live = applied(DEPLOYMENT, live, mine_then, force=True)
    theirs_still = managers.decode(live).get(managers.Manager("other", "Apply"))
    assume(theirs_still is not None)
    assert theirs_still is not None
    present = typed.compare(DEPLOYMENT, {}, tidy_nulls(managers.stripped(live))).added
    assert not set(sets.paths(theirs_still.fields)) - set(sets.paths(present))


def tidy_nulls(value: Any) -> Any:
    """Null where something was emptied counts as empty."""
    if isinstance(value, dict):
        return {k: {} if v is None else tidy_nulls(v) for k, v in value.items()}
    return [tidy_nulls(v) for v in value] if isinstance(value, list) else value


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS, st.booleans())
def test_nothing_handed_in_is_changed(live: Obj, config: Obj, force: bool) -> None:
    """Objects of the store are shared: apply works on copies."""
    there = applied(DEPLOYMENT, None, live, "other")
    copies = deepcopy(there), deepcopy(config)
    try:
        result, _ = apply(DEPLOYMENT, there, config, "me", "apps/v1", force=force, stamp="now")
    except StatusError:
        pass
    else:
        result["metadata"]["labels"] = result.setdefault("spec", {})["replicas"] = "changed"
    assert (there, config) == copies


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_managed_fields_survive_a_round_trip(mine: Obj, theirs: Obj) -> None:
    """What an object carries is read back as what was written into it."""
    live = applied(DEPLOYMENT, updated(DEPLOYMENT, None, theirs, "other"), mine, force=True)
    assert managers.encode(managers.decode(live)) == live["metadata"]["managedFields"]


def test_an_apply_that_changes_nothing_has_no_time() -> None:
    """Who only joins in owning what is there leaves no time: nothing happened to the object."""
    live = applied(CONFIG_MAP, None, config_map(a="1"), stamp="then")
    joined = applied(CONFIG_MAP, live, config_map(a="1"), "other", stamp="now")
    assert {e["manager"]: e.get("time") for e in joined["metadata"]["managedFields"]} == {"me": "then", "other": None}


def test_a_field_that_is_given_up_goes() -> None:
    """A field that its only owner no longer applies is removed."""
    live = applied(CONFIG_MAP, None, config_map(a="1", b="1"))
    assert applied(CONFIG_MAP, live, config_map(a="1"))["data"] == {"a": "1"}


def test_a_shared_field_that_is_given_up_stays() -> None:
    """A field that somebody else applied with the same value stays, and becomes theirs alone."""
    live = applied(CONFIG_MAP, None, config_map(a="1", b="1"))
    live = applied(CONFIG_MAP, live, config_map(b="1"), "other")
    live = applied(CONFIG_MAP, live, config_map(a="1"))
    assert live["data"] == {"a": "1", "b": "1"}
    assert owners(live) == {"me": {".data.a"}, "other": {".data.b"}}


def test_a_field_of_an_update_is_not_removed_by_an_apply() -> None:
    """What somebody set by an update is nobody's to remove who doesn't own it."""
    live = applied(CONFIG_MAP, None, config_map(a="1"))
    live = updated(CONFIG_MAP, live, {**live, "data": {"a": "1", "c": "3"}}, "somebody")
    assert applied(CONFIG_MAP, live, config_map())["data"] == {"c": "3"}


def test_a_conflict_names_the_manager_and_the_field() -> None:
    """One conflict is told in one line, as the real server tells it."""
    live = applied(CONFIG_MAP, None, config_map(a="1", b="1"))
    live = updated(CONFIG_MAP, live, {**live, "data": {"a": "1", "b": "9"}}, "somebody")
    with pytest.raises(StatusError, match=r'^Apply failed with 1 conflict: conflict with "somebody" using v1: \.data\.b$') as refused:
        applied(CONFIG_MAP, live, config_map(a="1", b="1"))
    assert (refused.value.code, refused.value.reason) == (409, "Conflict")
    assert refused.value.status()["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "somebody" using v1', "field": ".data.b"}
    ]


def test_several_conflicts_are_listed_by_manager() -> None:
    """More than one conflict is a list; appliers are named without a version, sub-resources with theirs."""
    live = applied(CONFIG_MAP, None, config_map(a="1", b="1"), "first")
    obj, entries = apply(CONFIG_MAP, live, config_map(c="1"), "second", "v1", force=False, stamp="now", subresource="status")
    obj["metadata"]["managedFields"] = entries
    with pytest.raises(StatusError) as refused:
        applied(CONFIG_MAP, obj, config_map(a="2", b="2", c="2"))
    assert refused.value.message == (
        'Apply failed with 3 conflicts: conflicts with "first":\n- .data.a\n- .data.b\n'
        'conflicts with "second" with subresource "status":\n- .data.c'
    )


def test_the_same_value_is_no_conflict() -> None:
    """Who applies what is there already becomes another owner of it."""
    live = applied(CONFIG_MAP, None, config_map(a="1"))
    assert owners(applied(CONFIG_MAP, live, config_map(a="1"), "other")) == {"me": {".data.a"}, "other": {".data.a"}}


def test_what_was_there_before_anybody_kept_account_has_an_owner() -> None:
    """An object without managedFields belongs to whoever made it: changing it needs force."""
    live = config_map(a="1")
    with pytest.raises(StatusError, match=r'conflict with "before-first-apply" using v1: \.data\.a'):
        applied(CONFIG_MAP, live, config_map(a="2"))
    forced = applied(CONFIG_MAP, live, config_map(a="2"), force=True)
    assert forced["data"] == {"a": "2"}
    assert owners(forced)["before-first-apply"] == {".data"}


def test_items_are_told_apart_by_their_keys() -> None:
    """Two managers each own a container of one Deployment, and giving one up leaves the other."""

    def pods(*containers: Obj) -> Obj:
        spec = {"template": {"spec": {"containers": list(containers)}}}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}

    app, side = {"name": "app", "image": "a:1"}, {"name": "side", "image": "s:1"}
    live = applied(DEPLOYMENT, None, pods(app))
    live = applied(DEPLOYMENT, live, pods(side), "other")
    assert live["spec"]["template"]["spec"]["containers"] == [app, side]
    live = applied(DEPLOYMENT, live, pods({"name": "app", "image": "a:2"}))
    live = applied(DEPLOYMENT, live, {**pods(), "spec": {"replicas": 1}}, "other")
    assert live["spec"] == {"replicas": 1, "template": {"spec": {"containers": [{"name": "app", "image": "a:2"}]}}}


def test_a_key_that_is_left_out_has_its_default() -> None:
    """A port without a protocol is the TCP port that is there, not another one."""
    ports = [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    live = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": ports}}
    config = {**live, "metadata": {"name": "x"}, "spec": {"ports": [{"port": 80, "targetPort": 8080}]}}
    assert applied(SERVICE, live, config, force=True)["spec"]["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 8080}]


def test_an_atomic_map_has_one_owner() -> None:
    """A selector changes as a whole: a Service flips from one slot to the other, with nothing of the old left."""

    def service(**selector: str) -> Obj:
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"selector": selector}}

    live = applied(SERVICE, None, service(slot="blue", app="web"))
    assert applied(SERVICE, live, service(slot="green"))["spec"]["selector"] == {"slot": "green"}
    assert owners(live) == {"me": {".spec.selector"}}


def test_a_status_is_not_for_those_who_apply_the_rest() -> None:
    """Fields that a request can't set are nobody's by it."""
    config = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"replicas": 1}, "status": {"replicas": 1}}
    ignored = sets.of_paths(("status",))
    _, entries = apply(DEPLOYMENT, None, config, "me", "apps/v1", force=False, stamp="now", ignored=ignored)
    assert entries[0]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"replicas": "x"}, ".spec.replicas: expected numeric (int or float), got string"),
        ({"replicass": 1}, ".spec.replicass: field not declared in schema"),
        ({"paused": "no"}, '.spec.paused: expected boolean, got &value.valueUnstructured{Value:"no"}'),
        ({"selector": []}, ".spec.selector: expected map, got &value.valueUnstructured{Value:[]}"),
        (
            {"template": {"spec": {"containers": [{"name": "a"}, {"name": "a"}]}}},
            '.spec.template.spec.containers: duplicate entries for key [name="a"]',
        ),
        (
            {"template": {"spec": {"containers": [{"image": "a"}]}}},
            (
                '.spec.template.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"]'
                " (and doesn't have default values for any key fields)"
            ),
        ),
        ({"template": {"spec": {"containers": {}}}}, ".spec.template.spec.containers: expected list, got"),
    ],
)
def test_a_configuration_of_another_type_is_refused(spec: Obj, why: str) -> None:
    """What can't be an object of the kind is refused with the path to what is wrong."""
    config = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x", "namespace": "n"}, "spec": spec}
    with pytest.raises(StatusError) as refused:
        applied(DEPLOYMENT, None, config)
    assert refused.value.message.startswith(f"failed to create typed patch object (n/x; apps/v1, Kind=Deployment): {why}")


def test_managed_fields_cannot_be_applied() -> None:
    """Ownership comes from applying, not from saying so."""
    config = config_map() | {"metadata": {"name": "x", "managedFields": []}}
    with pytest.raises(StatusError, match=r"metadata\.managedFields must be nil"):
        applied(CONFIG_MAP, None, config)
