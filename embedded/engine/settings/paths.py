"""The property paths of `config --path`, and what is said of malformed ones."""

from __future__ import annotations

from embedded.engine.model import propertypath
from embedded.engine.model.propertypath import Path, show
from embedded.engine.settings.errors import SettingsError

__all__ = ["Path", "parse", "show"]


def parse(text: str) -> Path:
    """The path's parts; SettingsError if it is not well formed."""
    try:
        return propertypath.parse(text)
    except propertypath.BadPathError as error:
        msg = f"invalid config key path: {error}"
        raise SettingsError(msg) from error
