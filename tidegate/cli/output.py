"""What the command says: to people on stderr, data on stdout."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.text import Text


def show(label: str, value: str, width: int = 8) -> None:
    """Say one fact to a person."""
    _console().print(_text((f"{label:<{width}}", "bold"), value), soft_wrap=True)


def show_text(text: str) -> None:
    """Say something to a person."""
    _console().print(_text(text), soft_wrap=True)


def show_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Show a person rows of facts, in columns as wide as they need to be."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in (heads, *rows)]
    console = _console()
    console.print(_text((lines[0], "bold")), soft_wrap=True)
    for line in lines[1:]:
        console.print(_text(line), soft_wrap=True)


def show_error(message: str) -> None:
    """Say to a person what went wrong."""
    _console().print(_text(("error:", "bold red"), " ", message), soft_wrap=True)


def print_json(data: Mapping[str, Any]) -> None:
    """Print data for a program."""
    sys.stdout.write(json.dumps(data, indent=2) + "\n")


def print_text(text: str) -> None:
    """Print what another program reads as it is."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def _text(*parts: str | tuple[str, str]) -> Text:
    # Whoever asks for data doesn't wait for what makes it look well.
    from rich.text import Text

    return Text.assemble(*parts)


def _console() -> Console:
    # Made when it is needed: stderr may have been redirected since the import. `Console` heeds NO_COLOR by itself.
    from rich.console import Console

    return Console(stderr=True, highlight=False)
