"""What becomes of a field that holds nothing, by the structs in Kubernetes' Go sources. Only `generate` needs it.

OpenAPI doesn't tell a number that may be absent from one that is 0 when nobody sets it; the declarations do, by pointers and by the options
of the JSON tags. That decides what a server's answer has in it: `paused: false` vanishes, `replicas: 0` stays, `serviceName: ""` appears.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

Zero = Literal["", "omit", "write"]
_STRUCT = re.compile(r"^type (\w+) struct \{(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\t([\w.]+)(?:[ \t]+(\S.*?))?[ \t]+`json:\"([^\"]*)\"", re.MULTILINE)


def zeros(definition: str, roots: dict[str, Path]) -> dict[str, Zero]:
    """By field of the definition: "omit" when its zero value is left out, "write" when even that is written.

    Pointers, and lists and maps that are left out when empty, are not in it: nothing special becomes of them. `roots` are the folders of Go
    modules, by what the definitions in them begin with.
    """
    prefix = next((p for p in roots if definition.startswith(f"{p}.")), None)
    if prefix is None:
        return {}
    *package, name = definition.removeprefix(f"{prefix}.").split(".")
    structs = _structs(roots[prefix].joinpath(*package))
    return _zeros(name, structs) if name in structs else {}


def _zeros(name: str, structs: dict[str, str]) -> dict[str, Zero]:
    found: dict[str, Zero] = {}
    for field, type_, tag in _FIELD.findall(structs[name]):
        json_name, *options = tag.split(",")
        if "inline" in options:
            found |= _zeros(field, structs) if field in structs else {}
        elif json_name and json_name != "-":
            found[json_name] = _zero(type_, options)
    return {name: zero for name, zero in found.items() if zero}


def _zero(type_: str, options: list[str]) -> Zero:
    if type_.startswith("*"):
        return ""
    if type_.startswith(("[]", "map[")):
        return "" if {"omitempty", "omitzero"} & set(options) else "write"
    if type_.endswith(("Time", "Quantity")):
        # Structs in Go: only omitzero leaves an empty one out.
        return "" if "omitzero" in options else "write"
    return "omit" if {"omitempty", "omitzero"} & set(options) else "write"


@cache
def _structs(package: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(package.glob("*types*.go")):
        found |= dict(_STRUCT.findall(path.read_text()))
    return found
