"""Normal form, differences, refreshed inputs and secrets: pure functions of values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.model.values import UNKNOWN, Secret
from embedded.providers.kubernetes import diffing, quantities, replacing
from embedded.providers.kubernetes.job import masked
from embedded.providers.kubernetes.naming import field_manager
from embedded.providers.kubernetes.normalizing import normalized
from embedded.providers.kubernetes.objects import marked, to_object
from embedded.providers.kubernetes.outputs import UNTOLD, Checkpoint, checkpoint, refreshed

POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=3)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1.5", "1500m"),
        ("1024Mi", "1Gi"),
        ("0.125Gi", "128Mi"),
        ("1.5Ki", "1536"),
        ("0.5Ki", "512"),
        ("0.1Ki", "102400m"),
        ("1000", "1k"),
        ("100000k", "100M"),
        (10, "10"),
        (0.1, "100m"),
        ("0", "0"),
        ("-0.5Gi", "-512Mi"),
        ("1e3", "1e3"),
        ("12e6", "12e6"),
        ("1E", "1E"),
        ("one", "one"),
        ("1 Gi", "1 Gi"),
        (True, True),
    ],
)
def test_a_quantity_has_one_spelling(written: Any, spelled: Any) -> None:
    """It is the API server's; what is no quantity is left to the server to refuse."""
    assert quantities.canonical(written) == spelled


@given(st.decimals(0, 10**6, places=3), st.sampled_from(["", "m", "k", "Ki", "Mi", "G"]))
def test_a_quantitys_spelling_keeps_its_amount(number: Decimal, suffix: str) -> None:
    """Spelled, it stays so (whole bytes lose the suffix that made them binary first), and is never less than it was."""
    spelled = quantities.canonical(f"{number}{suffix}")
    before, after = quantities.parse(f"{number}{suffix}"), quantities.parse(spelled)
    assert before is not None
    assert after is not None
    again = quantities.canonical(spelled)
    assert quantities.canonical(again) == again
    assert quantities.parse(again) == after
    assert before <= after <= before + Decimal("1e-9") or suffix.endswith("i")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"hostNetwork": False, "shareProcessNamespace": False}, {"shareProcessNamespace": False}),
        ({"globalDefault": False, "value": 0}, {"value": 0}),
        ({"nodeSelector": {}, "securityContext": {}, "tolerations": []}, {"securityContext": {}}),
        ({"containers": [{"env": [{"name": "A", "value": ""}], "args": []}]}, {"containers": [{"env": [{"name": "A"}]}]}),
        (
            {"containers": [{"resources": {"limits": {"cpu": "0.5"}, "requests": {}}}]},
            {"containers": [{"resources": {"limits": {"cpu": "500m"}}}]},
        ),
        ({"containers": [{"env": [{"name": "A", "value": "1000"}]}]}, {"containers": [{"env": [{"name": "A", "value": "1000"}]}]}),
        ({"containers": [{"readinessProbe": {"initialDelaySeconds": 0}}]}, {"containers": [{"readinessProbe": {}}]}),
        ({"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1024Mi"}}]}, {"volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}]}),
        ({"priority": None, "replicas": 0, "x": UNKNOWN}, {"replicas": 0, "x": UNKNOWN}),
    ],
)
def test_what_the_server_does_not_keep_is_left_out(spec: Any, expected: Any) -> None:
    """Zeros that mean nothing go, those that mean something stay."""
    assert normalized({**POD, "spec": spec})["spec"] == expected


@pytest.mark.parametrize(
    "obj",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "", "limits": "1000m", "value": ""}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c", "labels": {"a": ""}, "annotations": {"readOnly": ""}}},
        {
            "apiVersion": "example.org/v1",
            "kind": "Thing",
            "spec": {"limits": {"cpu": "1000m"}, "readOnly": False, "list": [], "none": None},
        },
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": []},
        {"apiVersion": "v1", "kind": "Secret", "data": {"k": "no base64!"}},
    ],
    ids=["data", "labels", "custom resource", "required list", "bad base64"],
)
def test_what_users_choose_is_kept(obj: dict[str, Any]) -> None:
    """Names and texts of the program's own, and kinds that aren't Kubernetes' own, stay as they were written."""
    assert normalized(obj) == obj


def test_a_secrets_strings_become_data() -> None:
    """Strings go before data of the same key; what isn't known yet stays unknown; line breaks go."""
    obj = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "eA==", "b": "e\nA=="}, "stringData": {"a": "y", "c": UNKNOWN}}
    assert normalized(obj) == {"apiVersion": "v1", "kind": "Secret", "data": {"a": "eQ==", "b": "eA==", "c": UNKNOWN}}


def test_what_only_the_server_sets_is_left_out() -> None:
    """Versions, ids and times are no inputs; a definition's status isn't one either."""
    metadata: dict[str, Any] = {"name": "p", "uid": "1", "resourceVersion": "2", "managedFields": [], "creationTimestamp": None}
    assert normalized({**POD, "metadata": metadata}) == POD
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "x", "labels": {}}}
    assert normalized({**crd, "status": {}, "spec": {"preserveUnknownFields": False, "x": []}}) == {
        **crd,
        "metadata": {"name": "x"},
        "spec": {"x": []},
    }


@given(JSON)
def test_nothing_differs_from_itself(value: Any) -> None:
    """A value without unknowns has no difference from itself."""
    assert not list(diffing.changes(value, value))


@given(OBJECTS, OBJECTS)
def test_a_difference_is_one_both_ways(a: Any, b: Any) -> None:
    """Where one side adds, the other deletes."""
    there, back = ({path: kind for path, kind, _ in diffing.changes(*pair)} for pair in ((a, b), (b, a)))
    inverse = {"add": "delete", "delete": "add", "update": "update"}
    assert there == {path: inverse[kind] for path, kind in back.items()}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, {}),
        ({"a": True}, {"a": 1}, {"a": "update"}),
        ({"a": {"b": None}}, {"a": {}}, {}),
        ({"a": {"b.c": 1}}, {"a": {"b.c": 2}}, {'a["b.c"]': "update"}),
        ({"a": [1, 2, 3]}, {"a": [1, 5]}, {"a[1]": "update", "a[2]": "delete"}),
        ({"a": [{"n": "x"}]}, {"a": [{"n": "x"}, {"n": "y"}]}, {"a[1]": "add"}),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, {"a": "update"}),
        ({"a": {"b": 1}}, {"a": "b"}, {"a": "update"}),
    ],
)
def test_differences(old: Any, new: Any, expected: dict[str, str]) -> None:
    """Each is at the place where the values part."""
    assert {diffing.show(path): kind for path, kind, _ in diffing.changes(old, new)} == expected


@pytest.mark.parametrize(
    ("version", "kind", "path", "value", "expected"),
    [
        ("apps/v1", "Deployment", ("spec", "selector", "matchLabels", "a"), "x", True),
        ("apps/v1", "Deployment", ("spec", "replicas"), 2, False),
        ("apps/v1", "Deployment", ("spec",), {"selector": {}}, True),
        ("v1", "Pod", ("spec", "containers", 0, "image"), "i", True),
        ("v1", "Pod", ("spec", "containers"), [{"name": "a"}, {"image": "i"}], True),
        ("v1", "Pod", ("metadata", "labels", "a"), "x", False),
        ("v1", "Service", ("spec", "clusterIP"), None, True),
        ("v1", "Secret", ("data", "k"), "x", True),
        ("v1", "ConfigMap", ("data", "k"), "x", True),
        ("core/v1", "ConfigMap", ("binaryData",), {}, True),
        ("batch/v1", "Job", ("spec", "template", "spec"), {}, True),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", ("roleRef", "name"), "x", True),
        ("example.org/v1", "Thing", ("spec",), {}, False),
        ("example.org/v1", "Thing", ("metadata", "name"), "x", True),
    ],
)
def test_which_changes_replace(version: str, kind: str, path: Any, value: Any, *, expected: bool) -> None:
    """A change replaces where it touches a field that can't be changed in place, above, at or below it."""
    wanted = replacing.patterns({"apiVersion": version, "kind": kind}, replacing.Mutable())
    assert replacing.replaces(path, value, wanted) is expected


@pytest.mark.parametrize(
    ("kind", "mutable"), [("Secret", replacing.Mutable(secrets=True)), ("ConfigMap", replacing.Mutable(config_maps=True))]
)
def test_mutable_data_is_changed_in_place(kind: str, mutable: replacing.Mutable) -> None:
    """Unless the object says that it is immutable. A Secret's type never changes."""
    obj = {"apiVersion": "v1", "kind": kind}
    assert not replacing.replaces(("data", "k"), "x", replacing.patterns(obj, mutable))
    assert replacing.replaces(("data", "k"), "x", replacing.patterns({**obj, "immutable": True}, mutable))
    assert replacing.replaces(("type",), "x", replacing.patterns(obj, mutable)) is (kind == "Secret")


@pytest.mark.parametrize(
    ("inputs", "was", "live", "expected"),
    [
        ({"a": "1000m"}, {"a": "1"}, {"a": "1"}, {"a": "1000m"}),
        ({"a": "1000m"}, {"a": "1"}, {"a": "2"}, {"a": "2"}),
        ({"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 3}, {"a": 1}),
        ({"a": 1, "dropped": 0}, {"a": 1}, {"a": 1}, {"a": 1, "dropped": 0}),
        ({"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1}, {"a": 1}),
        ({"a": [{"n": 1}]}, {"a": [{"n": 1, "d": 0}]}, {"a": [{"n": 2, "d": 0}, {"n": 3}]}, {"a": [{"n": 2}]}),
        ({"a": [1, 2]}, {"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
        ({"a": {"b": 1}}, UNTOLD, {"a": {"b": 2, "c": 3}}, {"a": {"b": 2}}),
        ({"a": 1, "b": 2}, UNTOLD, {"a": 1}, {"a": 1}),
    ],
)
def test_refreshed_inputs(inputs: Any, was: Any, live: Any, expected: Any) -> None:
    """What is live at the inputs' places, except where it is as it was left."""
    assert refreshed(inputs, was, live) == expected


@given(OBJECTS, JSON)
def test_what_nobody_touched_is_refreshed_to_itself(inputs: Any, live: Any) -> None:
    """Whatever the server made of the inputs: if it is still that, they are what they were."""
    assert refreshed(inputs, live, live) == inputs


def test_secrets_are_marked_where_they_were() -> None:
    """Objects are gone into, lists are secret as a whole, and what holds no secret isn't even copied."""
    out = {"a": {"x": 1, "y": 2}, "l": [1, 2], "plain": {"z": 1}}
    found = marked(out, {"a": {"x": Secret(1)}, "l": [Secret(1), 2], "plain": {"z": 1}, "gone": Secret(1)})
    assert isinstance(found["a"]["x"], Secret)
    assert found["a"]["y"] == 2
    assert isinstance(found["l"], Secret)
    assert found["plain"] is out["plain"]
    assert marked(out, {"plain": {"z": 1}}) is out


def test_a_checkpoint_is_read_back() -> None:
    """Secrets open, notes apart from the object, identity at hand."""
    live = {**POD, "metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {"a": "s"}}
    found = Checkpoint(checkpoint(live, {**POD, "spec": {"a": Secret("s")}}, "v1", "m"))
    assert found.live == live
    assert found.inputs == {**POD, "spec": {"a": "s"}}
    assert (found.initial_version, found.manager) == ("v1", "m")
    assert found.identity == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n", "uid": "u"}}
    assert Checkpoint({}).identity == {"metadata": {}}


def test_field_managers_are_the_resources_own() -> None:
    """The same in each run, another for each resource, in the form of Pulumi's own provider."""
    assert field_manager("urn:a") == field_manager("urn:a") != field_manager("urn:b")
    assert field_manager("urn:a").startswith("pulumi-kubernetes-")


def test_masking_hides_what_is_secret_and_nothing_else() -> None:
    """Secrets inside secrets too, longest first; short ones would hide everything."""
    values = {"a": Secret({"x": "hush", "y": ["hush-hush", 1, "ab"]}), "b": "plain"}
    assert masked("hush-hush, hush, plain, ab, 1", values) == "[secret], [secret], plain, ab, 1"


def test_values_become_objects() -> None:
    """Secrets are opened, at any depth, and the keys of definitions get their dashes."""
    values = {"a": Secret({"x_kubernetes_list_type": Secret("map")}), "b": [Secret(1), UNKNOWN]}
    assert to_object(values) == {"a": {"x-kubernetes-list-type": "map"}, "b": [1, UNKNOWN]}
