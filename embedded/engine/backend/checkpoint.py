"""Writes a stack's checkpoint again and again while an update runs, at a cost that follows what changed.

A checkpoint holds the whole state, so an update of n resources that encoded it at each step would cost n squared. Each
resource's encoded form is kept with it instead (`Resource.fragment`), and a write joins them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.backend import codec
from embedded.engine.model import gojson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.backend.crypto import Secrets
    from embedded.engine.backend.diy import Backend
    from embedded.engine.backend.naming import StackName
    from embedded.engine.model.state import PendingOperation, Resource, Snapshot


class CheckpointWriter:
    """Writes one stack's checkpoints. One thread at a time; the resources must not change during a write."""

    def __init__(self, backend: Backend, stack: StackName, secrets: Secrets, base: Snapshot) -> None:
        self._backend, self._stack, self._secrets = backend, stack, secrets
        self._metadata = base.metadata
        # Of the few resources that need any; those whose fragment is not in use any more don't matter.
        self._features: dict[Resource, frozenset[str]] = {}
        # Another writer may have left fragments that other secrets encrypted.
        for resource in [*base.resources, *(p.resource for p in base.pending)]:
            resource.fragment = None

    def write(self, resources: Sequence[Resource], pending: Sequence[PendingOperation] = ()) -> None:
        """Replaces the stack's checkpoint; it is on disk when this returns."""
        self._backend.write_checkpoint(self._stack, self.encode(resources, pending))

    def encode(self, resources: Sequence[Resource], pending: Sequence[PendingOperation] = ()) -> bytes:
        """The checkpoint file's bytes."""
        fragments = [r.fragment or self._fragment(r) for r in resources]
        operations = [(p.resource.fragment or self._fragment(p.resource), p.type.encode()) for p in pending]
        head: dict[str, Any] = {"version": codec.VERSION}
        if self._features:
            used = set().union(*(self._features.get(r, ()) for r in [*resources, *(p.resource for p in pending)]))
            if used:
                head = {"version": codec.FEATURES_VERSION, "features": sorted(used)}
        parts = [gojson.dump_bytes(head)[:-1], b',"checkpoint":{"stack":', gojson.dump_bytes(self._stack.full)]
        parts += [b',"latest":{"manifest":', gojson.dump_bytes(codec.manifest())]
        if self._secrets.provider:
            parts += [b',"secrets_providers":', gojson.dump_bytes(self._secrets.provider)]
        if fragments:
            parts += [b',"resources":[', b",".join(fragments), b"]"]
        if operations:
            entries = (b'{"resource":%b,"type":"%b"}' % operation for operation in operations)
            parts += [b',"pending_operations":[', b",".join(entries), b"]"]
        parts += [b',"metadata":', gojson.dump_bytes(self._metadata), b"}}}"]
        return b"".join(parts)

    def _fragment(self, resource: Resource) -> bytes:
        fragment = gojson.dump_bytes(codec.encode_resource(resource, self._secrets))
        needed = codec.features(resource)
        if needed:
            self._features[resource] = needed
        else:
            self._features.pop(resource, None)
        resource.fragment = fragment
        return fragment
