"""The real side of the driver's port `Stack`: a Pulumi stack, over the engine of choice."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Final

from embedded.engine.backend.bulk import no_collection
from embedded.engine.settings import workspace
from embedded.engine.settings.errors import SettingsError
from embedded.engine.settings.project import find_project
from tidegate.model.errors import ConfigurationError, TidegateError
from tidegate.model.ledger import migrate
from tidegate.planner.reading import Reading
from tidegate.stack.engine import choose
from tidegate.stack.keeping import keep
from tidegate.stack.masking import Mask
from tidegate.stack.naming import full_name
from tidegate.stack.records import Asked
from tidegate.stack.remembering import remembered
from tidegate.stack.telling import Telling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from embedded.engine.settings.project import Project
    from tidegate.model.comparing import Values
    from tidegate.model.events import Event
    from tidegate.model.told import Past, Preview, Told
    from tidegate.stack.records import Entry, Records

_ROOT: Final = "pulumi:pulumi:Stack"


class PulumiStack:
    """A stack of the project in `folder` (`tidegate.driver.ports.Stack`); it has to obey the policy packs in the folders `packs`."""

    def __init__(self, folder: Path, stack: str, environment: Mapping[str, str] = os.environ, packs: Sequence[Path] = ()) -> None:
        self._folder, self._name, self._environment = folder, stack, environment
        self._packs = tuple(pack.absolute() for pack in packs)

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def full(self) -> str:
        """The same with organization and project, however it was typed; as it was typed where only the backend knows the organization."""
        return full_name(self._name, self._project.name, workspace.backend_url(self._project) or "")

    def busy(self) -> str | None:
        """Who has the stack's lock just now, in words; None if nobody has, or nobody tells.

        The CLI tells that only to whoever wants the lock. Both engines' locks are alike, so they are read where they are.
        """
        if not self._here:
            return None
        from tidegate.stack.inside import Inside

        try:
            return Inside(self._project, self._name).busy()
        except TidegateError:
            if choose(self._environment).kind == "embedded":
                raise
            return None  # the CLI gets to more places than this

    def told(self, versions: Mapping[str, str], images: Mapping[str, str]) -> Told:
        """What its file says, with these versions and images (`ref@sha256:..`) of services in their place. The file isn't touched."""
        return self._telling.told(self._records, versions, images)

    def values(self) -> Values:
        """What its file says, as it is: wrong or right, with the event, if there is one, and secrets in the clear."""
        return self._telling.values(self._records)

    def keep(self, told: Told) -> None:
        """Write the versions and images that `told` was given into the stack's file; all else in it stays as it is, to the byte."""
        keep(self._telling.file, self._project.name, self._telling.given(told))

    def read(self) -> Reading:
        """What its last update left."""
        # All of it stays: with hundreds of services, looking for garbage in it takes longer than reading it.
        with no_collection():
            return _reading(self._records.deployment())

    def past(self) -> Sequence[Past]:
        """Its updates, the newest first."""
        return [remembered(entry, self._telling.learn) for entry in self.entries()]

    def entries(self) -> Sequence[Entry]:
        """The same, as they were kept: what they were told may be none of this Tidegate's."""
        return self._records.entries()

    def preview(self, told: Told, event: Event) -> Preview:
        """What an update would do, and what policy packs say of it. Nothing is changed."""
        # Who only looks needs neither updates nor policies: to import them takes longer than to look.
        from tidegate.stack import updating

        return updating.preview(self._asked, self._telling, told, event, self._packs)

    def update(self, told: Told, event: Event, line: Callable[[str], None], look: Callable[[], None] = lambda: None) -> None:
        """One update, by what was told; `line` hears how it goes on, `look` is called all the while.

        An interrupt reaches the engine, which ends what it has begun; then it is a `CancelledError`.
        """
        from tidegate.stack import updating

        updating.update(self._asked, self._telling, told, event, self._packs, line, look)

    def judge(self, settings: Path | None = None) -> Preview:
        """What policy packs say of a plain update, with `settings` (a file of CrossGuard's) on top of the stack's. Nothing is changed."""
        from tidegate.stack import updating

        values = self.values()
        mask = Mask(values, self._environment)
        return updating.judge(self._asked, self._telling.salt, mask, self._packs, values.texts, settings)

    def deployment(self) -> Mapping[str, Any]:
        """Its state, secrets encrypted."""
        return self._records.deployment()

    @cached_property
    def _project(self) -> Project:
        try:
            return find_project(self._folder)
        except SettingsError as error:
            raise ConfigurationError(str(error)) from error

    @cached_property
    def _telling(self) -> Telling:
        return Telling(self._project, self._name)

    @cached_property
    def _asked(self) -> Asked:
        return Asked(choose(self._environment), self._folder, self._name, self._environment)

    @property
    def _records(self) -> Records:
        """The embedded engine is asked in this process, if that can be."""
        if choose(self._environment).kind == "embedded" and self._here:
            from tidegate.stack.inside import Inside

            return Inside(self._project, self._name)
        return self._asked

    @property
    def _here(self) -> bool:
        """Whether this process is where the engine would look for everything."""
        return dict(self._environment) == dict(os.environ)


def _reading(deployment: Mapping[str, Any]) -> Reading:
    there = [resource for resource in deployment.get("resources") or () if not resource.get("delete")]
    outputs = {resource["urn"]: resource.get("outputs") or {} for resource in there}
    root = next((outputs[resource["urn"]] for resource in there if resource["type"] == _ROOT), {})
    ledger = migrate(root["ledger"]) if root.get("ledger") else None
    return Reading(ledger, outputs, {resource["urn"]: resource.get("inputs") or {} for resource in there})
