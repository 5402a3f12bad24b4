"""One run of a program against a stack: what its parts share, from the first registration to the last deletion."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from embedded.engine.deploy.builtins import BuiltinProvider
from embedded.engine.deploy.executor import Executor
from embedded.engine.deploy.generator import Generator
from embedded.engine.deploy.goal import AbortedError
from embedded.engine.deploy.policies import Policies
from embedded.engine.deploy.registry import Registry
from embedded.engine.deploy.removals import remove_unwanted
from embedded.engine.deploy.targeting import Targeting
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import Bail, EngineError
from embedded.engine.model.ports import ProviderError, Recovering
from embedded.engine.model.values import Secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from embedded.engine.deploy.goal import Goal, Read, Registered
    from embedded.engine.deploy.journal import Journal
    from embedded.engine.deploy.options import Options
    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.events import Event, Severity, Sink
    from embedded.engine.model.ports import Analyzer, CheckFailure, Provider, Providers, References, RunInfo
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values


class Deployment:
    """The shared state of one run. Everything happens on one event loop, so plain attributes will do."""

    def __init__(
        self,
        run: RunInfo,
        options: Options,
        resources: Sequence[Resource],
        journal: Journal,
        sink: Sink,
        providers: Providers,
        references: References,
        analyzers: Sequence[Analyzer],
        *,
        refresh_only: bool = False,
    ) -> None:
        self.run, self.options, self.journal, self.refresh_only = run, options, journal, refresh_only
        self.project, self.stack = run.project, run.stack
        self._sink = sink
        self.resources: list[Resource] = []
        self.olds: dict[str, Resource] = {}
        self.base_on(list(resources))
        self.news: dict[str, Resource] = {}
        self.reads: dict[str, Resource] = {}
        self.goals: dict[str, Goal] = {}
        # URNs whose old resource is or will be deleted in this run.
        self.deletes: set[str] = set()
        self.cancelled = asyncio.Event()
        # An error was told that does not stop the run by itself: a target's.
        self.failed = False
        # A mandatory policy is violated. It fails a preview, which still tells all else that is wrong.
        self.violated = False
        # An error ended the run and was told: nothing more is said than that.
        self.bailed = False
        self.refreshing = False
        self._unignorable: set[str] = set()
        self._pending: set[asyncio.Future[Registered]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack_outputs: Values | None = None
        self.registry = Registry(providers, BuiltinProvider(references, self._find), lambda: self.run, self.olds.get)
        self.targeting = Targeting(self)
        self.generator = Generator(self)
        self.executor = Executor(self, options.parallel)
        self.policies = Policies(self, analyzers) if analyzers else None

    def base_on(self, resources: list[Resource]) -> None:
        """Take these as the old state."""
        self.resources = resources
        self.olds.clear()
        self.olds.update((r.urn, r) for r in resources if not r.delete)

    def _find(self, urn: str) -> Resource | None:
        return self.news.get(urn) or self.reads.get(urn)

    # Telling

    def emit(self, event: Event) -> None:
        """Tell an event."""
        self._sink(event)

    def log(self, severity: Severity, message: str, *, urn: str = "", stream_id: int = 0, ephemeral: bool = False) -> None:
        """Tell a message. Pulumi's begin with their severity, and end a line."""
        prefix = "" if severity.startswith("info") else f"{severity}: "
        text = message if message.endswith("\n") else message + "\n"
        self.emit(events.Diagnostic(text, severity, urn, prefix, stream_id, ephemeral))

    def report_failures(self, new: Resource, failures: Sequence[CheckFailure], severity: Severity) -> None:
        """Tell what a provider does not take."""
        name = urns.name_of(new.urn)
        for failure in failures:
            if failure.property:
                value = _brief(new.inputs.get(failure.property))
                text = f"{new.type} resource '{name}': property {failure.property} value {{{value}}} has a problem: {failure.reason}"
            else:
                text = f"{new.type} resource '{name}' has a problem: {failure.reason}"
            self.log(severity, text, urn=new.urn)

    def note_unignorable(self, urn: str, failed: Sequence[str]) -> None:
        """Tell, once, which paths of ignoreChanges cannot be ignored."""
        if failed and urn not in self._unignorable:
            self._unignorable.add(urn)
            self.log("info", f'cannot ignore changes in added or removed elements of the path: "{", ".join(failed)}"', urn=urn)

    # Registrations

    async def register(self, goal: Goal) -> Registered:
        """What the program asked for, once it is so (or, in a preview, once it is planned)."""
        urn = urns.make(self.stack, self.project, goal.parent, goal.type, goal.name)
        return await self._answered(lambda done: self._generate(urn, lambda: self.generator.register(goal, done)))

    async def read(self, read: Read) -> Registered:
        """What the program asked to look at."""

        async def steps(done: asyncio.Future[Registered]) -> list[Step]:
            return self.generator.read_steps(read, done)

        urn = urns.make(self.stack, self.project, read.parent, read.type, read.name)
        return await self._answered(lambda done: self._generate(urn, lambda: steps(done)))

    async def _answered(self, work: Callable[[asyncio.Future[Registered]], Awaitable[None]]) -> Registered:
        if self.cancelled.is_set():
            raise AbortedError
        done: asyncio.Future[Registered] = asyncio.get_running_loop().create_future()
        self._pending.add(done)

        async def run() -> None:
            await work(done)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        try:
            return await done
        finally:
            self._pending.discard(done)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Nobody else would hear of it: a defect of the engine must end the run, not hang it.
            self.log("error", f"internal error of the engine: {error!r}")
            self.failed = True
            self.cancel()

    async def _generate(self, urn: str, decide: Callable[[], Awaitable[list[Step]]]) -> None:
        try:
            steps = await decide()
        except Bail:
            self.bailed = True
            self.cancel()
            return
        except (EngineError, ProviderError) as error:
            self.log("error", str(error), urn=urn)
            self.bailed = True
            self.cancel()
            return
        steps = self.executor.leave_out(steps)
        if not await self.generator.wait_for_deletion(steps):
            for step in steps:
                step.fail("fail")
        elif steps:
            await self.executor.chain(steps)

    def settled(self, state: Resource, *, read: bool) -> None:
        """A step has settled a resource's state."""
        (self.reads if read else self.news)[state.urn] = state

    async def outputs(self, urn: str, values: Values) -> None:
        """A component's outputs; the stack's are held until everything else is known."""
        if self.cancelled.is_set() and urns.qualified_type(urn) != urns.STACK_TYPE:
            raise AbortedError
        if urns.qualified_type(urn) == urns.STACK_TYPE:
            self._stack_outputs = values
        else:
            await self.executor.outputs(urn, values)

    @property
    def has_stack_outputs(self) -> bool:
        """Whether the program has come to its end: its outputs are the last that it registers."""
        return self._stack_outputs is not None

    async def provider(self, resource: Resource) -> Provider:
        """The provider of a custom resource."""
        return await self.registry.ensure(resource.provider)

    async def begun(self, new: Resource) -> Values:
        """The inputs of a creation that an earlier update didn't see end, if the provider can find out what came of it; else none."""
        left = self.journal.left_over(new.urn)
        return left.inputs if left and isinstance(await self.provider(new), Recovering) else {}

    # The run

    def cancel(self) -> None:
        """Start nothing more, and answer nobody who still waits. What is under way is waited for."""
        if self.cancelled.is_set():
            return
        self.cancelled.set()
        for done in list(self._pending):
            if not done.done():
                done.set_exception(AbortedError())

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def remove_unwanted(self) -> None:
        """Delete what the program did not register."""
        try:
            self.targeting.check(self.targeting.targets, self.generator.urns)
            await remove_unwanted(self)
        except Bail:
            self.failed = True
        except (EngineError, ProviderError) as error:
            self.log("error", str(error))
            self.failed = True

    async def finish_outputs(self, *, errored: bool) -> Values:
        """Give the stack its outputs: after an error, over those it had."""
        urn = urns.root(self.stack, self.project)
        step = self.executor.awaits_outputs(urn)
        if self._stack_outputs is not None and step is not None:
            values = self._stack_outputs
            if errored and step.old:
                values = {**step.old.outputs, **values}
            await self.executor.outputs(urn, values)
            return values
        current = self.news.get(urn) or self.olds.get(urn)
        return current.outputs if current else {}

    async def analyze_stack(self) -> None:
        """Let the policy packs judge the whole stack."""
        if not self.policies:
            return
        try:
            await self.policies.stack(list(self.news.values()))
        except EngineError as error:
            self.log("error", str(error))
            self.bailed = True


def _brief(value: object) -> str:
    return "[secret]" if isinstance(value, Secret) else str(value)
