"""What is wrong in files and keys of configuration. The CLI ends with 1 on these, and with 2 only on wrong flags."""

from __future__ import annotations

from embedded.engine.model.errors import ConfigurationError


class SettingsError(ConfigurationError):
    """A project file, a stack's settings file, a configuration key or value is wrong, or not there."""

    code = 1
