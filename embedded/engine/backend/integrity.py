"""What every state must keep to: what a resource refers to stands before it, and no URN is there twice.

An engine that went on from a state that breaks this would delete what is in use. So a state is checked when it is read, and
refused with the offender's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.backend.codec import magic
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from embedded.engine.model.state import Resource, Snapshot


def verify(snapshot: Snapshot) -> None:
    """Raises EngineError naming the first resource that breaks a rule."""
    problem = next(problems(snapshot.resources), None)
    if problem:
        msg = f"snapshot integrity failure; refusing to use it: {problem}. `pulumi stack import` takes a backup or history checkpoint"
        raise EngineError(msg)


def verify_manifest(deployment: dict[str, Any]) -> None:
    """Raises EngineError if the deployment's manifest has not the hash of its version."""
    manifest = deployment.get("manifest") or {}
    if (manifest.get("magic") or "") != magic(manifest.get("version") or ""):
        msg = "snapshot integrity failure; refusing to use it: magic cookie mismatch: possible tampering/corruption detected"
        raise EngineError(msg)


def problems(resources: Sequence[Resource]) -> Iterator[str]:
    """What is wrong, in the order of the resources."""
    all_urns = {r.urn for r in resources}
    seen: set[str] = set()
    live: set[str] = set()
    providers: set[str] = set()
    for r in resources:
        if urns.is_provider_type(r.type):
            providers.add(urns.provider_ref(r.urn, r.id))
        if r.provider and r.provider not in providers and not r.pending_replacement:
            yield f"resource {r.urn} refers to unknown provider {r.provider}"
        for kind, target in _references(r):
            if target not in seen:
                yield _wrong(r.urn, kind, target, later=target in all_urns)
        if r.urn in live and not r.delete:
            yield f"duplicate resource {r.urn} (not marked for deletion)"
        seen.add(r.urn)
        if not r.delete:
            live.add(r.urn)


def _references(resource: Resource) -> Iterator[tuple[str, str]]:
    if resource.parent:
        yield "parent", resource.parent
    for dependency in resource.dependencies:
        yield "dependency", dependency
    for dependencies in resource.property_dependencies.values():
        for dependency in dependencies:
            yield "property dependency", dependency
    if resource.deleted_with:
        yield "deletedWith", resource.deleted_with


def _wrong(urn: str, kind: str, target: str, *, later: bool) -> str:
    if kind == "parent":
        return (
            f"child resource {urn}'s parent {target} comes after it" if later else f"child resource {urn} refers to missing parent {target}"
        )
    if kind == "deletedWith":
        return f"resource {urn} is specified as being deleted with {target}, which {'comes after it' if later else 'is missing'}"
    return f"resource {urn}'s {kind} {target} comes after it" if later else f"resource {urn} refers to missing {kind} {target}"
