"""What the command says: to people on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping


def show(label: str, value: str) -> None:
    """Say one fact to a person."""
    _console().print(Text.assemble((f"{label:<8}", "bold"), value), soft_wrap=True)


def show_error(message: str) -> None:
    """Say to a person what went wrong."""
    _console().print(Text.assemble(("error:", "bold red"), " ", message), soft_wrap=True)


def print_json(data: Mapping[str, Any]) -> None:
    """Print data for a program."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def _console() -> Console:
    # Made when it is needed: stderr may have been redirected since the import. `Console` heeds NO_COLOR by itself.
    return Console(stderr=True, highlight=False)
