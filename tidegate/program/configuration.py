"""The intent, out of the configuration that the engine gave the program; a wrong one ends the program with all that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime import config as runtime

from tidegate.model.errors import ConfigurationError
from tidegate.model.loading import from_config
from tidegate.program.heeding import unheeded

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent


def read() -> tuple[Intent, Event | None]:
    """The intent, and what the driver asks for, if anything."""
    file = Path(pulumi.get_root_directory()) / f"Pulumi.{pulumi.get_stack()}.yaml"
    loaded = from_config({**runtime.get_config_env(), **runtime.CONFIG.get()}, file if file.is_file() else None, pulumi.get_project())
    try:
        intent = loaded.required()
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    if left := list(unheeded(intent)):
        pulumi.log.warn(f"an update by itself doesn't heed {', '.join(left)}: whoever drives the releases must (docs/releases.md)")
    return intent, loaded.event
