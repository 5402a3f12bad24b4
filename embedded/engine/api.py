"""The engine as a library: open a stack, run operations on it under its lock, with history and backups.

`Session` is what the command uses for each call, and what a long-lived process keeps: keys are derived once, programs and providers
may run inside the process, and an update then costs no process start.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.backend import codec, integrity
from embedded.engine.backend.bulk import rare_collection
from embedded.engine.backend.checkpoint import CheckpointWriter
from embedded.engine.backend.crypto import PassphraseSecrets, open_provider, read_passphrase
from embedded.engine.backend.naming import ORGANIZATION, StackName
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError, NoSuchStackError, NotSupportedError
from embedded.engine.settings.merge import with_project_config
from embedded.engine.settings.stack import StackSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from embedded.engine.backend.diy import Backend
    from embedded.engine.deploy.options import Kind, Options, Outcome
    from embedded.engine.model.events import Event, Sink
    from embedded.engine.model.ports import Analyzer, Log, Program, Providers, RunInfo
    from embedded.engine.model.state import PendingOperation, Resource, Snapshot
    from embedded.engine.model.values import Values
    from embedded.engine.settings.project import Project

# How the history names the kinds of updates.
HISTORY_KINDS: Final = {"update": "update", "refresh": "refresh", "destroy": "destroy", "import": "resource-import", "preview": "preview"}


@dataclass(frozen=True, slots=True)
class Request:
    """One operation to run. `analyzers` starts the policy packs once the run is known; `program` None: none is needed."""

    kind: Kind
    options: Options
    providers: Providers
    program: Program | None = None
    analyzers: Callable[[RunInfo, Log], Awaitable[Sequence[Analyzer]]] | None = None
    message: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


class Session:
    """One stack, open: its backend, settings and secrets."""

    def __init__(
        self, project: Project, stack: StackName, backend: Backend, settings: StackSettings, ask: Callable[[], str] | None = None
    ) -> None:
        self.project, self.stack, self.backend, self.settings = project, stack, backend, settings
        self._ask = ask
        self._secrets: PassphraseSecrets | None = None
        # Whether a state that contradicts itself is refused; without this, one can be repaired by an update.
        self.check_integrity = True

    @classmethod
    def open(
        cls, project: Project, stack: StackName, backend: Backend, *, config_file: Path | None = None, ask: Callable[[], str] | None = None
    ) -> Session:
        """The session of an existing stack; NoSuchStackError if there is none of that name."""
        if not backend.exists(stack):
            raise NoSuchStackError(stack.name)
        settings = StackSettings.load(config_file or project.stack_file(stack.name), project.name)
        return cls(project, stack, backend, settings, ask)

    @property
    def secrets(self) -> PassphraseSecrets:
        """The stack's secrets; a stack that has none yet gets them, and its settings file a salt."""
        if self._secrets is None:
            if self.settings.secrets_provider not in ("", "passphrase", "default"):
                what = f"the secrets provider {self.settings.secrets_provider!r}"
                raise NotSupportedError(what, "use the passphrase provider, or run the same command with the real `pulumi` CLI")
            passphrase = read_passphrase(self._ask)
            if self.settings.encryption_salt:
                self._secrets = PassphraseSecrets.open(self.settings.encryption_salt, passphrase)
            else:
                self._secrets = PassphraseSecrets.create(passphrase)
                self.settings.encryption_salt = self._secrets.salt
                self.settings.save()
        return self._secrets

    def config(self, *, check: bool = True) -> tuple[dict[str, str], frozenset[str]]:
        """The configuration as programs get it, with the keys of the secret values."""
        self.settings.refuse_environment()
        cipher = self.secrets if self.settings.config.has_secrets() or self.settings.encryption_salt else None
        merged = with_project_config(self.project, self.stack.name, self.settings.config, cipher, check=check)
        return merged.decrypted(cipher)

    def snapshot(self) -> Snapshot:
        """The stack's state."""
        untyped = self.backend.deployment(self.stack)
        codec.check_version(untyped)
        latest = untyped.get("deployment") or {}
        secrets = open_provider(latest.get("secrets_providers"), self._ask)
        if secrets is None or secrets.salt == self.settings.encryption_salt:
            secrets = self.secrets
        if latest and self.check_integrity:
            integrity.verify_manifest(latest)
        try:
            snapshot = codec.decode_snapshot(untyped, secrets)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            msg = f"{self.backend.locate(self.stack)} is damaged: it is no state of resources ({type(error).__name__}: {error})"
            raise EngineError(msg) from error
        if self.check_integrity:
            integrity.verify(snapshot)
        return snapshot

    def run(self, request: Request, sink: Sink, stop: asyncio.Event | None = None) -> Outcome:
        """Run an operation to its end, from a thread that has no event loop."""
        outcomes: list[Outcome] = []

        async def main() -> None:
            # Not as the task's result: when it puts the signal handlers back, asyncio.run writes that out as text, the whole state with it.
            outcomes.append(await self.run_async(request, sink, stop))

        asyncio.run(main())
        return outcomes[0]

    async def run_async(self, request: Request, sink: Sink, stop: asyncio.Event | None = None) -> Outcome:
        """Run an operation. An operation that changes anything holds the stack's lock, and is entered into the history."""
        if request.options.dry_run:
            return await self._operate(request, sink, stop or asyncio.Event(), None)
        with self.backend.lock(self.stack) as lock:
            for warning in lock.warnings:
                sink(events.Diagnostic(warning + "\n", "warning", prefix="warning: "))
            started = int(time.time())
            snapshot = self.snapshot()
            writer = _Writer(self, snapshot)
            outcome: Outcome | None = None
            changes: dict[str, int] = {}
            try:
                outcome = await self._operate(request, sink, stop or asyncio.Event(), writer, snapshot)
                changes = {str(k): v for k, v in outcome.changes.items()}
            finally:
                result = "succeeded" if outcome is not None and outcome.error is None else "failed"
                self._remember(request, started, result, changes)
            return outcome

    def _remember(self, request: Request, started: int, result: str, changes: dict[str, int]) -> None:
        entry: dict[str, Any] = {
            "kind": HISTORY_KINDS[request.kind],
            "startTime": started,
            "message": request.message,
            "environment": dict(sorted(request.environment.items())),
            "config": with_project_config(self.project, self.stack.name, self.settings.config, check=False).to_history(),
            "version": 0,
            "result": result,
            "endTime": int(time.time()),
        }
        if changes:
            entry["resourceChanges"] = dict(sorted(changes.items()))
        self.backend.add_history(self.stack, entry)
        self.backend.backup(self.stack)

    async def _operate(
        self, request: Request, sink: Sink, stop: asyncio.Event, writer: _Writer | None, snapshot: Snapshot | None = None
    ) -> Outcome:
        from embedded.engine.operation import World, run_operation

        snapshot = snapshot or self.snapshot()
        run = self._run_info(request)
        analyzers: Sequence[Analyzer] = []
        try:
            if request.analyzers:
                sink(events.PolicyLoad())
                analyzers = await request.analyzers(run, log_to(sink))
            world = World(request.providers, self, request.program, analyzers, writer)
            with rare_collection():
                return await run_operation(request.kind, run, request.options, snapshot, world, sink, stop)
        finally:
            for analyzer in analyzers:
                await analyzer.close()

    def _run_info(self, request: Request) -> RunInfo:
        from embedded.engine.model.ports import RunInfo

        config, secret_keys = self.config(check=request.kind in ("preview", "update"))
        return RunInfo(
            project=self.project.name,
            stack=self.stack.name,
            organization=ORGANIZATION,
            config=config,
            secret_keys=secret_keys,
            dry_run=request.options.dry_run,
            parallel=request.options.parallel,
            root_directory=str(self.project.root),
        )

    async def outputs(self, stack: str) -> tuple[Values, list[str]]:
        """The outputs of any stack of the backend, by its full name (ports.References)."""
        root = next((r for r in await self.resources(stack) if r.type == urns.STACK_TYPE and not r.delete), None)
        return (root.outputs if root else {}), []

    async def resources(self, stack: str) -> list[Resource]:
        """The resources of any stack of the backend, by its full name (ports.References)."""
        name = StackName.parse(stack, self.stack.project)
        if not self.backend.exists(name):
            msg = f"unknown stack {stack!r}: there is none of that name at {self.backend.url}"
            raise EngineError(msg)
        return replace_stack(self, name).snapshot().resources


def replace_stack(session: Session, name: StackName) -> Session:
    """A session of another stack at the same backend, to look at."""
    if name == session.stack:
        return session
    settings = StackSettings.load(session.project.stack_file(name.name), name.project) if name.project == session.project.name else None
    return Session(session.project, name, session.backend, settings or replace(session.settings, encryption_salt=""))


class _Writer:
    """Puts the journal's snapshots into the backend (deploy.journal.Writer)."""

    def __init__(self, session: Session, base: Snapshot) -> None:
        self._session = session
        self._checkpoints = CheckpointWriter(session.backend, session.stack, session.secrets, base)

    def encode(self, resources: Sequence[Resource], pending: Sequence[PendingOperation]) -> bytes:
        """The checkpoint's bytes."""
        return self._checkpoints.encode(resources, pending)

    def commit(self, data: bytes) -> None:
        """On disk when this returns."""
        self._session.backend.write_checkpoint(self._session.stack, data)


def log_to(sink: Sink) -> Log:
    """A log whose messages are events of the sink."""

    def log(severity: events.Severity, message: str, *, urn: str = "", stream_id: int = 0, ephemeral: bool = False) -> None:
        prefix = "" if severity.startswith("info") else f"{severity}: "
        sink(events.Diagnostic(message.rstrip("\n") + "\n", severity, urn, prefix, stream_id, ephemeral))

    return log


def ended(sink: Sink) -> None:
    """Tell that nothing follows; whoever shows a preview and then an update tells it once for each."""
    event: Event = events.Cancel()
    sink(event)
