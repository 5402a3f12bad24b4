"""The intent, out of the configuration that the engine gave the program; a wrong one ends the program with all that is wrong."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime import config as runtime

from tidegate.model.errors import ConfigurationError
from tidegate.model.loading import ELSEWHERE, from_config
from tidegate.program.heeding import unheeded

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent


def read() -> tuple[Intent, Event | None]:
    """The intent, and what the driver asks for, if anything."""
    file = Path(pulumi.get_root_directory()) / f"Pulumi.{pulumi.get_stack()}.yaml"
    written = file if file.is_file() and not os.environ.get(ELSEWHERE) else None
    loaded = from_config({**runtime.get_config_env(), **runtime.CONFIG.get()}, written, pulumi.get_project())
    try:
        intent = loaded.required()
    except ConfigurationError as error:
        raise pulumi.RunError(str(error)) from None
    if left := list(unheeded(intent, loaded.event)):
        who = "an update by itself" if loaded.event is None else "the driver"
        pulumi.log.warn(f"{who} doesn't heed {', '.join(left)}: whoever drives the releases must (docs/releases.md)")
    return intent, loaded.event
