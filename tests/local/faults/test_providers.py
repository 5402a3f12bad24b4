"""Providers that die, hang or get half-way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.reference_provider.install import install

if TYPE_CHECKING:
    from tests.local.faults.rig import Rig

FAULTY = 'from reference import Thing\nThing("a", name="a", value={value!r}, fault={fault!r})\n'


@pytest.fixture
def reference(rig: Rig) -> Rig:
    """A project with the reference provider's plugin."""
    install(rig.folder / "home")
    return rig


def wish(rig: Rig, value: Any = 1, **fault: str) -> None:
    """The program: one thing, with a fault."""
    rig.program(FAULTY.format(value=value, fault=fault or None))


@pytest.mark.parametrize("fault", ["die", "die-after"])
def test_a_provider_dies_in_a_creation(reference: Rig, fault: str) -> None:
    """The error says how it ended and what it said last; as with the CLI nothing is kept, and the next `up` creates again."""
    wish(reference, create=fault)
    failed = reference.up().checked(1)
    assert "the plugin of package 'reference' has ended in the middle of its work: it exited with code 3; it said last:" in failed.out
    assert "dying in" in failed.out
    assert reference.resources() == {}
    assert reference.pending() == {}
    assert reference.locks == []
    reference.none_left()
    wish(reference)
    reference.up().checked()
    assert set(reference.resources()) == {"a"}


def test_a_provider_dies_in_an_update(reference: Rig) -> None:
    """The old state stays, so that the next `up` updates again."""
    wish(reference)
    reference.up().checked()
    wish(reference, value=2, update="die")
    reference.up().checked(1)
    assert reference.resources()["a"]["outputs"]["value"] == 1
    wish(reference, value=2)
    reference.up().checked()
    assert reference.resources()["a"]["outputs"]["value"] == 2


def test_a_creation_gets_half_way(reference: Rig) -> None:
    """The resource is kept with what is wrong with it; the next `up` mends it, and is the end of that."""
    wish(reference, create="partial")
    failed = reference.up().checked(1)
    assert "2 errors occurred:" in failed.out
    assert reference.resources()["a"]["initErrors"] == ["it did not get ready", "it is partial"]
    assert reference.resources()["a"]["id"] == "a"
    wish(reference)
    reference.up().checked()
    assert "initErrors" not in reference.resources()["a"]
    assert [o["operation"] for o in reference.things.operations() if o["name"] == "a"] == ["create", "update"]


def test_an_update_gets_half_way(reference: Rig) -> None:
    """The new state is kept with the old inputs, so that the next `up` tries the rest."""
    wish(reference)
    reference.up().checked()
    wish(reference, value=2, update="partial")
    reference.up().checked(1)
    half = reference.resources()["a"]
    assert (half["inputs"]["value"], half["outputs"]["value"]) == (1, 2)
    assert half["initErrors"]
    wish(reference, value=2)
    reference.up().checked()
    mended = reference.resources()["a"]
    assert mended["inputs"]["value"] == 2
    assert "initErrors" not in mended


@pytest.mark.parametrize(
    ("value", "fault", "text"),
    [
        ("bad", {}, "reference:index:Thing resource 'a': property value value {bad} has a problem: is bad"),
        (1, {"check": "fail"}, "resource a was asked to fail in check"),
        (1, {"create": "fail"}, "resource a was asked to fail in create"),
    ],
    ids=["check-failures", "check-fails", "create-fails"],
)
def test_nothing_is_made(reference: Rig, value: Any, fault: dict[str, str], text: str) -> None:
    """The provider's own words are the error, and the state knows nothing of the resource."""
    wish(reference, value, **fault)
    failed = reference.up().checked(1)
    assert text in failed.out
    assert "Resource monitor has terminated" not in failed.out
    assert reference.resources() == {}
    assert reference.pending() == {}
