"""Strategic merge patches."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from embedded.cluster.fields.strategic import strategic_merge
from embedded.cluster.model.errors import StatusError
from tests.unit.cluster.fields.conftest import DEPLOYMENT
from tests.unit.cluster.fields.objects import DEPLOYMENTS, FEW

Obj = dict[str, Any]


def containers(*found: Obj, **directives: Any) -> Obj:
    """A Deployment with these containers."""
    return {"spec": {"template": {"spec": {"containers": list(found), **directives}}}}


APP, SIDE, LOG = ({"name": name, "image": f"{name}:1"} for name in ("app", "side", "log"))
NEW, NO_APP = {"name": "side", "image": "new"}, {"name": "app", "$patch": "delete"}


@pytest.mark.parametrize(
    ("live", "patch", "expected"),
    [
        pytest.param(containers(APP, SIDE), containers(NEW), containers(APP, NEW)["spec"], id="an item is merged by its key"),
        pytest.param(containers(APP), containers(SIDE), containers(SIDE, APP)["spec"], id="a new item comes first"),
        pytest.param(containers(APP, SIDE), containers(NO_APP), containers(SIDE)["spec"], id="an item is deleted"),
        pytest.param(containers(APP, SIDE), containers({"$patch": "replace"}, LOG), containers(LOG)["spec"], id="the list is replaced"),
        pytest.param(
            containers(APP, SIDE),
            containers(LOG, **{"$setElementOrder/containers": [{"name": "side"}, {"name": "log"}, {"name": "app"}]}),
            containers(SIDE, LOG, APP)["spec"],
            id="items are put in order",
        ),
        pytest.param(
            containers(APP, SIDE),
            {"spec": {"template": {"spec": {"$setElementOrder/containers": [{"name": "side"}]}}}},
            containers(APP, SIDE)["spec"],
            id="an order leaves others where they were",
        ),
        pytest.param({"spec": {"replicas": 1, "paused": True}}, {"spec": {"paused": None}}, {"replicas": 1}, id="null removes"),
        pytest.param(
            {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}},
            {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}},
            {"strategy": {"type": "Recreate"}},
            id="other keys are dropped",
        ),
        pytest.param(
            {"spec": {"selector": {"matchLabels": {"a": "1", "b": "1"}}}},
            {"spec": {"selector": {"$patch": "replace", "matchLabels": {"c": "1"}}}},
            {"selector": {"matchLabels": {"c": "1"}}},
            id="a map is replaced",
        ),
        pytest.param(
            {"spec": {"strategy": {"type": "Recreate"}}},
            {"spec": {"strategy": {"$patch": "delete"}}},
            {"strategy": {}},
            id="a map is emptied",
        ),
        pytest.param(
            containers(APP | {"args": ["a", "b"]}),
            containers({"name": "app", "args": ["c"]}),
            containers(APP | {"args": ["c"]})["spec"],
            id="an atomic list is replaced",
        ),
        pytest.param(
            {"spec": {}},
            containers(APP | {"$setElementOrder/env": [], "env": [{"name": "A", "$patch": "delete"}]}),
            containers(APP | {"env": []})["spec"],
            id="nothing to delete",
        ),
    ],
)
def test_specifications(live: Obj, patch: Obj, expected: Obj) -> None:
    """Each directive does what the real server does with it."""
    assert strategic_merge(DEPLOYMENT, live, patch)["spec"] == expected


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"finalizers": ["c"]}, ["c", "a", "b"]),
        ({"finalizers": ["b", "c"], "$setElementOrder/finalizers": ["a", "b", "c"]}, ["a", "b", "c"]),
        ({"$deleteFromPrimitiveList/finalizers": ["a"]}, ["b"]),
    ],
)
def test_lists_of_plain_values(patch: Obj, expected: list[str]) -> None:
    """Lists of texts are merged as sets, and shrink by a directive."""
    live = {"metadata": {"finalizers": ["a", "b"]}}
    assert strategic_merge(DEPLOYMENT, live, {"metadata": patch})["metadata"]["finalizers"] == expected


@pytest.mark.parametrize(
    ("patch", "why"),
    [
        (containers({"image": "x"}), "does not contain declared merge key: name"),
        ({"spec": {"$patch": "erase"}}, "'erase' is none of delete, merge, replace"),
        ({"spec": {"$retainKeys": ["paused"], "replicas": 1}}, "invalid patch format of retainKeys"),
    ],
)
def test_patches_that_make_no_sense(patch: Obj, why: str) -> None:
    """A patch that can't be followed is refused, with the reason."""
    with pytest.raises(StatusError, match=why) as refused:
        strategic_merge(DEPLOYMENT, containers(APP), patch)
    assert refused.value.code == 400


@FEW
@given(DEPLOYMENTS)
def test_an_object_is_a_patch_for_itself(obj: Obj) -> None:
    """Patching an object with all of itself, or with nothing, changes nothing."""
    assert strategic_merge(DEPLOYMENT, obj, obj) == obj
    assert strategic_merge(DEPLOYMENT, obj, {}) == obj


@FEW
@given(DEPLOYMENTS, DEPLOYMENTS)
def test_a_patch_is_repeatable_and_leaves_its_arguments_alone(live: Obj, patch: Obj) -> None:
    """The second time it changes nothing; neither the object nor the patch is touched."""
    copies = deepcopy((live, patch))
    once = strategic_merge(DEPLOYMENT, live, patch)
    assert (live, patch) == copies
    assert strategic_merge(DEPLOYMENT, once, patch) == once
