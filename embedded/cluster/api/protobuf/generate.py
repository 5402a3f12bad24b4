"""Writes `messages.json.gz`: how the API's objects look in protobuf, from the sources of `k8s.io/api` and `k8s.io/apimachinery`.

The `.proto` files there have the messages, and the tags of the Go structs how each field is called in JSON, which fields are inlined, and
whose zero values JSON leaves out.

    python -m embedded.cluster.api.protobuf.generate API APIMACHINERY
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import Any

from embedded.cluster.api.protobuf import DATA

_MESSAGE = re.compile(r"^message (\w+) \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (?:(optional|repeated|required) )?(map<\w+, [.\w]+>|[.\w]+) (\w+) = (\d+);", re.MULTILINE)
_STRUCT = re.compile(r"^type (\w+) struct \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_TAGGED = re.compile(r"^\t(?:\w+\s+)?(\S+)\s+`json:\"([^\"]*)\"[^`]*? protobuf:\"\w+,(\d+)[^`]*`", re.MULTILINE)
_PACKAGE = re.compile(r"^package ([\w.]+);", re.MULTILINE)
_SCALARS = {"string", "bytes", "bool", "int32", "int64", "uint32", "uint64", "double", "float"}
_META = "k8s.io.apimachinery.pkg.apis.meta.v1"


def main() -> None:
    """Read the arguments, write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("api", type=Path, help="the folder of the module k8s.io/api")
    parser.add_argument("apimachinery", type=Path, help="the folder of the module k8s.io/apimachinery")
    args = parser.parse_args()
    folders = sorted(p.parent for p in args.api.glob("*/v[0-9]/generated.proto"))
    folders += [args.apimachinery / "pkg/apis/meta/v1"]
    messages: dict[str, Any] = {}
    groups: dict[str, str] = {}
    for folder in folders:
        package, found = read(folder)
        messages |= found
        if group := _group(folder):
            groups[group] = package
    text = json.dumps({"packages": groups, "messages": messages}, separators=(",", ":"), sort_keys=True)
    DATA.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def read(folder: Path) -> tuple[str, dict[str, dict[str, list[str]]]]:
    """The package, and its messages: by number a field's name in JSON, its type, and its flags.

    Flags: r repeated, i inlined, z left out when it is zero. A map's type is `map<KEY, VALUE>`.
    """
    proto = (folder / "generated.proto").read_text()
    declared = _PACKAGE.search(proto)
    package = declared[1] if declared else ""
    tags = _tags(folder)
    messages = {}
    for name, body in _MESSAGE.findall(proto):
        fields = {}
        for label, type_, field, number in _FIELD.findall(body):
            named, flags = tags.get((name, number), (field, ""))
            fields[number] = [named, _qualified(type_, package), flags + ("r" if label == "repeated" else "")]
        messages[f"{package}.{name}"] = fields
    return package, messages


def _tags(folder: Path) -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    for path in sorted(folder.glob("*.go")):
        for struct, body in _STRUCT.findall(path.read_text()):
            for type_, json_tag, number in _TAGGED.findall(body):
                name, *options = json_tag.split(",")
                # Structs and lists that JSON leaves out when they are empty are told apart by the reader.
                omitted = "omitempty" in options and not type_.startswith("*")
                flags = "i" if "inline" in options or not name else "z" if omitted else ""
                found[struct, number] = (name, flags)
    return found


def _qualified(type_: str, package: str) -> str:
    if type_.startswith("map<"):
        key, _, value = type_[4:-1].partition(", ")
        return f"map<{key}, {_qualified(value, package)}>"
    if type_ in _SCALARS:
        return type_
    return type_[1:] if type_.startswith(".") else f"{package}.{type_}"


def _group(folder: Path) -> str:
    """The `group/version` that a folder's types are served in."""
    register = folder / "register.go"
    named = re.search(r'GroupName\s*=\s*"([^"]*)"', register.read_text()) if register.exists() else None
    if named is None or named[1] == "meta.k8s.io":
        return ""
    return f"{named[1]}/{folder.name}" if named[1] else folder.name


if __name__ == "__main__":
    main()
