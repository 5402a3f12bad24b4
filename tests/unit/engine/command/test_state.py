"""`state`: edits of the state alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.unit.engine.command.conftest import Shell


@pytest.fixture
def full(dev: Shell, stack_resource: Any, box: Any) -> Shell:
    """A stack in which `b` depends on the protected `a`."""
    a = box("a", protect=True)
    dev.put(stack_resource, a, box("b", dependencies=[a["urn"]], propertyDependencies={"x": [a["urn"]]}), box("c"))
    return dev


def test_protection_is_set_and_cleared(full: Shell, box: Any) -> None:
    """For one, several or all; keys keep their order in the file."""
    assert full("state", "unprotect", "--all", "--yes").out == "All resources unprotected\n"
    assert not any(r.get("protect") for r in full.resources())
    assert full("state", "protect", box("a")["urn"], box("c")["urn"]).out == "2 resources protected\n"
    assert [r["urn"] for r in full.resources() if r.get("protect")] == [box("a")["urn"], box("c")["urn"]]
    assert list(full.resources()[3]) == ["urn", "custom", "id", "type", "parent", "protect"]
    assert full("state", "unprotect", box("a")["urn"], "--yes").out == "Resource unprotected\n"


def test_taint_marks_the_state_as_one_that_old_clis_must_not_touch(full: Shell, box: Any) -> None:
    """The feature comes and goes with the last tainted resource."""
    full("state", "taint", box("c")["urn"], "--yes")
    assert full.resources()[3]["taint"] is True
    assert '"version": 4,\n    "features": [\n        "taint"\n    ],' in full("stack", "export").out
    full("state", "untaint", "--all", "--yes")
    assert full("stack", "export").out.startswith('{\n    "version": 3,\n    "deployment"')


def test_deleting_takes_care_of_dependents_and_protection(full: Shell, box: Any) -> None:
    """What others need, and what is protected, goes only if that is asked for."""
    a, c = box("a")["urn"], box("c")["urn"]
    assert f'* "b" ({box("b")["urn"]})' in full("state", "delete", a, "--yes", code=1).err
    assert "is protected" in full("state", "delete", a, "--target-dependents", "--yes", code=1).err
    assert len(full.resources()) == 4
    assert full("state", "delete", c, "--yes").out == "Resource deleted\n"
    assert full("state", "rm", a, "--target-dependents", "--force", "--yes").out == "2 resources deleted\n"
    assert len(full.resources()) == 1


def test_renaming_follows_references(full: Shell, box: Any) -> None:
    """Whoever depends on the resource depends on its new name."""
    assert full("state", "rename", box("a")["urn"], "z", "--yes").out == "Resource renamed\n"
    new = box("z")["urn"]
    assert full.resources()[1]["urn"] == new
    assert full.resources()[2]["dependencies"] == [new]
    assert full.resources()[2]["propertyDependencies"] == {"x": [new]}
    assert "exists already" in full("state", "rename", new, "c", "--yes", code=1).err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("unprotect", "foo"), 1, 'No such resource "foo" exists in the current state\nTo list the resource URNs in the stack'),
        (("delete", "foo"), 1, '"foo" is not a valid resource URN'),
        (("delete",), 2, "must provide a URN corresponding to a resource, or --all"),
        (("protect", "--all", "x"), 2, "cannot specify URNs together with --all"),
        (("edit",), 1, "the embedded engine does not support `pulumi state edit`"),
    ],
)
def test_wrong_usage(full: Shell, words: tuple[str, ...], code: int, text: str) -> None:
    """The error says what is wrong, and nothing is changed."""
    before = full.resources()
    assert full("state", *words, "--yes", code=code).err.startswith(f"error: {text}")
    assert full.resources() == before
