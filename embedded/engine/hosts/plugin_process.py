"""A plugin in a process of its own: it says its port on standard output, everything else that it says goes to the log."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Self

import grpc
import grpc.aio

from embedded.engine.hosts import rpc
from embedded.engine.hosts.children import LINE_END
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.hosts.children import Child
    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.hosts.jobs import Job
    from embedded.engine.model.events import Severity
    from embedded.engine.model.ports import Log

START_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 5.0
# How long the exit of a process whose connection broke is waited for, to tell what it said last.
DEATH_SECONDS: Final = 1.0
LAST_LINES: Final = 10
HIGHEST_PORT: Final = 65535


class PluginProcess:
    """A running plugin and the channel to it."""

    def __init__(self, name: str, child: Child, log: Log, severities: tuple[Severity, Severity]) -> None:
        self.name = name
        self._log, self._severities = log, severities
        self._port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._child = child.listen(self._stdout, self._stderr)
        self._channel: grpc.aio.Channel | None = None
        self._closing = False

    @classmethod
    async def start(cls, name: str, job: Job, server: ForkServer, log: Log, severities: tuple[Severity, Severity]) -> Self:
        """Start a plugin and wait for its port. `severities`: of what it says on standard output, and on standard error."""
        plugin = cls(name, await server.spawn(job), log, severities)
        try:
            port = await plugin._listening()
        except BaseException:
            await plugin.close()
            raise
        plugin._channel = rpc.channel(f"127.0.0.1:{port}")
        return plugin

    @property
    def channel(self) -> grpc.aio.Channel:
        """The channel to the plugin's services."""
        assert self._channel is not None  # noqa: S101 - `start` made it
        return self._channel

    @property
    def said(self) -> str:
        """Its last lines."""
        return "\n".join(self._last)

    async def call(self, method: Callable[[Any], Any], request: Any) -> Any:
        """Make a call. If the plugin ends meanwhile, say so, and what it said last."""
        try:
            return await method(request)
        except grpc.RpcError as error:
            if rpc.is_unreachable(error) and (death := await self._death()):
                raise ProviderError(death) from error
            raise

    async def close(self) -> None:
        """End the plugin: ask, and after a while insist."""
        self._closing = True
        if self._channel:
            await self._channel.close()
        await self._child.stop(CLOSE_SECONDS)

    async def _listening(self) -> int:
        ended = asyncio.create_task(self._child.wait())
        try:
            async with asyncio.timeout(START_SECONDS):
                await asyncio.wait([self._port, ended], return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            raise EngineError(f"{self.name} did not say its port within {START_SECONDS:g} seconds{_and(self.said)}") from None
        if self._port.done():
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended
            return self._port.result()
        raise EngineError(f"{self.name} failed to start: it ended with exit code {ended.result()} before it said its port{_and(self.said)}")

    async def _death(self) -> str:
        waiting = asyncio.create_task(self._child.wait())
        done, _ = await asyncio.wait([waiting], timeout=DEATH_SECONDS)
        if not done:
            waiting.cancel()
            return ""
        code = waiting.result()
        how = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
        return f"{self.name} has ended in the middle of its work: it {how}{_and(self.said)}"

    def _stdout(self, line: str) -> None:
        text = line.strip()
        if not self._port.done() and text.isdecimal() and 0 < int(text) <= HIGHEST_PORT:
            self._port.set_result(int(text))
            return
        self._say(line, self._severities[0], 1)

    def _stderr(self, line: str) -> None:
        self._say(line, self._severities[1], 2)

    def _say(self, line: str, severity: Severity, stream: int) -> None:
        if line.strip() and not self._closing:
            self._last.append(line)
            self._log(severity, line + LINE_END, stream_id=stream)


def _and(said: str) -> str:
    return f"; it said last:\n{said}" if said else ""
