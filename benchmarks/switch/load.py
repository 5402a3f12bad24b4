"""The load generator: requests that come when they are due, however long others take; each one recorded.

`python -m benchmarks.switch.load --help`. It is a process of its own, so that who measures doesn't disturb; it goes to loopback addresses
alone, and for so many requests and so long at most. Records go to its standard output, a line of JSON each; it stops when its standard
input ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import sys
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Final

from benchmarks.switch.answers import Answer, written
from benchmarks.switch.client import Clients, NoAnswerError, reason
from benchmarks.switch.loopback import LoadRefusedError, place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FASTEST: Final = 2_000.0
"""Requests a second."""
LONGEST: Final = 600.0
"""Seconds."""
MOST: Final = 500_000
"""Requests."""
MOST_CLIENTS: Final = 512
OFTEN: Final = 0.02
"""Seconds between writings of records."""

KEEP: Final = "keep-alive"
NEW: Final = "new"
CONNECTIONS: Final = (KEEP, NEW)


@dataclass(frozen=True, slots=True)
class Load:
    """How much load, and of what kind."""

    url: str
    host: str = ""
    """What the Host header says; the URL's host if empty."""
    rate: float = 200.0
    """Requests a second."""
    seconds: float = 10.0
    connections: str = KEEP
    clients: int = 64
    """So many requests are under way at once, at most; others wait, and their latency counts."""
    timeout: float = 5.0
    """Seconds after which a request has failed, from when it was due."""

    def __post_init__(self) -> None:
        """What is too much is refused, by name."""
        place(self.url, self.host)
        for name, value, most in (
            ("rate", self.rate, FASTEST),
            ("seconds", self.seconds, LONGEST),
            ("clients", self.clients, MOST_CLIENTS),
            ("timeout", self.timeout, LONGEST),
            ("rate times seconds", self.rate * self.seconds, MOST),
        ):
            if not 0 < value <= most:
                raise LoadRefusedError(f"{name} is {value:g}; it is more than 0 and at most {most:g}")
        if self.connections not in CONNECTIONS:
            raise LoadRefusedError(f"connections is {self.connections!r}; it is one of {', '.join(CONNECTIONS)}")


async def generate(load: Load, record: Callable[[Answer], None], stop: asyncio.Event) -> None:
    """Send them all, or until `stop`; returns when each has its answer or has failed."""
    loop = asyncio.get_running_loop()
    clients = Clients(place(load.url, load.host), load.clients, keep=load.connections == KEEP)

    async def one(due: float) -> None:
        begun = loop.time()
        status, version, error = 0, "", ""
        try:
            async with asyncio.timeout_at(due + load.timeout):
                status, version = await clients.ask()
        except TimeoutError:
            error = f"no answer within {load.timeout:g} s"
        except (OSError, NoAnswerError) as failure:
            error = reason(failure)
        record(Answer(due, begun, loop.time(), status, version, error))

    start = loop.time() + OFTEN
    try:
        async with asyncio.TaskGroup() as running:
            for number in range(round(load.rate * load.seconds)):
                due = start + number / load.rate
                if (early := due - loop.time()) > 0:
                    await asyncio.sleep(early)
                if stop.is_set():
                    break
                running.create_task(one(due))
    finally:
        clients.close()
        await asyncio.sleep(0)  # connections are gone with the loop's next turn


async def _stream(load: Load, out: int) -> None:
    """Generate, and write records as they come; the end of standard input is the word to stop."""
    loop = asyncio.get_running_loop()
    stop, lines = asyncio.Event(), bytearray()

    def ended() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin.fileno())
            stop.set()

    def flush() -> None:
        rest = memoryview(bytes(lines))
        lines.clear()
        while rest:
            rest = rest[os.write(out, rest) :]

    async def often() -> None:
        while True:
            await asyncio.sleep(OFTEN)
            flush()

    with contextlib.suppress(PermissionError):  # a plain file or /dev/null can't be watched: then time and count are the bounds
        loop.add_reader(sys.stdin.fileno(), ended)
    writer = loop.create_task(often())
    try:
        await generate(load, lambda answer: lines.extend(written(answer)), stop)
        flush()
    finally:
        writer.cancel()


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.switch.load", description=__doc__)
    made.add_argument("url", help="where to, on this machine: http://127.0.0.1:8000/api/version")
    made.set_defaults(**{field.name: field.default for field in fields(Load) if field.default is not MISSING})
    made.add_argument("--host", help="what the Host header says; the URL's host if left out")
    made.add_argument("--rate", type=float, help=f"requests a second, at most {FASTEST:g} (default: %(default)s)")
    made.add_argument("--seconds", type=float, help=f"how long, at most {LONGEST:g} (default: %(default)s)")
    made.add_argument("--connections", choices=CONNECTIONS, help="kept, or a new one for each request (default: %(default)s)")
    made.add_argument("--clients", type=int, help="requests under way at once, at most (default: %(default)s)")
    made.add_argument("--timeout", type=float, help="seconds, from when a request is due (default: %(default)s)")
    return made


def arguments(load: Load) -> list[str]:
    """The command's words for a load."""
    words = [load.url, f"--host={load.host}", f"--rate={load.rate!r}", f"--seconds={load.seconds!r}"]
    return [*words, f"--connections={load.connections}", f"--clients={load.clients}", f"--timeout={load.timeout!r}"]


def main(words: Sequence[str] | None = None) -> int:
    """Run the command."""
    try:
        load = Load(**vars(parser().parse_args(words)))
    except LoadRefusedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    gc.freeze()  # what is loaded by now stays: collections that looked at it would take time that would be taken for the server's
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        asyncio.run(_stream(load, sys.stdout.fileno()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
