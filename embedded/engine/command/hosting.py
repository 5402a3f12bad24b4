"""What an operation works with outside the engine: the program, providers and policy packs of one call of the command.

The fork server must come first: it can only be forked while this process has one thread, and gRPC starts threads. Deriving the
key of the stack's secrets takes about as long as importing what the server is to have imported, so the two are done side by side.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final, Self

from embedded.engine.settings import workspace

if TYPE_CHECKING:
    from types import TracebackType

    from embedded.engine.api import Session
    from embedded.engine.command.context import Context
    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.hosts.plugins import PluginProviders
    from embedded.engine.model.ports import Analyzer, Log, Program, RunInfo

_NOT_STARTED: Final = "hosts are to be started first"


class Hosts:
    """Started for one call, and ended with it."""

    def __init__(self, context: Context, session: Session, *, needs_program: bool) -> None:
        self._context, self._session, self._needs_program = context, session, needs_program
        self._server: ForkServer | None = None
        self._providers: PluginProviders | None = None
        self.program: Program | None = None

    def __enter__(self) -> Self:
        project, given = self._context.project, self._context.given
        secrets = self._session.secrets
        # gRPC tells everybody's standard error about connections that end.
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        import pulumi.runtime  # noqa: F401 - while the key is being derived in a thread

        secrets.verify()
        from embedded.engine.hosts.forkserver import ForkServer
        from embedded.engine.hosts.plugins import PluginProviders, project_plugins
        from embedded.engine.hosts.programs import program
        from embedded.providers import EMBEDDED

        self._server = ForkServer.start()
        if self._needs_program and given.text("client"):
            from embedded.engine.hosts.inline import InlineProgram

            self.program = InlineProgram(given.text("client"))
        elif self._needs_program:
            self.program = program(project.root, project.runtime, project.options, project.main, self._server)
        plugins = project_plugins(project.root, project.plugins)
        self._providers = PluginProviders(self._server, workspace.home(), project.root, plugins, project.options, embedded=EMBEDDED)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._server:
            self._server.close()

    def providers(self, log: Log) -> PluginProviders:
        """Where resources' providers come from; their messages go to `log`."""
        if self._providers is None:
            raise AssertionError(_NOT_STARTED)
        self._providers.log = log
        return self._providers

    async def analyzers(self, run: RunInfo, log: Log) -> list[Analyzer]:
        """Start the policy packs."""
        from embedded.engine.hosts.analyzer import PolicyPack

        if self._server is None:
            raise AssertionError(_NOT_STARTED)
        packs, configs = self._context.given.many("policy-pack"), self._context.given.many("policy-pack-config")
        starting = [
            asyncio.create_task(PolicyPack.start(path, configs[i] if configs else "", run, log, self._server))
            for i, path in enumerate(packs)
        ]
        # All at once: most of a pack's start is its own imports. If several are wrong, the first one is told of.
        try:
            await asyncio.wait(starting)
            return [task.result() for task in starting]
        except BaseException:
            for task in starting:
                task.cancel()
            for one in await asyncio.gather(*starting, return_exceptions=True):
                if isinstance(one, PolicyPack):
                    await one.close()
            raise
