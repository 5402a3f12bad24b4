"""Tells a person how a release goes on: a live board on a terminal, a line for each thing that happens everywhere else."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tidegate.cli.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.happening import Happening

STYLES: Final[Mapping[str, str]] = {
    "promoted": "bold green",
    "finished": "bold green",
    "rolled-back": "bold red",
    "failed": "bold red",
    "warning": "yellow",
    "paused": "yellow",
    "waiting": "yellow",
}
PASSING: Final = frozenset({"progress", "look"})
"""What is worth a look while it is so, and no line of its own on a terminal."""


class Teller(Protocol):
    """Who is told what happens, of `tidegate.driver.ports`."""

    def tell(self, happening: Happening) -> None:
        """Tell it."""

    def incident(self, happening: Happening) -> str | None:
        """Nobody is called by a terminal."""


class Lines:
    """A line for everything."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def tell(self, happening: Happening) -> None:
        """Tell it."""
        self._console.print(line(happening), soft_wrap=True)

    def incident(self, happening: Happening) -> str | None:
        """Who reads the lines sees it; nobody is called by that."""
        self._console.print(Text(f"a person must see to this: {happening.text}", "bold red"), soft_wrap=True)
        return None


class OnBoard(Lines):
    """A board that is always up to date, and a line above it for what is worth one."""

    def __init__(self, console: Console, live: Live, board: Board) -> None:
        super().__init__(console)
        self._live, self._board = live, board

    def tell(self, happening: Happening) -> None:
        """Tell it."""
        self._board.hear(happening)
        if happening.kind not in PASSING:
            super().tell(happening)
        self._live.refresh()


@contextmanager
def telling(stack: str) -> Iterator[Teller]:
    """Whoever runs this is told, until the end."""
    console = Console(stderr=True, highlight=False)
    if not on_terminal(console):
        yield Lines(console)
        return
    board = Board(stack)
    with Live(console=console, get_renderable=board.shown, refresh_per_second=4, transient=True) as live:
        yield OnBoard(console, live, board)


def on_terminal(console: Console) -> bool:
    """Whether somebody sits there who can be shown what changes in place. `FORCE_COLOR` makes no terminal of a CI's log."""
    return sys.stderr.isatty() and not console.is_dumb_terminal and not os.environ.get("CI")


def line(happening: Happening) -> Text:
    """Something that happened, in a line that stands alone."""
    clock = happening.at.partition("T")[2][:8] or happening.at
    return Text.assemble((f"{clock}  ", "dim"), (f"{happening.kind:<11}  ", STYLES.get(happening.kind, "")), happening.text)
