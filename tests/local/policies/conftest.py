"""The Automation API on the embedded engine, as in `tests/local/automation`."""

from tests.local.automation.conftest import collected, command, place, root

__all__ = ["collected", "command", "place", "root"]
