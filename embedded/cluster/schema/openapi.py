"""What the server says about itself in OpenAPI: the schemas of all kinds, and as much of the paths as clients look at.

Clients find a kind by the `x-kubernetes-group-version-kind` of an operation or of a schema, and learn from a patch operation's parameters
and bodies whether the server can do a dry run, validate, and merge strategically.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.schema import gnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from embedded.cluster.schema.catalogue import Catalogue
    from embedded.cluster.schema.resource import Resource

Document = dict[str, Any]
_V3: Final = "#/components/schemas/"
_V2: Final = "#/definitions/"
_KINDS: Final = "x-kubernetes-group-version-kind"
_MERGES: Final = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC: Final = "application/strategic-merge-patch+json"
_QUERY: Final = (("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"))
_FORCE: Final = ("force", "boolean")
_PATCH: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
# What version 2 of OpenAPI can't say about a value, or says in other words.
_V2_FORMS: Final[dict[str, Document]] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
}
_V2_WORDS: Final = ("type", "format", "required")


@dataclass(slots=True)
class OpenAPI:
    """The documents of a server, made when they are asked for and again when the catalogue has changed."""

    catalogue: Catalogue
    _made: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    _revision: int = -1

    def index(self) -> bytes:
        """What is at /openapi/v3: where each version's document is."""
        return self._cached(("index",), lambda: _json({"paths": self._paths()}))

    def v3(self, group: str, version: str) -> bytes | None:
        """The document of a version of a group; None if it isn't served."""
        if version not in self.catalogue.versions(group):
            return None
        return self._cached(("v3", group, version), lambda: _json(v3(self.catalogue, group, version)))

    def v2(self) -> bytes:
        """The one document of OpenAPI 2, as JSON."""
        return self._cached(("v2",), lambda: _json(v2(self.catalogue)))

    def v2_protobuf(self) -> bytes:
        """The same as protobuf, which is what clients in Go ask for."""
        return self._cached(("v2", "protobuf"), lambda: gnostic.encode(v2(self.catalogue)))

    def _cached(self, key: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
        if self._revision != self.catalogue.revision:
            self._made.clear()
            self._revision = self.catalogue.revision
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _paths(self) -> Document:
        catalogue = self.catalogue
        versions = [(g, v) for g in catalogue.groups() for v in catalogue.versions(g)]
        return {
            _root(g, v)[1:]: {"serverRelativeURL": f"/openapi/v3{_root(g, v)}?hash={_digest(catalogue, catalogue.resources(g, v))}"}
            for g, v in versions
        }


def _json(document: Document) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _digest(catalogue: Catalogue, resources: Iterable[Resource]) -> str:
    """Tells documents of different content apart: clients keep one for as long as its digest stays."""
    custom = [(r.type_name, r.types.schema(r.type_name)) for r in resources if r.custom]
    return hashlib.sha256(repr((catalogue.version, custom)).encode()).hexdigest()[:32].upper()


def _root(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def v3(catalogue: Catalogue, group: str, version: str) -> Document:
    """The document of a version of a group."""
    resources = catalogue.resources(group, version)
    schemas = {name: _v3_schema(schema) for name, schema in _schemas(resources).items()}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": catalogue.version},
        "paths": {path: item for r in resources for path, item in _v3_paths(r).items()},
        "components": {"schemas": schemas | {_PATCH: {"type": "object"}}},
    }


def v2(catalogue: Catalogue) -> Document:
    """The document of all kinds together."""
    resources = catalogue.all()
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": catalogue.version},
        "paths": {path: item for r in resources for path, item in _v2_paths(r).items()},
        "definitions": {name: _V2_FORMS.get(name) or _v2_schema(schema) for name, schema in _schemas(resources).items()},
    }


def _schemas(resources: Iterable[Resource]) -> dict[str, Mapping[str, Any]]:
    """The schemas of the kinds, and all that they refer to."""
    found: dict[str, Mapping[str, Any]] = {}
    for resource in resources:
        waiting = [resource.type_name]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = schema = resource.types.schema(name)
                waiting += _references(schema)
        if resource.custom:
            found[resource.type_name] = {**found[resource.type_name], _KINDS: [_kind(resource)]}
    return {name: found[name] for name in sorted(found)}


def _references(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [ref for inner in schema for ref in _references(inner)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
    return own + [ref for inner in schema.values() for ref in _references(inner)]


def _v3_schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    out = {k: v for k, v in schema.items() if k not in {"$ref", "properties", "items", "additionalProperties", "zero"}}
    if (ref := schema.get("$ref")) is not None:
        reference = {"$ref": _V3 + ref}
        out = {"allOf": [reference], **out} if out else reference
    if "properties" in schema:
        out["properties"] = {name: _v3_schema(s) for name, s in schema["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if inner in schema:
            out[inner] = _v3_schema(schema[inner])
    return out


def _v2_schema(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-preserve-unknown-fields") and "properties" not in schema:
        # Clients take what has no type as it is, but drop what an object doesn't name.
        return {k: v for k, v in schema.items() if k.startswith("x-")}
    out = {k: v for k, v in schema.items() if k in _V2_WORDS or k.startswith("x-")}
    if schema.get("x-kubernetes-int-or-string"):
        out |= {"type": "string", "format": "int-or-string"}
    if (ref := schema.get("$ref")) is not None:
        out["$ref"] = _V2 + ref
    if "properties" in schema:
        out["properties"] = {name: _v2_schema(s) for name, s in schema["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            out[inner] = _v2_schema(schema[inner])
    return out


def _kind(resource: Resource) -> dict[str, str]:
    return {"group": resource.group, "version": resource.version, "kind": resource.kind}


def _collection(resource: Resource) -> str:
    space = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{_root(resource.group, resource.version)}{space}/{resource.plural}"


def _operations(resource: Resource) -> dict[str, dict[str, str]]:
    """The methods of a kind's two paths, each with what Kubernetes calls it."""
    collection = {"get": "list", "post": "create", "delete": "deletecollection"}
    one = {"get": "get", "put": "update", "patch": "patch", "delete": "delete"}
    path = _collection(resource)
    return {
        path: {method: verb for method, verb in collection.items() if verb in resource.verbs},
        f"{path}/{{name}}": {method: verb for method, verb in one.items() if verb in resource.verbs},
    }


def _bodies(resource: Resource) -> tuple[str, ...]:
    return _MERGES if resource.custom else (*_MERGES, _STRATEGIC)


def _parameters(method: str) -> tuple[tuple[str, str], ...]:
    if method == "patch":
        return (*_QUERY, _FORCE)
    return _QUERY if method in {"post", "put"} else _QUERY[:1] if method == "delete" else ()


def _in_path(path: str) -> list[str]:
    return [name for name in ("namespace", "name") if f"{{{name}}}" in path]


def _v3_paths(resource: Resource) -> Document:
    def operation(path: str, method: str, verb: str) -> Document:
        body = {"schema": {"$ref": _V3 + resource.type_name}}
        found: Document = {
            "operationId": f"{verb}{path.replace('/', '_')}",
            "parameters": [{"in": "query", "name": name, "schema": {"type": word}} for name, word in _parameters(method)],
            "responses": {"200": {"description": "OK", "content": {"application/json": body}}},
            "x-kubernetes-action": "put" if verb == "update" else "post" if verb == "create" else verb,
            _KINDS: _kind(resource),
        }
        if method == "patch":
            found["requestBody"] = {"content": {form: {"schema": {"$ref": _V3 + _PATCH}} for form in _bodies(resource)}, "required": True}
        elif method in {"post", "put"}:
            found["requestBody"] = {"content": {"application/json": body}, "required": True}
        return found

    return {
        path: {
            **{method: operation(path, method, verb) for method, verb in methods.items()},
            "parameters": [{"in": "path", "name": n, "required": True, "schema": {"type": "string"}} for n in _in_path(path)],
        }
        for path, methods in _operations(resource).items()
        if methods
    }


def _v2_paths(resource: Resource) -> Document:
    def operation(method: str, verb: str) -> Document:
        return {
            "consumes": list(_bodies(resource)) if method == "patch" else ["application/json", "application/yaml"],
            "produces": ["application/json", "application/yaml"],
            "parameters": [{"in": "query", "name": name, "type": word} for name, word in _parameters(method)],
            "responses": {"200": {"description": "OK"}},
            "x-kubernetes-action": verb,
            _KINDS: _kind(resource),
        }

    found = _operations(resource).items()
    return {path: {method: operation(method, verb) for method, verb in methods.items()} for path, methods in found if methods}
