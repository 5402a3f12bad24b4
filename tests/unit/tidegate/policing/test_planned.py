"""What an update would do, out of the events of its preview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.judging.rulebook import Rulebook
from tidegate.policing.packs import NAMES, folder, folders, pack
from tidegate.policing.planned import Planned, changing, subjects_of

if TYPE_CHECKING:
    from pathlib import Path

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
PROJECT = "urn:pulumi:dev::shop::"


def state(kind: str, name: str, **inputs: Any) -> dict[str, Any]:
    """A resource's state, as events have it."""
    return {"type": kind, "urn": f"{PROJECT}{kind}::{name}", "inputs": inputs}


def event(operation: str, before: dict[str, Any] | None, after: dict[str, Any] | None = None) -> dict[str, Any]:
    """What is told before a step."""
    known = before or after or {}
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": known["urn"], "type": known["type"], "old": before, "new": after}}}


def named(name: str) -> dict[str, Any]:
    """What an object is called."""
    return {"metadata": {"name": name, "namespace": "shop"}}


def test_changes_are_put_together() -> None:
    """A replacement is one change, though it is told in steps; the stack has what will be there, and its outputs."""
    volume, config = (
        state("kubernetes:core/v1:PersistentVolumeClaim", "data", **named("data")),
        state("kubernetes:core/v1:ConfigMap", "a", data=SECRET),
    )
    root = {"type": "pulumi:pulumi:Stack", "urn": f"{PROJECT}pulumi:pulumi:Stack::shop-dev", "outputs": {"ledger": {"version": 2.0}}}
    planned = Planned(Rulebook.of([pack("release")]))
    told: tuple[dict[str, Any], ...] = (
        event("same", root, root),
        event("create-replacement", volume, volume),
        event("replace", volume, volume),
        event("delete-replaced", volume),
        event("update", config, config),
        event("delete", state("kubernetes:core/v1:ConfigMap", "b", **named("b"))),
        event("same", state("pulumi:providers:kubernetes", "p")),
        {"resOutputsEvent": {"metadata": {"op": "same", "urn": root["urn"], "type": root["type"], "new": root}}},
        {"summaryEvent": {}},
    )
    for one in told:
        planned.take(one)
    stack = planned.stack()
    assert [one.operation for one in stack.changes or ()] == ["replace", "update", "delete"]
    assert [one.kind for one in stack.subjects] == ["Stack", "PersistentVolumeClaim", "ConfigMap"]
    assert stack.output("ledger").value == {"version": 2}
    assert not stack.subjects[2].at("data").known
    assert [(one.rule.name, one.subject.shown) for one in planned.violations()] == [
        ("release/kept-data", "shop/PersistentVolumeClaim/data")
    ]


def test_only_packs_of_tidegate_judge_updates(tmp_path: Path) -> None:
    """By the stack's configuration; another's pack of that name is another's."""
    other = tmp_path / "release"
    other.mkdir()
    (other / "PulumiPolicy.yaml").write_text("runtime: python\n")
    assert changing([other], {}) is None
    assert changing([folder("compliance")], {"tidegate:policies": '{"enforcement": {"compliance": "disabled"}}'}) is None
    found = changing([folder("release")], {"tidegate:policies": '{"enforcement": {"release/kept-data": "disabled"}}'})
    assert found is not None
    found.take(event("delete", state("kubernetes:core/v1:PersistentVolumeClaim", "data", **named("data"))))
    assert found.violations() == []


def test_packs_are_found_by_name_or_folder(tmp_path: Path) -> None:
    """A folder of the project goes before a name."""
    assert folders(["release", "mine"], tmp_path) == [folder("release"), tmp_path / "mine"]
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "PulumiPolicy.yaml").touch()
    assert folders(["release"], tmp_path) == [tmp_path / "release"]
    assert all((folder(name) / "PulumiPolicy.yaml").is_file() for name in NAMES)


def test_a_state_is_judged_as_it_was_asked_for() -> None:
    """Without providers, and without what is only still to be deleted."""
    gone = {**state("kubernetes:core/v1:ConfigMap", "b"), "delete": True}
    found = list(subjects_of({"resources": [state("pulumi:providers:kubernetes", "p"), state("kubernetes:core/v1:ConfigMap", "a"), gone]}))
    assert [one.label for one in found] == ["a"]
    assert list(subjects_of({})) == []
