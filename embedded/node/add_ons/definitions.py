"""Kinds, from the Go modules of their makers: checked by Go's checksums when they are fetched, and kept as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from embedded.node.building import go, own_folder
from embedded.node.errors import NodeError
from embedded.node.folder import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.node.building import Module

_FILE: Final = "definitions.json"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Definitions:
    """CustomResourceDefinitions in a folder of a module."""

    module: Module
    folder: str
    files: str = "*.yaml"
    """Which of its files."""

    def is_made(self, cache: Path) -> bool:
        """Whether they were fetched."""
        return (self.module.home(cache) / _FILE).exists()

    def make(self, cache: Path, say: Callable[[str], None]) -> None:
        """Fetch them, unless they were."""
        if self.is_made(cache):
            return
        with own_folder(self.module, cache, say) as home:
            if self.is_made(cache):
                return
            say(f"Fetching {self.module.title} {self.module.version()} from its Go module.")
            said: list[str] = []
            go(self.module, ["mod", "download", "-json", self.module.requires], said.append)
            write(home / _FILE, json.dumps(read_folder(Path(json.loads("\n".join(said))["Dir"]) / self.folder, self.files)))

    def commands(self, _cache: Path) -> dict[str, str]:
        """None."""
        return {}

    def read(self, cache: Path) -> list[dict[str, Any]]:
        """The objects, marked with their version: by that it is known whether the API has them."""
        objects: list[dict[str, Any]] = json.loads((self.module.home(cache) / _FILE).read_text())
        for one in objects:
            one["metadata"].setdefault("annotations", {})["tidegate.dev/version"] = self.module.version()
        return objects


def read_folder(folder: Path, files: str = "*.yaml") -> list[dict[str, Any]]:
    """The definitions in a folder's files; where those are a chart's, whatever its values say."""
    texts = [file.read_text() for file in sorted(folder.glob(files))]
    plain = ["\n".join(line for line in text.splitlines() if not line.startswith("{{")) for text in texts]
    objects = [one for text in plain for one in yaml.load_all(text, _LOADER) if one]
    kinds = [one for one in objects if one["kind"] == "CustomResourceDefinition"]
    if not kinds:
        raise NodeError(f"there are no CustomResourceDefinitions in {folder}; install Tidegate anew")
    return kinds
