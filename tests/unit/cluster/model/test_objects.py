"""Label selectors and the other questions that are asked of objects."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.cluster.model.errors import Cause, StatusError, invalid, modified, not_found, too_many
from embedded.cluster.model.objects import Selector, clone, controller_of, owner_reference


@pytest.mark.parametrize(
    ("text", "labels", "matches"),
    [
        ("", {}, True),
        ("a=b", {"a": "b"}, True),
        ("a==b", {"a": "c"}, False),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a in (b, c)", {"a": "c"}, True),
        ("a in (b,c),d", {"a": "c"}, False),
        ("a in(b)", {"a": "b"}, True),
        ("a notin (b,c)", {"a": "d"}, True),
        ("a notin (b,c)", {}, True),
        ("!a", {}, True),
        ("!a", {"a": ""}, False),
        ("a", {"a": ""}, True),
        ("a=", {"a": ""}, True),
        ("n>4,n<6", {"n": "5"}, True),
        ("n>4", {"n": "x"}, False),
        ("app.kubernetes.io/name=web,tier!=db", {"app.kubernetes.io/name": "web"}, True),
    ],
)
def test_selectors_of_queries(text: str, labels: dict[str, str], matches: bool) -> None:
    """What kubectl's -l says is understood as the real server understands it."""
    assert Selector.parse(text).matches(labels) is matches


@pytest.mark.parametrize("text", ["a in b", "=b", "a b", ",a", "a,,b"])
def test_what_is_no_selector(text: str) -> None:
    """Nonsense is a bad request that shows the term."""
    with pytest.raises(StatusError, match="unable to parse requirement") as caught:
        Selector.parse(text)
    assert caught.value.code == 400


def test_selectors_of_specs() -> None:
    """Labels and expressions hold together."""
    spec: dict[str, Any] = {
        "matchLabels": {"app": "web"},
        "matchExpressions": [{"key": "slot", "operator": "In", "values": ["blue"]}, {"key": "old", "operator": "DoesNotExist"}],
    }
    selector = Selector.of_spec(spec)
    assert selector.matches({"app": "web", "slot": "blue"})
    assert not selector.matches({"app": "web", "slot": "green"})
    assert not selector.matches({"app": "web", "slot": "blue", "old": ""})


def test_a_clone_shares_nothing() -> None:
    """Changing a copy leaves the original alone, at any depth."""
    original = {"a": [{"b": [1]}], "c": {}}
    copy = clone(original)
    copy["a"][0]["b"].append(2)
    copy["c"]["d"] = 1
    assert original == {"a": [{"b": [1]}], "c": {}}


def test_owners() -> None:
    """A dependent's controller is the reference that says so."""
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r", "uid": "u"}}
    pod = {"metadata": {"ownerReferences": [owner_reference(owner, controller=False), owner_reference(owner)]}}
    found = controller_of(pod)
    assert found is not None
    assert (found["name"], found["uid"], found["controller"]) == ("r", "u", True)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (not_found("apps", "deployments", "d"), {"code": 404, "reason": "NotFound", "message": 'deployments.apps "d" not found'}),
        (modified("", "pods", "p"), {"code": 409, "reason": "Conflict"}),
        (too_many("later", 7), {"code": 429, "details": {"retryAfterSeconds": 7}}),
        (
            invalid("", "Pod", "p", [Cause("FieldValueRequired", "Required value", "spec.a"), Cause("FieldValueInvalid", "bad", "spec.b")]),
            {"code": 422, "message": 'Pod "p" is invalid: [spec.a: Required value, spec.b: bad]'},
        ),
    ],
)
def test_errors_as_clients_get_them(error: StatusError, status: dict[str, Any]) -> None:
    """A Status has the code, the reason and the text that client libraries look at."""
    body = error.status()
    assert (body["kind"], body["status"]) == ("Status", "Failure")
    assert {k: body[k] for k in status} == status
