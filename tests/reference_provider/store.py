"""What really exists: a folder with one JSON file a thing, a log of the operations, and the faults that were asked for."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

CONTROL = "control.json"
OPERATIONS = "operations.jsonl"


@dataclass(frozen=True, slots=True)
class Store:
    """Where things are kept."""

    folder: Path

    def read(self, id_: str) -> dict[str, Any] | None:
        """What is kept, if it exists."""
        path = self.folder / f"{id_}.thing.json"
        return json.loads(path.read_text()) if path.exists() else None

    def write(self, id_: str, properties: dict[str, Any]) -> None:
        """Keep it, at once or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{id_}.thing.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(properties, indent=1, sort_keys=True))
        part.replace(path)

    def delete(self, id_: str) -> None:
        """Forget it. Deleting twice is no error: engines do."""
        (self.folder / f"{id_}.thing.json").unlink(missing_ok=True)

    def things(self) -> dict[str, dict[str, Any]]:
        """Everything that exists, by id."""
        return {p.name.removesuffix(".thing.json"): json.loads(p.read_text()) for p in sorted(self.folder.glob("*.thing.json"))}

    def note(self, operation: str, name: str, **more: Any) -> None:
        """Log an operation."""
        self.folder.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"operation": operation, "name": name, **more}) + "\n"
        descriptor = os.open(self.folder / OPERATIONS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line.encode())
        os.close(descriptor)

    def operations(self) -> list[dict[str, Any]]:
        """All operations so far, in order."""
        path = self.folder / OPERATIONS
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def ask(self, faults: dict[str, dict[str, str]]) -> None:
        """Ask for faults: resource name (or `*`) -> operation -> fault. `{}` ends them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / CONTROL).write_text(json.dumps(faults))

    def fault(self, operation: str, name: str, asked: Any) -> str:
        """The fault that an operation shall have: the control file's, else the inputs'."""
        path = self.folder / CONTROL
        control = json.loads(path.read_text()) if path.exists() else {}
        for wanted in (control.get(name), control.get("*"), asked):
            if isinstance(wanted, dict) and operation in wanted:
                return str(wanted[operation])
        return ""
