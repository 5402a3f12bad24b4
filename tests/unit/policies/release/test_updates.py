"""What an update would take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Change, Given, judge, of_resource, stack_of
from policies.judging.fields import UNKNOWN
from policies.release.kept_data import kept_data
from policies.release.one_slot import one_slot
from policies.release.protected_resources import protected_resources
from policies.release.update_size import Size, update_size
from tests.unit.policies.release.stacks import made, pods

if TYPE_CHECKING:
    from policies.judging import Subject
    from policies.judging.stacks import Operation

NEW: dict[str, Any] = {"template": {"spec": {"containers": [{"name": "app", "image": "web:2"}]}}}


def change(operation: Operation, before: Subject | None, after: Subject | None = None) -> Change:
    """What is done to a resource."""
    return Change(operation, "urn:x", before, after)


def said(policy: Any, *changes: Change, given: Given[Any] | None = None) -> list[str]:
    """What a policy has against an update."""
    return [getattr(one, "reason", "doubt") for one in judge(policy, stack_of(changes=changes), given)]


BLUE, GREEN = change("update", pods("blue", 3), pods("blue", 3, **NEW)), change("update", pods("green", 3), pods("green", 3, **NEW))


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ([BLUE], True),
        ([GREEN], True),
        ([BLUE, GREEN], False),
        ([BLUE, change("replace", pods("green", 3), pods("green", 3))], False),
        ([BLUE, change("delete", pods("green", 3))], False),
        ([BLUE, change("update", pods("green", 3), pods("green", 5))], True),
        ([BLUE, change("same", pods("green", 3), pods("green", 3))], True),
        # A slot without pods has no users, and what is made for the first time takes nothing away.
        ([BLUE, change("update", pods("green", 0), pods("green", 1, **NEW))], True),
        ([BLUE, change("create", None, pods("green", 1))], True),
        # Another service, and a service that goes altogether.
        ([BLUE, change("update", pods("green", 3, app="api"), pods("green", 3, app="api", **NEW))], True),
        ([change("delete", pods("blue", 3)), change("delete", pods("green", 3))], True),
    ],
)
def test_one_slot_stays(changes: list[Change], good: bool) -> None:
    """Both slots' pods are never made anew at once."""
    assert (not said(one_slot, *changes)) is good


def test_a_template_that_is_not_known_yet_is_taken_for_a_new_one() -> None:
    """Where the resource is updated at all."""
    after = of_resource("kubernetes:apps/v1:Deployment", {**pods("green", 3).values, "spec": {"replicas": 3, "template": UNKNOWN}})
    assert len(said(one_slot, BLUE, change("update", pods("green", 3), after))) == 1


VOLUME, STATEFUL = made("PersistentVolumeClaim", "data"), pods("blue", 3, "StatefulSet")


@pytest.mark.parametrize(
    ("one", "good"),
    [
        (change("delete", VOLUME), False),
        (change("replace", VOLUME, VOLUME), False),
        (change("update", VOLUME, VOLUME), True),
        (change("create", None, VOLUME), True),
        (change("delete", STATEFUL), False),
        (change("replace", STATEFUL, STATEFUL), False),
        (change("update", STATEFUL, pods("blue", 2, "StatefulSet")), False),
        (change("update", STATEFUL, pods("blue", None, "StatefulSet")), False),
        (change("update", STATEFUL, pods("blue", 5, "StatefulSet")), True),
        (change("update", pods("blue", 3), pods("blue", 1)), True),
        (change("delete", made("ConfigMap", "x")), True),
    ],
)
def test_data_is_kept(one: Change, good: bool) -> None:
    """Volumes stay, and nothing with volumes shrinks."""
    assert (not said(kept_data, one)) is good


BUCKET = of_resource("aws:s3/bucket:Bucket", {}, label="logs")


@pytest.mark.parametrize(
    ("before", "good"),
    [
        (made("ConfigMap", "x"), True),
        (made("ConfigMap", "x", annotations={"tidegate.dev/protected": "true"}), False),
        (made("ConfigMap", "x", labels={"tidegate.dev/protected": "true"}), False),
        (of_resource("aws:sqs/queue:Queue", {}, label="q"), True),
        (of_resource("aws:sqs/queue:Queue", {}, label="q", protected=True), False),
        (made("Namespace", "shop"), False),
        (BUCKET, False),
    ],
)
@pytest.mark.parametrize("operation", ["replace", "delete"])
def test_what_is_protected_stays(before: Subject, operation: Operation, good: bool) -> None:
    """By Pulumi, by its own word, or by its kind."""
    assert (not said(protected_resources, change(operation, before))) is good
    assert not said(protected_resources, change("update", before, before))


@pytest.mark.parametrize(
    ("operation", "before", "good"),
    [
        ("delete", made("ConfigMap", "x"), False),
        ("replace", made("ConfigMap", "x"), False),
        ("update", made("ConfigMap", "x"), True),
        ("delete", made("ConfigMap", "web-green-config-0123456789"), True),
        ("replace", made("Job", "web-green-smoke"), True),
    ],
)
def test_an_update_has_its_size(operation: Operation, before: Subject, good: bool) -> None:
    """Three may go here, the fourth is too many; what each release makes anew is not counted."""
    given = Given(Size(replaced=3, deleted=3))
    assert said(update_size, *[change(operation, before)] * 3, given=given) == []
    found = said(update_size, *[change(operation, before)] * 4, given=given)
    assert (not found) is good
    assert all("4 resources" in text for text in found)
