"""Bills of materials: CycloneDX' and SPDX', and the licence of each component as an expression."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTHING = frozenset({"", "NOASSERTION", "NONE"})


class BrokenBillError(Exception):
    """A file that is no bill of materials, or lists nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """A component."""

    name: str
    licence: str
    """An expression as SPDX has them; "" if nothing is said."""


def bills(folder: str) -> list[Path]:
    """All files in a folder, and in those in it, that could be one."""
    return sorted(file for file in Path(folder).rglob("*.json") if file.is_file())


def parts(file: Path) -> list[Part]:
    """What a file lists; BrokenBillError if it is none."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise BrokenBillError(f"{file} can't be read: {type(error).__name__}") from None
    if not isinstance(document, dict):
        raise BrokenBillError(f"{file} is no bill of materials")
    if document.get("bomFormat") == "CycloneDX":
        found = list(_of_cyclonedx(document.get("components")))
    elif "spdxVersion" in document:
        found = [_of_spdx(one) for one in _mappings(document.get("packages"))]
    else:
        raise BrokenBillError(f"{file} is neither CycloneDX nor SPDX")
    if not found:
        raise BrokenBillError(f"{file} lists nothing")
    return found


def _of_cyclonedx(components: Any) -> Iterator[Part]:
    for one in _mappings(components):
        licences = [_licence(entry) for entry in _mappings(one.get("licenses"))]
        # Several of them are all to be heeded, as far as anybody can tell.
        said = [licence for licence in licences if licence]
        yield Part(_name(one, "version"), " AND ".join(f"({licence})" for licence in said) if len(said) > 1 else "".join(said))
        yield from _of_cyclonedx(one.get("components"))


def _licence(entry: dict[str, Any]) -> str:
    if isinstance(expression := entry.get("expression"), str):
        return expression
    licence = entry.get("license")
    named = (licence.get("id") or licence.get("name")) if isinstance(licence, dict) else None
    return named if isinstance(named, str) else ""


def _of_spdx(package: dict[str, Any]) -> Part:
    said = [package.get("licenseConcluded"), package.get("licenseDeclared")]
    return Part(_name(package, "versionInfo"), next((one for one in said if isinstance(one, str) and one not in NOTHING), ""))


def _name(one: dict[str, Any], version: str) -> str:
    return " ".join(str(part) for part in (one.get("name"), one.get(version)) if part) or "a component without a name"


def _mappings(value: Any) -> Iterator[dict[str, Any]]:
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())
