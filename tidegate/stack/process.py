"""Runs an engine's command, and sees it to its end.

The command has a session of its own, so that an interrupt at the terminal reaches it once, from here, and is waited for: the engine then
ends what it has begun, writes its state and gives the lock back. It writes to files: should this process be killed, the command isn't
ended by a broken pipe in the middle of an update.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import TimedOutError
from tidegate.stack.private import folder as private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tidegate.stack.warm import Command, Warm

SHORT: Final = 300.0
"""How long a command may take that only asks, in seconds."""
LONG: Final = 6 * 3600.0
"""How long an update may take. What it waits for has limits of its own: `ready_within`."""
_LOOK: Final = 0.05
_PATIENCE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    interrupted: bool = False


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    given: str = "",
    limit: float = SHORT,
    look: Callable[[], None] = lambda: None,
    warm: Warm | None = None,
) -> Ended:
    """Run a command to its end; `given` is its standard input, and `look` is called again and again while it runs."""
    with private_folder() as place, (place / "out").open("w+b") as out, (place / "err").open("w+b") as err:
        process: subprocess.Popen[bytes] | Command | None = None
        if warm is not None:
            process = warm.start(command[1:], folder, environment, out.fileno(), err.fileno())
        if process is None:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
            if process.stdin is not None:
                # It may be secret, so it is in no file. A command that doesn't take it says itself why.
                with suppress(BrokenPipeError), process.stdin as stream:
                    stream.write(given.encode())
        interrupted = _see_to_its_end(process, look, limit, " ".join(command[1:3]))
        look()
        said, complained = ((place / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
    return Ended(process.wait(), said, complained, interrupted)


def _see_to_its_end(process: subprocess.Popen[bytes] | Command, look: Callable[[], None], limit: float, what: str) -> bool:
    """Wait for the end; whether it was interrupted. Whatever goes wrong here, nothing is left running."""
    interrupted, end = False, time.monotonic() + limit
    while process.poll() is None:
        try:
            look()
            _limit(end, f"`pulumi {what}` has not ended within {limit:.0f} s; it was ended")
            with suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
        except KeyboardInterrupt:
            # The first asks it to stop, the second ends it at once: as at a terminal.
            interrupted = True
            process.send_signal(signal.SIGINT)
        except BaseException:
            _end(process)
            raise
    return interrupted


def _limit(end: float, text: str) -> None:
    if time.monotonic() > end:
        raise TimedOutError(text)


def _end(process: subprocess.Popen[bytes] | Command) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
