"""Writing checkpoints again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedded.engine.backend import codec
from embedded.engine.backend.checkpoint import CheckpointWriter
from embedded.engine.model.state import PendingOperation, Resource, Snapshot
from embedded.engine.model.values import Secret, same

if TYPE_CHECKING:
    import pytest

    from embedded.engine.backend.crypto import PassphraseSecrets
    from embedded.engine.backend.diy import Backend
    from embedded.engine.backend.naming import StackName


def make(name: str, **inputs: object) -> Resource:
    """A resource of the state under test."""
    return Resource(f"urn:pulumi:dev::shop::a:b:C::{name}", "a:b:C", custom=True, id=name, inputs=inputs)


def test_the_file_is_what_encoding_a_snapshot_gives(backend: Backend, stack: StackName, secrets: PassphraseSecrets) -> None:
    """The joined file is the same as one that is encoded as a whole."""
    snapshot = Snapshot([make("a", s=Secret("x"), t="é\u2028"), make("b")], [PendingOperation(make("c"), "creating")])
    CheckpointWriter(backend, stack, secrets, snapshot).write(snapshot.resources, snapshot.pending)
    checkpoint = json.loads(backend.bucket.read(".pulumi/stacks/shop/dev.json"))
    whole = codec.encode_snapshot(snapshot, secrets, time=checkpoint["checkpoint"]["latest"]["manifest"]["time"])
    expected = {"version": 3, "checkpoint": {"stack": "organization/shop/dev", "latest": whole["deployment"]}}
    assert json.dumps(checkpoint) == json.dumps(expected)
    again = codec.decode_snapshot(backend.deployment(stack), secrets)
    assert [r.urn for r in again.resources] == [r.urn for r in snapshot.resources]
    assert all(same(a.inputs, b.inputs) for a, b in zip(again.resources, snapshot.resources, strict=True))
    assert [(p.resource.urn, p.type) for p in again.pending] == [(p.resource.urn, p.type) for p in snapshot.pending]


def test_an_empty_state(backend: Backend, stack: StackName, secrets: PassphraseSecrets) -> None:
    """A destroyed stack keeps manifest and secrets provider, and has no list of resources."""
    CheckpointWriter(backend, stack, secrets, Snapshot()).write([])
    latest = backend.read(stack)["checkpoint"]["latest"]
    assert list(latest) == ["manifest", "secrets_providers", "metadata"]


def test_a_resource_is_encoded_once(
    backend: Backend, stack: StackName, secrets: PassphraseSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a resource that was assigned to since the last write is encoded again."""
    resources = [make("a"), make("b")]
    writer = CheckpointWriter(backend, stack, secrets, Snapshot(resources))
    encoded: list[str] = []
    encode = codec.encode_resource

    def counting(resource: Resource, secrets: PassphraseSecrets) -> dict[str, object]:
        encoded.append(resource.id)
        return encode(resource, secrets)

    monkeypatch.setattr(codec, "encode_resource", counting)
    writer.write(resources)
    writer.write(resources)
    assert encoded == ["a", "b"]
    resources[1].outputs = {"x": 1}
    writer.write(resources)
    assert encoded == ["a", "b", "b"]
    assert backend.read(stack)["checkpoint"]["latest"]["resources"][1]["outputs"] == {"x": 1}


def test_fragments_of_other_secrets_are_dropped(backend: Backend, stack: StackName, secrets: PassphraseSecrets) -> None:
    """A new writer never writes what another one encrypted."""
    resource = make("a")
    resource.fragment = b"stale"
    data = CheckpointWriter(backend, stack, secrets, Snapshot([resource])).encode([resource])
    assert b"stale" not in data


def test_features_come_and_go(backend: Backend, stack: StackName, secrets: PassphraseSecrets) -> None:
    """The version is 4 as long as a resource in the state, or a pending one, needs it."""
    plain, tainted = make("a"), make("b")
    tainted.taint = True
    writer = CheckpointWriter(backend, stack, secrets, Snapshot())

    def head(resources: list[Resource], pending: list[Resource]) -> tuple[int, list[str] | None]:
        data = json.loads(writer.encode(resources, [PendingOperation(p, "updating") for p in pending]))
        return data["version"], data.get("features")

    assert head([plain], []) == (3, None)
    assert head([plain, tainted], []) == (4, ["taint"])
    assert head([plain], [tainted]) == (4, ["taint"])
    assert head([plain], []) == (3, None)
    tainted.taint = False
    assert head([plain, tainted], []) == (3, None)


def test_each_write_keeps_the_former(backend: Backend, stack: StackName, secrets: PassphraseSecrets) -> None:
    """The state before the last write is beside it."""
    writer = CheckpointWriter(backend, stack, secrets, Snapshot())
    for name in "abc":
        writer.write([make(name)])
    former = json.loads(backend.bucket.read(".pulumi/stacks/shop/dev.json.bak"))
    assert former["checkpoint"]["latest"]["resources"][0]["id"] == "b"
