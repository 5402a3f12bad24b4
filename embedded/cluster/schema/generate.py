"""Writes `kubernetes.json.gz`, the kinds and types of the built-in API, from the `api` folder of a Kubernetes source tree.

Taken: the discovery documents (names, verbs, sub-resources) and the OpenAPI v3 schemas (fields, how lists and maps merge, defaults) of all
versions that a server serves by default, so no alpha and no beta, and from the Go modules with the structs what becomes of empty fields.
Left out: descriptions and paths, nine tenths of it.

    python -m embedded.cluster.schema.generate KUBERNETES/api VERSION --go io.k8s.api=API --go io.k8s.apimachinery=APIMACHINERY ...
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.cluster.schema.data import DATA
from embedded.cluster.schema.gostructs import zeros

if TYPE_CHECKING:
    from embedded.cluster.schema.gostructs import Zero

_STABLE = re.compile(r"v[0-9]+")
_REF = "#/components/schemas/"
# Kept of a schema as they are; what else is kept needs a look.
_KEPT = (
    "type",
    "format",
    "oneOf",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-patch-strategy",
    "x-kubernetes-patch-merge-key",
)
# Kinds of every group: they would list all of them.
_EVERYWHERE = {"DeleteOptions", "WatchEvent"}


def main() -> None:
    """Read the arguments, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("api", type=Path, help="the folder `api` of Kubernetes' source")
    parser.add_argument("version", help="the version that the server shall say it has, such as v1.36.3")
    parser.add_argument(
        "--go", action="append", default=[], metavar="PREFIX=FOLDER", help="a Go module, and how its definitions are called"
    )
    parser.add_argument("--out", type=Path, default=DATA)
    args = parser.parse_args()
    roots = {prefix: Path(folder) for prefix, _, folder in (text.partition("=") for text in args.go)}
    data = collect(args.api, args.version, roots)
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    args.out.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def collect(api: Path, version: str, roots: dict[str, Path] | None = None) -> dict[str, Any]:
    """All that goes into the file."""
    groups = [("", ["v1"])]
    groups += [(g["name"], stable) for g in _read(api / "discovery/apis.json")["groups"] if (stable := _stable(g))]
    definitions: dict[str, Any] = {}
    for path in sorted((api / "openapi-spec/v3").glob("*_openapi.json")):
        for name, schema in _read(path).get("components", {}).get("schemas", {}).items():
            definitions.setdefault(name, schema)
    resources = [r for group, versions in groups for v in versions for r in _resources(api, group, v)]
    kinds = {(r["group"], r["version"], r["kind"]) for r in resources}
    kinds |= {tuple(s["kind"]) for r in resources for s in r.get("subresources", {}).values()}
    trimmed = {name: trim(schema) for name, schema in definitions.items()}
    named = [name for name, schema in trimmed.items() if _is_root(name, schema, kinds)]
    used = _reachable(trimmed, named)
    for name in used:
        _add_zeros(trimmed[name], zeros(name, roots or {}))
    return {"version": version, "groups": groups, "resources": resources, "types": {name: trimmed[name] for name in sorted(used)}}


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _stable(group: dict[str, Any]) -> list[str]:
    return [v["version"] for v in group["versions"] if _STABLE.fullmatch(v["version"])]


def _resources(api: Path, group: str, version: str) -> list[dict[str, Any]]:
    file = f"apis__{group}__{version}.json" if group else f"api__{version}.json"
    found: dict[str, dict[str, Any]] = {}
    for entry in _read(api / "discovery" / file)["resources"]:
        plural, slash, sub = entry["name"].partition("/")
        if not slash:
            found[plural] = {
                "group": group,
                "version": version,
                "kind": entry["kind"],
                "plural": plural,
                "singular": entry["singularName"],
                "namespaced": entry["namespaced"],
                "shortNames": entry.get("shortNames", []),
                "categories": entry.get("categories", []),
                "verbs": entry["verbs"],
            }
            continue
        kind = [entry.get("group", group), entry.get("version", version), entry["kind"]]
        found[plural].setdefault("subresources", {})[sub] = {"kind": kind, "verbs": entry["verbs"]}
    return list(found.values())


def trim(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without descriptions; its references are bare names."""
    trimmed = {k: schema[k] for k in _KEPT if k in schema}
    wrapped = schema.get("allOf", [{}])[0]
    if ref := schema.get("$ref") or wrapped.get("$ref"):
        trimmed["$ref"] = ref.removeprefix(_REF)
    # {} says that the part is always there, however empty; "", 0 and false say only that a program in Go wouldn't know better.
    if (default := schema.get("default")) or default == {}:
        trimmed["default"] = default
    if "properties" in schema:
        trimmed["properties"] = {name: trim(s) for name, s in schema["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if inner in schema:
            trimmed[inner] = {k: v for k, v in trim(schema[inner]).items() if k != "default"}
    if kinds := schema.get("x-kubernetes-group-version-kind"):
        named = [k for k in kinds if k["kind"] not in _EVERYWHERE or k["group"] == ""]
        trimmed["x-kubernetes-group-version-kind"] = [k for k in named if _STABLE.fullmatch(k["version"])]
    return trimmed


def _add_zeros(schema: dict[str, Any], found: dict[str, Zero]) -> None:
    for name, zero in found.items():
        if (field := schema.get("properties", {}).get(name)) is not None:
            field["zero"] = zero


def _is_root(name: str, schema: dict[str, Any], kinds: set[tuple[str, str, str]]) -> bool:
    declared = {(k["group"], k["version"], k["kind"].removesuffix("List")) for k in schema.get("x-kubernetes-group-version-kind", [])}
    return bool(declared & kinds) or (name.startswith("io.k8s.apimachinery.pkg.apis.meta.v1.") and bool(declared))


def _reachable(definitions: dict[str, Any], roots: list[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_refs(definitions[name]))
    return found


def _refs(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [ref for inner in schema for ref in _refs(inner)]
    if not isinstance(schema, dict):
        return []
    own = [schema["$ref"]] if isinstance(schema.get("$ref"), str) else []
    return own + [ref for inner in schema.values() for ref in _refs(inner)]


if __name__ == "__main__":
    main()
