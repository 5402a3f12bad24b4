"""What an operation works with outside the engine: the program, providers and policy packs of one call of the command.

The fork server must come first: it can only be forked while this process has one thread, and gRPC and key derivation start
threads. So `Hosts` is opened before the stack's session is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from embedded.engine.command.context import Context
    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import Analyzer, Log, Program, Providers, RunInfo


class Hosts:
    """Started for one call, and ended with it."""

    def __init__(self, context: Context, *, needs_program: bool) -> None:
        self._context, self._needs_program = context, needs_program
        self._forks: ForkServer | None = None
        self.program: Program | None = None

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        raise NotImplementedError

    @property
    def providers(self) -> Providers:
        """Where resources' providers come from."""
        raise NotImplementedError

    async def analyzers(self, run: RunInfo, log: Log) -> Sequence[Analyzer]:
        """Start the policy packs."""
        raise NotImplementedError
