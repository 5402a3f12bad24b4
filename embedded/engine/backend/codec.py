"""Resource states and snapshots to and from the dicts that checkpoints hold.

A state file is read by every release of Pulumi, so the keys' order, what is left out when empty, and how each kind of value
is spelled follow the released CLI. What this engine doesn't know is carried in `Resource.extra`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from embedded.engine import ENGINE_VERSION
from embedded.engine.backend.bulk import no_collection
from embedded.engine.backend.propertyjson import decode_value, encode_number, encode_value
from embedded.engine.model import gojson
from embedded.engine.model.errors import AuthenticationError, EngineError, NotSupportedError
from embedded.engine.model.state import PendingOperation, Resource, Snapshot, Timeouts
from embedded.engine.model.values import ByteString, walk

if TYPE_CHECKING:
    from embedded.engine.backend.crypto import Secrets
    from embedded.engine.model.values import Value, Values

__all__ = [
    "FEATURES_VERSION",
    "KNOWN_FEATURES",
    "VERSION",
    "check_version",
    "decode_resource",
    "decode_snapshot",
    "decode_value",
    "encode_operation",
    "encode_resource",
    "encode_snapshot",
    "encode_value",
    "features",
    "magic",
    "manifest",
]

VERSION: Final = 3
# A deployment that uses any feature is written as version 4, so that a CLI which does not know it refuses to touch it.
FEATURES_VERSION: Final = 4
KNOWN_FEATURES: Final = frozenset({"refreshBeforeUpdate", "views", "hooks", "taint", "replaceWith", "byteString"})

_EXTRA_ORDER: Final = ("viewOf", "resourceHooks", "extensionRef", "snippetID")


def encode_resource(resource: Resource, secrets: Secrets, *, show_secrets: bool = False) -> dict[str, Any]:
    """The state as a checkpoint's `resources` entry."""
    r = resource

    def encode(value: Value) -> Value:
        return encode_value(value, secrets, show_secrets=show_secrets)

    timeouts = {k: encode_number(v) for k in ("create", "update", "delete", "read") if (v := getattr(r.custom_timeouts, k))}
    trigger = None if r.replacement_trigger is None else encode(r.replacement_trigger)
    optional: tuple[tuple[str, Any], ...] = (
        ("inputs", encode(r.inputs)),
        ("outputs", encode(r.outputs)),
        ("parent", r.parent),
        ("protect", r.protect),
        ("taint", r.taint),
        ("external", r.external),
        ("dependencies", r.dependencies),
        ("initErrors", r.init_errors),
        ("provider", r.provider),
        ("propertyDependencies", dict(sorted(r.property_dependencies.items()))),
        ("pendingReplacement", r.pending_replacement),
        ("additionalSecretOutputs", r.additional_secret_outputs),
        ("aliases", r.aliases),
        ("customTimeouts", timeouts),
        ("importID", r.import_id),
        ("retainOnDelete", r.retain_on_delete),
        ("deletedWith", r.deleted_with),
        ("replaceWith", r.replace_with),
        ("created", r.created),
        ("modified", r.modified),
        ("sourcePosition", r.source_position),
        ("stackTrace", r.stack_trace),
        ("ignoreChanges", r.ignore_changes),
        ("hideDiff", r.hide_diff),
        ("replaceOnChanges", r.replace_on_changes),
        ("refreshBeforeUpdate", r.refresh_before_update),
    )
    encoded: dict[str, Any] = {"urn": r.urn, "custom": r.custom}
    if r.delete:
        encoded["delete"] = True
    if r.id:
        encoded["id"] = r.id
    encoded["type"] = r.type
    for key, value in optional:
        if key == "refreshBeforeUpdate" and trigger is not None:
            encoded["replacementTrigger"] = trigger
        if value:
            encoded[key] = value
    if r.extra:
        encoded |= {k: r.extra[k] for k in _EXTRA_ORDER if k in r.extra} | {k: v for k, v in r.extra.items() if k not in _EXTRA_ORDER}
    return encoded


_FIELDS: Final = {
    "urn": "urn",
    "type": "type",
    "custom": "custom",
    "id": "id",
    "delete": "delete",
    "parent": "parent",
    "provider": "provider",
    "dependencies": "dependencies",
    "propertyDependencies": "property_dependencies",
    "protect": "protect",
    "external": "external",
    "pendingReplacement": "pending_replacement",
    "retainOnDelete": "retain_on_delete",
    "taint": "taint",
    "deletedWith": "deleted_with",
    "replaceWith": "replace_with",
    "initErrors": "init_errors",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "importID": "import_id",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "hideDiff": "hide_diff",
    "refreshBeforeUpdate": "refresh_before_update",
    "created": "created",
    "modified": "modified",
    "sourcePosition": "source_position",
    "stackTrace": "stack_trace",
}
_DECODED: Final = frozenset({*_FIELDS, "inputs", "outputs", "customTimeouts", "replacementTrigger"})


def decode_resource(encoded: dict[str, Any], secrets: Secrets) -> Resource:
    """The state that a checkpoint's `resources` entry holds. EngineError names the resource that cannot be read."""
    urn = encoded.get("urn")
    if not urn:
        msg = "resource missing required 'urn' field"
        raise EngineError(msg)
    if not encoded.get("type"):
        msg = f"resource '{urn}' missing required 'type' field"
        raise EngineError(msg)
    if not encoded.get("custom") and encoded.get("id"):
        msg = f"resource '{urn}' has 'custom' false but non-empty ID"
        raise EngineError(msg)
    fields = {"custom": False} | {_FIELDS[k]: v for k, v in encoded.items() if k in _FIELDS and v is not None}
    extra = {k: v for k, v in encoded.items() if k not in _DECODED}
    if "property_dependencies" in fields:
        fields["property_dependencies"] = {k: v or [] for k, v in fields["property_dependencies"].items()}
    try:
        inputs: Values = decode_value(encoded.get("inputs") or {}, secrets)
        outputs: Values = decode_value(encoded.get("outputs") or {}, secrets)
        trigger = decode_value(encoded.get("replacementTrigger"), secrets)
    except AuthenticationError:
        raise
    except (EngineError, ValueError, KeyError, TypeError, AttributeError) as e:
        msg = f"the state of {urn} cannot be read: {e}"
        raise EngineError(msg) from e
    timeouts = encoded.get("customTimeouts") or {}
    return Resource(
        inputs=inputs,
        outputs=outputs,
        replacement_trigger=trigger,
        custom_timeouts=Timeouts(**{k: timeouts[k] for k in ("create", "update", "delete", "read") if k in timeouts})
        if timeouts
        else Timeouts(),
        extra=extra,
        **fields,
    )


def encode_operation(operation: PendingOperation, secrets: Secrets, *, show_secrets: bool = False) -> dict[str, Any]:
    """A pending operation as a checkpoint's `pending_operations` entry."""
    return {"resource": encode_resource(operation.resource, secrets, show_secrets=show_secrets), "type": operation.type}


def features(resource: Resource) -> frozenset[str]:
    """The features that a deployment needs because of this resource; none for almost all."""
    found = {
        "refreshBeforeUpdate": resource.refresh_before_update,
        "taint": resource.taint,
        "replaceWith": bool(resource.replace_with),
        "views": bool(resource.extra.get("viewOf")),
        "hooks": bool(resource.extra.get("resourceHooks")),
        "byteString": any(isinstance(v, ByteString) for v in walk([resource.inputs, resource.outputs, resource.replacement_trigger])),
    }
    return frozenset(name for name, used in found.items() if used)


# Deployments


def manifest(version: str = f"v{ENGINE_VERSION}", time: str = "") -> dict[str, Any]:
    """When and by which release a deployment was written, and the hash that shows it was not tampered with."""
    return {"time": time or gojson.timestamp(), "magic": magic(version), "version": version}


def magic(version: str) -> str:
    """What a manifest's `magic` must be."""
    return sha256(version.encode()).hexdigest() if version else ""


def encode_snapshot(snapshot: Snapshot, secrets: Secrets, *, show_secrets: bool = False, time: str = "") -> dict[str, Any]:
    """The snapshot as an untyped deployment: `{version, features?, deployment}`, as `stack export` has it."""
    needed = sorted(set().union(*(features(r) for r in [*snapshot.resources, *(p.resource for p in snapshot.pending)])))
    deployment: dict[str, Any] = {"manifest": manifest(time=time)}
    if secrets.provider:
        deployment["secrets_providers"] = secrets.provider
    if snapshot.resources:
        deployment["resources"] = [encode_resource(r, secrets, show_secrets=show_secrets) for r in snapshot.resources]
    if snapshot.pending:
        deployment["pending_operations"] = [encode_operation(p, secrets, show_secrets=show_secrets) for p in snapshot.pending]
    deployment["metadata"] = snapshot.metadata
    return (
        {"version": FEATURES_VERSION, "features": needed, "deployment": deployment}
        if needed
        else {"version": VERSION, "deployment": deployment}
    )


def check_version(untyped: dict[str, Any]) -> None:
    """Refuses a deployment that is too old, too new, or uses what this engine does not know."""
    version, used = untyped.get("version") or 0, untyped.get("features") or []
    if untyped.get("deployment") is None:
        return
    if version > FEATURES_VERSION:
        msg = "this stack's deployment version is too new; upgrade this program, or use a newer `pulumi` CLI with the stack"
        raise EngineError(msg)
    if version < VERSION:
        msg = f"state of the old version {version}"
        raise NotSupportedError(msg, "run `pulumi refresh` once with the real CLI, which rewrites it")
    unknown = sorted(set(used) - KNOWN_FEATURES)
    if version >= FEATURES_VERSION and unknown:
        msg = f"state that needs the features {', '.join(unknown)}"
        raise NotSupportedError(msg)


def decode_snapshot(untyped: dict[str, Any], secrets: Secrets) -> Snapshot:
    """The snapshot that an untyped deployment holds; an empty one if there is none yet."""
    check_version(untyped)
    deployment = untyped.get("deployment")
    if deployment is None:
        return Snapshot()
    for key in ("snippets", "extensions"):
        if deployment.get(key):
            msg = f"state with {key}"
            raise NotSupportedError(msg)
    head = deployment.get("manifest") or {}
    with no_collection():
        resources = [decode_resource(r, secrets) for r in deployment.get("resources") or ()]
    return Snapshot(
        resources=resources,
        pending=[PendingOperation(decode_resource(p["resource"], secrets), p["type"]) for p in deployment.get("pending_operations") or ()],
        secrets_provider=deployment.get("secrets_providers"),
        metadata=deployment.get("metadata") or {},
        time=head.get("time") or "",
        version=head.get("version") or "",
    )
