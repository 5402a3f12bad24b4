"""Programs that live in another process's Automation API: it serves the language host, we ask it to run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from embedded.engine.hosts import rpc
from embedded.engine.hosts.programs import CANCEL_SECONDS
from embedded.engine.model.ports import ProgramResult

if TYPE_CHECKING:
    import asyncio

    from embedded.engine.model.ports import Log, RunInfo

CONNECT_SECONDS: Final = 30.0


class InlineProgram:
    """The program behind `--client=host:port`."""

    def __init__(self, client: str) -> None:
        self._client = client
        self._running: asyncio.Task[ProgramResult] | None = None

    async def run(self, run: RunInfo, log: Log) -> ProgramResult:
        """Have the client run its program against our monitor. Its output stays in its own process."""
        import asyncio

        del log
        self._running = asyncio.create_task(self._run(run))
        try:
            return await self._running
        except asyncio.CancelledError:
            # Ours to swallow only where `cancel` did it.
            if (current := asyncio.current_task()) and current.cancelling():
                raise
            return ProgramResult(bail=True)

    def cancel(self) -> None:
        """Stop waiting, but not at once: as the monitor refuses it everything now, the program mostly ends by itself, and in order."""
        import asyncio

        if self._running:
            asyncio.get_running_loop().call_later(CANCEL_SECONDS, self._running.cancel)

    async def _run(self, run: RunInfo) -> ProgramResult:
        import asyncio

        request = language_pb2.RunRequest(
            **run.fields(),
            pwd=run.root_directory,
            program=".",
            args=[run.engine_address],
            monitor_address=run.monitor_address,
            info=language_pb2.ProgramInfo(root_directory=run.root_directory, program_directory=run.root_directory, entry_point="."),
        )
        async with rpc.channel(self._client) as channel:
            try:
                await asyncio.wait_for(channel.channel_ready(), CONNECT_SECONDS)
                answer = await language_pb2_grpc.LanguageRuntimeStub(channel).Run(request)
            except TimeoutError:
                return ProgramResult(f"the program's language host at {self._client} did not answer within {CONNECT_SECONDS:g} seconds")
            except grpc.RpcError as error:
                return ProgramResult(f"the program's language host at {self._client} failed: {rpc.message_of(error)}")
        return ProgramResult(answer.error, answer.bail)
