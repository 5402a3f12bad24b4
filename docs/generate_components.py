"""Writes the reference of docs/components.md out of the package's own schema. `make docs` runs it; a test fails when it has drifted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pulumi.provider.experimental.component import ComponentProvider  # noqa: E402 - the path comes first

from components.package import COMPONENTS, NAME  # noqa: E402 - the same

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = ROOT / "docs" / "components.md"
MARK: Final = "<!-- What follows is written by `make docs`. -->\n"
_KINDS: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def page() -> str:
    """The page: what was written by hand, and what follows from the components."""
    written, mark, _ = PAGE.read_text().partition(MARK)
    return written + mark + "\n" + "\n".join(reference())


def schema() -> dict[str, Any]:
    """The package's schema, as an engine gets it."""
    import json

    found: dict[str, Any] = json.loads(ComponentProvider(COMPONENTS, NAME).schema or "{}")
    return found


def reference() -> Iterator[str]:
    """A section for each component, and one for each type that their arguments have."""
    found = schema()
    for component in COMPONENTS:
        token = f"{NAME}:index:{component.__name__}"
        resource = found["resources"][token]
        yield from (f"### {component.__name__}", "", f"`{token}`: {_line(resource['description'])}", "")
        yield from _table("argument", resource.get("inputProperties", {}), resource.get("requiredInputs", []))
        if outputs := resource.get("properties"):
            yield from _table("output", outputs, resource.get("required", []))
    yield from ("## Types", "")
    for token, kind in sorted(found.get("types", {}).items()):
        yield from (f"### {_short(token)}", "", _line(kind.get("description", "")), "")
        yield from _table("field", kind.get("properties", {}), kind.get("required", []))


def _table(head: str, properties: dict[str, Any], required: list[str]) -> Iterator[str]:
    if not properties:
        return
    yield from (f"| {head} | type | |", "|---|---|---|")
    for name, one in properties.items():
        needed = "" if head == "output" or name in required else " (optional)"
        yield f"| `{name}`{needed} | {_kind(one)} | {_line(one.get('description', ''))} |"
    yield ""


def _kind(one: dict[str, Any]) -> str:
    if "$ref" in one:
        short = _short(one["$ref"])
        return "anything" if short == "Any" else f"[{short}](#{short.lower()})" if one["$ref"].startswith("#") else short
    if one.get("type") == "array":
        return f"list of {_kind(one['items'])}"
    if one.get("type") == "object":
        return f"{_kind(one['additionalProperties'])} by name"
    return _KINDS[one["type"]]


def _short(token: str) -> str:
    return token.rpartition(":")[2].rpartition("/")[2]


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
