"""One operation from prelude to summary: preview, update, refresh, destroy or import."""

from __future__ import annotations

import asyncio
import copy
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from embedded.engine.deploy.deployment import Deployment
from embedded.engine.deploy.goal import AbortedError
from embedded.engine.deploy.importing import import_resources
from embedded.engine.deploy.journal import Journal
from embedded.engine.deploy.options import Outcome
from embedded.engine.deploy.refreshing import refresh
from embedded.engine.model import events
from embedded.engine.model.errors import Bail, EngineError
from embedded.engine.model.ports import ProviderError, Services
from embedded.engine.model.state import Snapshot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from embedded.engine.deploy.journal import Writer
    from embedded.engine.deploy.options import Kind, Options
    from embedded.engine.model.events import Event, Op, Sink
    from embedded.engine.model.ports import Analyzer, Program, ProgramResult, Providers, References, RunInfo
    from embedded.engine.model.values import Values

MESSAGE_BYTES: Final = 400 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class World:
    """What an operation works with, besides what the user asked."""

    providers: Providers
    references: References
    program: Program | None = None
    analyzers: Sequence[Analyzer] = ()
    writer: Writer | None = None


async def run_operation(
    kind: Kind, run: RunInfo, options: Options, snapshot: Snapshot, world: World, sink: Sink, stop: asyncio.Event
) -> Outcome:
    """Carry an operation out and tell it to `sink`, from Prelude to Summary. Setting `stop` cancels it."""
    started = time.monotonic()
    sink(events.Prelude({k: "[secret]" if k in run.secret_keys else v for k, v in run.config.items()}))
    if kind == "update" and world.analyzers and options.plan_policies:
        refusals = await _planned_violations(run, options, snapshot, world, stop)
        if refusals:
            for event in refusals:
                sink(event)
            sink(_summary(run, started, Attempt({}, Bail("update failed")), world))
            return Outcome(snapshot, error=Bail("update failed"))
    journal = Journal(_copied(snapshot), world.writer)
    if options.clear_pending_creates:
        journal.clear_left_over()
    attempt = await _attempt(kind, run, options, journal, snapshot, world, sink, stop)
    await journal.write()
    sink(_summary(run, started, attempt, world))
    if options.dry_run:
        return Outcome(snapshot, attempt.changes, attempt.error, attempt.outputs)
    after = Snapshot(journal.resources, journal.pending, snapshot.secrets_provider, snapshot.metadata)
    return Outcome(after, attempt.changes, attempt.error, attempt.outputs)


@dataclass(slots=True)
class Attempt:
    """What a run of the deployment came to."""

    changes: dict[Op, int]
    error: EngineError | None = None
    outputs: Values = field(default_factory=dict)
    corrupt: bool = False
    # A policy pack did not do its work.
    unjudged: bool = False


async def _attempt(
    kind: Kind, run: RunInfo, options: Options, journal: Journal, snapshot: Snapshot, world: World, sink: Sink, stop: asyncio.Event
) -> Attempt:
    """Run a deployment; every provider that it starts is ended."""
    deployment = Deployment(
        run, options, journal.resources, journal, sink, world.providers, world.references, world.analyzers, refresh_only=kind == "refresh"
    )
    stopper = asyncio.create_task(_stop(deployment, stop))
    ended = asyncio.Event()
    try:
        async with _served(deployment, ended) as no_more:
            program = await _work(kind, deployment, snapshot, world, no_more)
            outputs, error = await _conclude(kind, deployment, stop)
            ended.set()
            if program:
                error = await _program_end(deployment, program, world, error)
    finally:
        stopper.cancel()
        await deployment.registry.close()
    unjudged = deployment.policies is not None and deployment.policies.broken
    return Attempt(deployment.executor.changes, error, outputs, deployment.executor.maybe_corrupt, unjudged)


async def _stop(deployment: Deployment, stop: asyncio.Event) -> None:
    await stop.wait()
    deployment.cancel()
    await deployment.registry.cancel()


async def _work(
    kind: Kind, deployment: Deployment, snapshot: Snapshot, world: World, no_more: asyncio.Event
) -> asyncio.Task[ProgramResult] | None:
    """Everything up to the last step. The program, if there is one, may still be running."""
    options = deployment.options
    program: asyncio.Task[ProgramResult] | None = None
    try:
        if kind == "import":
            await import_resources(deployment)
            return None
        if options.refresh or kind == "refresh":
            await refresh(deployment)
            if kind == "refresh" or deployment.executor.failed:
                return None
        elif snapshot.pending and not options.dry_run:
            deployment.log("warning", _pending_warning(snapshot))
        deployment.targeting.check(deployment.targeting.replaces)
        if kind != "destroy":
            program = asyncio.create_task(needed(world.program).run(deployment.run, deployment.log))
            await _registrations(deployment, program, no_more)
        if not deployment.cancelled.is_set():
            await deployment.remove_unwanted()
    except (Bail, AbortedError):
        deployment.bailed = True
    except (EngineError, ProviderError) as error:
        deployment.log("error", str(error))
        deployment.bailed = True
    await deployment.quiet()
    return program


def needed(program: Program | None) -> Program:
    """The program; without one, everything in the stack would seem unwanted."""
    if program is None:
        raise EngineError("this operation needs a program")
    return program


async def _registrations(deployment: Deployment, program: asyncio.Task[ProgramResult], no_more: asyncio.Event) -> None:
    """Until the program has said everything and all of it is done, or the run is given up."""
    signals = [asyncio.create_task(no_more.wait()), asyncio.create_task(deployment.cancelled.wait())]
    try:
        await asyncio.wait([program, *signals], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for signal in signals:
            signal.cancel()
    if program.done() and (result := program.result()).failed:
        deployment.cancel()
        if not result.bail:
            deployment.log("error", f"an unhandled error occurred: {result.error}")
        deployment.bailed = True
    elif program.done() and not no_more.is_set() and not deployment.has_stack_outputs:
        # It left by a back door (os._exit): what it did not get to register is not unwanted.
        deployment.log("error", "the program ended without saying that it was done; what it did not register is kept")
        deployment.cancel()
        deployment.bailed = True
    await deployment.quiet()


async def _conclude(kind: Kind, deployment: Deployment, stop: asyncio.Event) -> tuple[Values, EngineError | None]:
    """Stack outputs, stack policies, and whether it all went well."""
    verb = "preview" if deployment.options.dry_run else "update"
    failed = deployment.bailed or deployment.failed or deployment.executor.failed or deployment.cancelled.is_set()
    failed = failed or (deployment.violated and not deployment.options.dry_run)
    outputs = await deployment.finish_outputs(errored=failed) if kind in ("preview", "update") else {}
    if not failed:
        await deployment.analyze_stack()
    if stop.is_set():
        deployment.log("error", f"{verb} canceled")
        return outputs, Bail(f"{verb} canceled")
    if deployment.bailed:
        return outputs, Bail(f"{verb} failed")
    if failed or deployment.failed or deployment.violated:
        deployment.log("error", f"{verb} failed")
        return outputs, Bail(f"{verb} failed")
    return outputs, None


async def _program_end(
    deployment: Deployment, program: asyncio.Task[ProgramResult], world: World, error: EngineError | None
) -> EngineError | None:
    """Wait for the program to end; one that still runs after a failure is ended."""
    if error is not None and world.program and not program.done():
        world.program.cancel()
    result = await program
    if error is None and result.failed:
        if not result.bail:
            deployment.log("error", f"an unhandled error occurred: {result.error}")
        return Bail("program failed")
    return error


@asynccontextmanager
async def _served(deployment: Deployment, ended: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """Serve the run's monitor and engine on loopback, for programs and plugins; yields «the program has said everything»."""
    import grpc.aio
    from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

    from embedded.engine.monitor.engine import EngineService
    from embedded.engine.monitor.resources import Monitor

    no_more = asyncio.Event()
    monitor, engine = Monitor(deployment, no_more, ended), EngineService(deployment.log)
    limits = (("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES))
    server = grpc.aio.server(options=limits)
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    services = Services(monitor, engine, asyncio.get_running_loop())
    deployment.run = replace(deployment.run, monitor_address=address, engine_address=address, services=services)
    try:
        yield no_more
    finally:
        ended.set()
        await monitor.close()
        await server.stop(None)


async def _planned_violations(run: RunInfo, options: Options, snapshot: Snapshot, world: World, stop: asyncio.Event) -> list[Event]:
    """What mandatory policies say of the planned state, or that they could not; nothing is changed.

    Anything else that goes wrong is left to the update.
    """
    found: list[Event] = []
    errors: list[Event] = []

    def collect(event: Event) -> None:
        if isinstance(event, events.PolicyViolation | events.PolicyRemediation):
            found.append(event)
        elif isinstance(event, events.Diagnostic) and event.severity == "error":
            errors.append(event)

    plan = replace(options, dry_run=True)
    journal = Journal(_copied(snapshot), None)
    attempt = await _attempt("preview", replace(run, dry_run=True), plan, journal, snapshot, world, collect, stop)
    if attempt.unjudged:
        message = "update failed: what is planned could not be checked by all policies; nothing was changed\n"
        return [*found, *errors, events.Diagnostic(message, "error", prefix="error: ")]
    if not any(isinstance(e, events.PolicyViolation) and e.enforcement == "mandatory" for e in found):
        return []
    message = "update failed: mandatory policies are violated by what is planned; nothing was changed\n"
    return [*found, events.Diagnostic(message, "error", prefix="error: ")]


def _copied(snapshot: Snapshot) -> Snapshot:
    """A snapshot whose states may be changed: a run marks old states, and must not reach the caller's."""
    return replace(snapshot, resources=[copy.copy(r) for r in snapshot.resources])


def _summary(run: RunInfo, started: float, attempt: Attempt, world: World) -> events.Summary:
    return events.Summary(
        is_preview=run.dry_run,
        seconds=time.monotonic() - started,
        changes=attempt.changes,
        result="failed" if attempt.error else "succeeded",
        packs={f"{a.name}|local|{a.path}": a.version for a in world.analyzers},
        maybe_corrupt=attempt.corrupt,
    )


def _pending_warning(snapshot: Snapshot) -> str:
    operations = "".join(f"  * {p.resource.urn}, interrupted while {p.type}\n" for p in snapshot.pending)
    return (
        f"Attempting to deploy or update resources with {len(snapshot.pending)} pending operations from previous deployment.\n{operations}"
        "These resources are in an unknown state because an update was interrupted while it waited for them. Look at the provider "
        "whether the operations were completed.\n\n"
        "Then run `pulumi refresh`, which reads the real state and clears pending operations; `--clear-pending-creates` also drops "
        "creations that never came to be."
    )
