"""The Gateway API's kinds, from its Go module: checked by Go's checksums when they are fetched, and kept as JSON."""

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
            write(home / _FILE, json.dumps(read_folder(Path(json.loads("\n".join(said))["Dir"]) / self.folder)))

    def commands(self, _cache: Path) -> dict[str, str]:
        """None."""
        return {}

    def read(self, cache: Path) -> list[dict[str, Any]]:
        """The objects."""
        objects: list[dict[str, Any]] = json.loads((self.module.home(cache) / _FILE).read_text())
        return objects


def read_folder(folder: Path) -> list[dict[str, Any]]:
    """The definitions in a folder's files."""
    objects = [one for file in sorted(folder.glob("*.yaml")) for one in yaml.load_all(file.read_text(), _LOADER) if one]
    kinds = [one for one in objects if one["kind"] == "CustomResourceDefinition"]
    if not kinds:
        raise NodeError(f"there are no CustomResourceDefinitions in {folder}; install Tidegate anew")
    return kinds
