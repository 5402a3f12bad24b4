"""Carries steps out: so many chains at a time, each step told to the journal and to the events before and after."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from embedded.engine.deploy import differ
from embedded.engine.deploy.read_steps import Read, Refresh
from embedded.engine.deploy.steps import Create, Delete, ProtectedError, Replace, Same, StepFailedError, Update
from embedded.engine.model import events
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.events import Op
    from embedded.engine.model.values import Values


# A write of the state costs more the larger the stack is. So for each so many resources another round of steps is announced in it,
# ahead of those that may run: the cost of all writes together then grows with the stack and not with its square.
RESOURCES_PER_ROUND: Final = 500


class Executor:
    """The steps of one deployment, and what became of them."""

    def __init__(self, deployment: Deployment, parallel: int) -> None:
        self._deployment = deployment
        self._parallel = max(1, parallel)
        self._slots = asyncio.Semaphore(self._parallel)
        self._announced = asyncio.Semaphore(self._parallel)
        self._rounds = 1
        self.changes: dict[Op, int] = {}
        self.errored: list[Step] = []
        self.failed = False
        self.maybe_corrupt = False
        # Steps whose registration may still send outputs (components do when their constructor ends).
        self._awaiting_outputs: dict[str, Step] = {}
        self._skipped: set[str] = set()

    async def chain(self, steps: Sequence[Step]) -> None:
        """Carry out steps that belong together, in order; the first that fails ends the chain."""
        self._widen()
        async with self._announced:
            try:
                for step in steps:
                    if self._deployment.cancelled.is_set() or not await self._step(step):
                        return
            except EngineError as error:
                # The state could not be written: nothing more may start.
                self._deployment.log("error", str(error))
                self.failed = True
                self._deployment.cancel()
            finally:
                for step in steps:
                    if isinstance(step, Delete) and (ended := self._deployment.generator.deleted.get(id(step.old))):
                        ended.set()

    def _widen(self) -> None:
        """Announce as many steps as suits a stack that has become so large."""
        while self._rounds <= self._deployment.journal.size // RESOURCES_PER_ROUND:
            self._rounds += 1
            for _ in range(self._parallel):
                self._announced.release()

    async def group(self, steps: Iterable[Step]) -> None:
        """Carry out steps that have nothing to do with one another."""
        await asyncio.gather(*(self.chain([s]) for s in steps))

    def leave_out(self, steps: Iterable[Step]) -> list[Step]:
        """The steps that don't depend on one that failed or was left out; registrations of the others are answered «skip»."""
        for step in self.errored:
            self._skipped.add(step.urn)
        if not self._skipped:
            return list(steps)
        kept = []
        for step in steps:
            resource = step.resource
            needs = {resource.parent, *resource.dependencies, *(u for us in resource.property_dependencies.values() for u in us)}
            if needs & self._skipped:
                step.fail("skip")
                self._skipped.add(step.urn)
            else:
                kept.append(step)
        return kept

    async def _step(self, step: Step) -> bool:
        deployment = self._deployment
        error: Exception | None = None
        status = 0
        try:
            await deployment.journal.begin(step)
            async with self._slots:
                if deployment.cancelled.is_set():
                    await deployment.journal.end(step, kept=False)
                    return False
                deployment.emit(events.ResourcePre(step.event(), deployment.options.dry_run, step.internal))
                await step.apply(deployment)
        except StepFailedError as failure:
            error, status = failure, failure.status
        except (ProviderError, EngineError) as failure:
            error = failure
        if error is None and step.logical and step.new is not None:
            self._awaiting_outputs[step.urn] = step
        self._settle(step)
        if error is None:
            self._count(step)
            self._tell(step)
        else:
            self._tell_failure(step, error, status)
        if status == 1 and isinstance(step, Update) and step.new and step.old:
            step.new.inputs = dict(step.old.inputs)
        await deployment.journal.end(step, kept=error is None or status == 1)
        self._widen()
        if error is None:
            step.complete()
            return True
        self.fail(step, error)
        return False

    def _settle(self, step: Step) -> None:
        """Secrets stay secrets, and the new state is what others see."""
        new = step.new
        if new is None or isinstance(step, Replace):
            return
        new.outputs = differ.mark_secrets(new.outputs, new.inputs, new.additional_secret_outputs)
        self._deployment.settled(new, read=isinstance(step, Read))

    def _count(self, step: Step) -> None:
        recorded = step.logical
        operation = step.operation
        if isinstance(step, Refresh) and self._deployment.refresh_only:
            operation, recorded = step.outcome, True
        if isinstance(step, Read):
            recorded = bool(step.old and step.new and differ.changed_keys(step.old.outputs, step.new.outputs))
        if recorded and not step.internal:
            self.changes[operation] = self.changes.get(operation, 0) + 1

    def _tell(self, step: Step) -> None:
        deployment = self._deployment
        operation = step.outcome if isinstance(step, Refresh) and deployment.refresh_only else step.operation
        refreshed = isinstance(step, Refresh) and (deployment.refresh_only or deployment.options.refresh)
        told = step.resource.custom or isinstance(step, Delete) or refreshed
        if deployment.options.dry_run or told:
            deployment.emit(events.ResourceOutputs(step.event(operation), deployment.options.dry_run, step.internal))

    def _tell_failure(self, step: Step, error: Exception, status: int) -> None:
        deployment = self._deployment
        urn = "" if step.internal else step.urn
        if deployment.options.dry_run:
            deployment.log("error", f"Preview failed: {error}", urn=urn)
            return
        deployment.log("error", str(error), urn=urn)
        deployment.emit(events.ResourceFailed(step.event(), status, sum(self.changes.values())))

    def fail(self, step: Step, error: Exception) -> None:
        """A step failed: end everything that has not started, or (as asked, or for a protected resource) only what depends on it."""
        self.failed = True
        options = self._deployment.options
        if self._deployment.refreshing:
            return
        if options.continue_on_error or isinstance(error, ProtectedError):
            step.fail("fail")
            self.errored.append(step)
        else:
            self._deployment.cancel()

    async def outputs(self, urn: str, outputs: Values) -> None:
        """A component says what its outputs are."""
        step = self._awaiting_outputs.pop(urn, None)
        if step is None or step.new is None:
            msg = f"cannot complete a resource '{urn}' whose registration isn't pending"
            raise EngineError(msg)
        if isinstance(step, Same) and step.skipped_create:
            return
        step.new.outputs = outputs
        deployment = self._deployment
        deployment.emit(events.ResourceOutputs(step.event(), deployment.options.dry_run, step.internal))
        if step.old is None or isinstance(step, Create) or step.old.outputs != outputs:
            await deployment.journal.write()

    def awaits_outputs(self, urn: str) -> Step | None:
        """The step whose registration may still send outputs."""
        return self._awaiting_outputs.get(urn)
