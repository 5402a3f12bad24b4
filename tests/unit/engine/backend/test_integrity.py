"""What every state must keep to."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.engine.backend.integrity import verify, verify_manifest
from embedded.engine.model.errors import EngineError
from embedded.engine.model.state import Resource, Snapshot

PROVIDER = Resource("urn:pulumi:d::p::pulumi:providers:x::default", "pulumi:providers:x", custom=True, id="1")
REFERENCE = f"{PROVIDER.urn}::1"


def resource(name: str, **fields: Any) -> Resource:
    """A resource of the state under test."""
    return Resource(f"urn:pulumi:d::p::x:y:Z::{name}", "x:y:Z", custom=True, id=name, **fields)


A, B = resource("a"), resource("b")


@pytest.mark.parametrize(
    "resources",
    [
        [],
        [PROVIDER, resource("a", provider=REFERENCE)],
        [A, resource("b", parent=A.urn, dependencies=[A.urn], property_dependencies={"x": [A.urn], "y": []}, deleted_with=A.urn)],
        [resource("a", delete=True), resource("a", delete=True), A],
        [A, resource("a", delete=True)],
        [resource("a", provider="urn:pulumi:d::p::pulumi:providers:x::gone::2", pending_replacement=True)],
    ],
)
def test_sound_states(resources: list[Resource]) -> None:
    """References to what stands before, and copies that are marked for deletion, are fine."""
    verify(Snapshot(resources))


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ([resource("a", provider=REFERENCE), PROVIDER], "a refers to unknown provider"),
        ([resource("a", parent=B.urn), B], "child resource .*::a's parent .*::b comes after it"),
        ([resource("a", parent=B.urn)], "child resource .*::a refers to missing parent .*::b"),
        ([resource("a", dependencies=[B.urn]), B], "resource .*::a's dependency .*::b comes after it"),
        ([resource("a", dependencies=[B.urn])], "resource .*::a refers to missing dependency .*::b"),
        ([resource("a", property_dependencies={"x": [B.urn]}), B], "a's property dependency .*::b comes after it"),
        ([resource("a", deleted_with=B.urn)], "a is specified as being deleted with .*::b, which is missing"),
        ([resource("a", deleted_with=B.urn), B], "a is specified as being deleted with .*::b, which comes after it"),
        ([A, resource("a")], "duplicate resource .*::a "),
    ],
)
def test_broken_states_are_refused(resources: list[Resource], message: str) -> None:
    """The first resource that breaks a rule is named."""
    with pytest.raises(EngineError, match=message):
        verify(Snapshot(resources))


def test_the_manifests_hash() -> None:
    """A manifest whose hash is not its version's was tampered with; one of no version has none."""
    verify_manifest({"manifest": {"version": "", "magic": ""}})
    verify_manifest({})
    with pytest.raises(EngineError, match="magic cookie mismatch"):
        verify_manifest({"manifest": {"version": "v3.1.0", "magic": "0"}})
