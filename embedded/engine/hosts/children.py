"""A process of ours: its output as lines, its end, and ways to end it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import IO, TYPE_CHECKING, Final, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK: Final = 1 << 16
# A line longer than this is passed on in parts.
LONGEST_LINE: Final = 1 << 20
# How long output that a grandchild still holds open is waited for.
LEFTOVER_SECONDS: Final = 0.5


# How the CLI ends the message that a line of output becomes: with the line's own end, and one more.
LINE_END: Final = "\n\n"


class Signaller(Protocol):
    """Sends a signal to a process group, if its leader has not been reaped."""

    def __call__(self, number: int) -> None: ...  # noqa: D102 - as the class says


class Child:
    """A running process, bound to the event loop that started it."""

    def __init__(self, pid: int, status: asyncio.Future[int], stdout: IO[bytes], stderr: IO[bytes], signaller: Signaller) -> None:
        self.pid = pid
        self._status = status
        self._streams = (stdout, stderr)
        self._signal = signaller
        self._pumps: list[asyncio.Task[None]] = []

    def listen(self, stdout: Callable[[str], None], stderr: Callable[[str], None]) -> Self:
        """Pass on each line (without its end) of both streams."""
        self._pumps = [asyncio.create_task(pump(s, f)) for s, f in zip(self._streams, (stdout, stderr), strict=True)]
        return self

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._status.done()

    async def wait(self) -> int:
        """The exit code, or minus the signal that ended it, once all it has written was passed on."""
        status = await asyncio.shield(self._status)
        if self._pumps:
            _, late = await asyncio.wait(self._pumps, timeout=LEFTOVER_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)
        return status

    def interrupt(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it, and all that it has started."""
        self._signal(signal.SIGKILL)

    async def stop(self, grace: float) -> int:
        """Ask it to end, end it after `grace` seconds, and reap it."""
        self.interrupt()
        try:
            await asyncio.wait_for(asyncio.shield(self._status), grace)
        except TimeoutError:
            self.kill()
        return await self.wait()


async def pump(stream: IO[bytes], line: Callable[[str], None]) -> None:
    """Read a pipe to its end, in lines. Bytes that are not UTF-8 are shown as replacement characters."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=CHUNK, loop=loop)
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), stream)
    rest = b""
    try:
        while chunk := await reader.read(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for text in lines:
                line(text.decode(errors="replace"))
            if len(rest) > LONGEST_LINE:
                line(rest.decode(errors="replace"))
                rest = b""
    finally:
        transport.close()
        if rest:
            line(rest.decode(errors="replace"))


def signal_group(pid: int, number: int) -> None:
    """Send a signal to a process group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
