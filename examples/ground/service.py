"""The service's parts as files: dynamic providers, so that nothing needs to be installed or reached.

A file each for `blue`, `green` and `route`, in the folder that stands for the cluster. Look into it while the demo runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pulumi  # noqa: TC002 - the SDK reads the resources' annotations at run time
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult


class FileProvider(ResourceProvider):
    """Keeps a resource as a file of one line. `name` says which, and `shown` which property the line has."""

    def __init__(self, name: str, shown: str) -> None:
        super().__init__()
        self.name, self.shown = name, shown

    def diff(self, _id: str, old: dict[str, Any], new: dict[str, Any]) -> DiffResult:
        """A change of what is shown is an update; a file in another folder is another file."""
        return DiffResult(
            changes=any(old.get(key) != new.get(key) for key in (self.shown, "folder")),
            replaces=["folder"] if old.get("folder") != new.get("folder") else [],
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write the file."""
        self._write(props)
        return CreateResult(self.name, props)

    def update(self, _id: str, _old: dict[str, Any], new: dict[str, Any]) -> UpdateResult:
        """Write the file again."""
        self._write(new)
        return UpdateResult(new)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Delete the file, if it is there."""
        (Path(props["folder"]) / self.name).unlink(missing_ok=True)

    def _write(self, props: dict[str, Any]) -> None:
        folder = Path(props["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.name).write_text(f"{props[self.shown] or 'empty'}\n")


class Slot(Resource, module="ground", name="Slot"):
    """A place where one version of the service runs."""

    version: pulumi.Output[str]

    def __init__(self, name: str, *, folder: str, version: str, options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(FileProvider(name, "version"), name, {"folder": folder, "version": version}, options)


class Route(Resource, module="ground", name="Route"):
    """What sends the users to one of the slots."""

    live: pulumi.Output[str]

    def __init__(self, name: str, *, folder: str, live: str, options: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(FileProvider(name, "live"), name, {"folder": folder, "live": live}, options)
