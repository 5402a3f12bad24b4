"""The operations that change one resource. A step is made by the generator, applied by the executor, told by events.

`apply` does the work and raises StepFailedError when the provider refuses; a partial failure keeps what was made and fails the
step all the same. `complete` answers the registration that asked for the step.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from embedded.engine.deploy import differ
from embedded.engine.deploy.goal import Registered
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.ports import Diff, PartialFailureError, Recovering

if TYPE_CHECKING:
    import asyncio

    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.model.ports import Provider
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values

Status = Literal[0, 1, 2]
OK: Status = 0
NO_DIFF: Final = Diff(changes=None)
PARTIAL: Status = 1


class StepFailedError(Exception):
    """The step did not work out; the text is what the user sees. Partial: the resource's state is kept."""

    def __init__(self, message: str, status: Status = OK) -> None:
        super().__init__(message)
        self.status: Status = status


def is_default_provider(resource: Resource) -> bool:
    """Whether the engine made this provider by itself."""
    return urns.is_provider_type(resource.type) and urns.name_of(resource.urn).startswith("default")


def now() -> str:
    """The present moment as state files write it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True, eq=False)
class Step:
    """What all steps share."""

    old: Resource | None
    new: Resource | None
    done: asyncio.Future[Registered] | None = None
    diff: Diff = NO_DIFF
    op: ClassVar[events.Op]
    # Part of a replacement, which is counted as one logical step of its own.
    replacing: bool = False
    untargeted: bool = False

    @property
    def logical(self) -> bool:
        """Whether the step counts as one operation of the update."""
        return not self.replacing

    @property
    def internal(self) -> bool:
        """Not for displays: a default provider's step, or bookkeeping."""
        return is_default_provider(self.resource)

    @property
    def operation(self) -> events.Op:
        """The operation as events name it."""
        return self.op

    @property
    def resource(self) -> Resource:
        """The state that the step is about: the new one, if there is one."""
        found = self.new or self.old
        if found is None:
            msg = "a step is about a resource"
            raise AssertionError(msg)
        return found

    @property
    def urn(self) -> str:
        """The URN of what the step is about."""
        return self.resource.urn

    def event(self, operation: events.Op | None = None) -> events.Step:
        """The step as it stands, for events."""
        resource = self.resource
        return events.Step(
            op=operation or self.operation,
            urn=resource.urn,
            type=resource.type,
            old=copy.copy(self.old) if self.old else None,
            new=copy.copy(self.new) if self.new else None,
            provider=resource.provider,
            keys=self.diff.replaces if self.op in ("create-replacement", "replace") else (),
            diffs=self.diff.diffs,
            detailed_diff=self.diff.detailed,
            logical=self.logical,
            untargeted=self.untargeted,
        )

    async def apply(self, deployment: Deployment) -> None:
        """Do it."""
        raise NotImplementedError

    def complete(self) -> None:
        """Answer the registration."""
        if self.done and not self.done.done() and self.new:
            self.done.set_result(Registered(self.new))

    def fail(self, result: Literal["fail", "skip"]) -> None:
        """Answer the registration that its step failed, or was left out for another that did."""
        if self.done and not self.done.done() and self.new:
            self.done.set_result(Registered(self.new, result))


async def provider_for(deployment: Deployment, resource: Resource) -> Provider:
    """The provider of a custom resource."""
    return await deployment.registry.ensure(resource.provider)


async def diff_of(deployment: Deployment, provider: Provider, old: Resource, news: Values, ignore: list[str]) -> Diff:
    """A provider's diff; where it answers «unknown» the inputs are compared."""
    result = await provider.diff(old.urn, old.id, old.inputs, old.outputs, news, ignore)
    if result.changes is None:
        deployment.note_unignorable(old.urn, differ.ignoring(news, old.inputs, ignore)[1])
        found = differ.structural(old.inputs, news, ignore)
        return replace(result, changes=found.changes, diffs=found.diffs, detailed=found.detailed)
    return result


def new_of(step: Step) -> Resource:
    """The new state of a step that has one."""
    if step.new is None:
        msg = f"{step.op} has a new state"
        raise AssertionError(msg)
    return step.new


def old_of(step: Step) -> Resource:
    """The old state of a step that has one."""
    if step.old is None:
        msg = f"{step.op} has an old state"
        raise AssertionError(msg)
    return step.old


@dataclass(slots=True, eq=False)
class Same(Step):
    """Nothing to do."""

    op: ClassVar[events.Op] = "same"
    # An untargeted create: the resource is left out, and its outputs are unknown.
    skipped_create: bool = False

    async def apply(self, deployment: Deployment) -> None:
        """Take over what the provider said last time."""
        old, new = old_of(self), new_of(self)
        new.id, new.outputs = old.id, old.outputs
        if urns.is_provider_type(new.type) and not self.skipped_create and not self.untargeted:
            await deployment.registry.same(new, old.inputs)

    def complete(self) -> None:
        """Answer, saying whether the resource exists at all."""
        if self.done and not self.done.done() and self.new:
            self.done.set_result(Registered(self.new, unknown=self.skipped_create))


@dataclass(slots=True, eq=False)
class Create(Step):
    """Make a resource; as a replacement, the old one is deleted at the end (`pending_delete`) or was before."""

    op: ClassVar[events.Op] = "create"
    pending_delete: bool = False
    # Whether this settles what came of an interrupted creation.
    settles: bool = False

    @property
    def operation(self) -> events.Op:
        """Creates and replacements have different names."""
        return "create-replacement" if self.replacing else "create"

    async def apply(self, deployment: Deployment) -> None:
        """Ask the provider; keep what a partial failure left."""
        new = new_of(self)
        failure: StepFailedError | None = None
        if new.custom:
            preview = deployment.options.dry_run
            if urns.is_provider_type(new.type):
                created = await deployment.registry.create(new.urn, new.inputs, preview=preview)
                id_, outputs = created.id, created.outputs
            else:
                provider = await provider_for(deployment, new)
                begun = {} if preview else await deployment.begun(new)
                try:
                    if begun and isinstance(provider, Recovering):
                        self.settles = True
                        created = await provider.recover(new.urn, begun, new.inputs, new.custom_timeouts.create)
                    else:
                        created = await provider.create(new.urn, new.inputs, new.custom_timeouts.create, preview=preview)
                    id_, outputs = created.id, created.outputs
                except PartialFailureError as error:
                    id_, outputs, new.init_errors = error.id, error.outputs, error.reasons
                    failure = StepFailedError(partial_message("create", error), PARTIAL)
                if not id_ and not preview:
                    msg = "provider did not return an ID from Create"
                    raise StepFailedError(msg)
            new.id, new.outputs = id_, outputs
        new.created = new.modified = now()
        if self.replacing and self.pending_delete:
            old_of(self).delete = True
        if failure:
            raise failure


def partial_message(what: str, error: PartialFailureError) -> str:
    """What is said of a resource that is there but not ready."""
    count = len(error.reasons)
    return (
        f"{count} error{'' if count == 1 else 's'} occurred:\n" + "".join(f"\t* {reason}\n" for reason in error.reasons)
        if count
        else (f"the provider failed to {what} the resource completely")
    )


@dataclass(slots=True, eq=False)
class Update(Step):
    """Change a resource in place."""

    op: ClassVar[events.Op] = "update"
    ignore: list[str] = field(default_factory=list)

    async def apply(self, deployment: Deployment) -> None:
        """Ask the provider; after a partial failure the old inputs stay, so that the next update tries again."""
        old, new = old_of(self), new_of(self)
        new.id, new.created, new.modified = old.id, old.created, old.modified
        if not new.custom:
            return
        if urns.is_provider_type(new.type):
            new.outputs = await deployment.registry.update(new.urn, old.id, new.inputs)
            new.modified = now()
            return
        provider = await provider_for(deployment, new)
        try:
            new.outputs = await provider.update(
                new.urn,
                old.id,
                old.inputs,
                old.outputs,
                new.inputs,
                new.custom_timeouts.update,
                self.ignore,
                preview=deployment.options.dry_run,
            )
        except PartialFailureError as error:
            new.outputs, new.init_errors, new.modified = error.outputs, error.reasons, now()
            raise StepFailedError(partial_message("update", error), PARTIAL) from error
        new.modified = now()


@dataclass(slots=True, eq=False)
class Delete(Step):
    """Remove a resource; before its replacement is made (`pending_replacement`), after it was, or because nobody wants it."""

    op: ClassVar[events.Op] = "delete"
    pending_replacement: bool = False

    @property
    def operation(self) -> events.Op:
        """Resources that are only read are let go of, not deleted."""
        if old_of(self).external:
            return "discard-replaced" if self.replacing else "discard"
        return "delete-replaced" if self.replacing else "delete"

    async def apply(self, deployment: Deployment) -> None:
        """Protected resources stay; retained, external and deleted-with ones leave the state only."""
        old = old_of(self)
        if not self.replacing and old.protect:
            raise ProtectedError(old.urn)
        gone_with = bool(old.deleted_with) and old.deleted_with in deployment.deletes
        real = old.custom and not (deployment.options.dry_run or old.external or old.retain_on_delete or gone_with)
        if real and not urns.is_provider_type(old.type):
            provider = await provider_for(deployment, old)
            await provider.delete(old.urn, old.id, old.inputs, old.outputs, old.custom_timeouts.delete)
        if self.pending_replacement:
            old.pending_replacement = True


class ProtectedError(StepFailedError):
    """A protected resource was to be deleted; everything else goes on."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the `protect` '
            f"flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n`pulumi state unprotect '{urn}'`"
        )


@dataclass(slots=True, eq=False)
class RemovePendingReplace(Step):
    """Forget a resource that was deleted to be replaced, and is not wanted any more."""

    op: ClassVar[events.Op] = "remove-pending-replace"

    @property
    def logical(self) -> bool:
        """Bookkeeping is not counted."""
        return False

    @property
    def internal(self) -> bool:
        """Bookkeeping is not shown."""
        return True

    async def apply(self, deployment: Deployment) -> None:
        """There is nothing left of it."""


@dataclass(slots=True, eq=False)
class Replace(Step):
    """Says that a resource is replaced; the work is in the create and delete steps around it."""

    op: ClassVar[events.Op] = "replace"

    async def apply(self, deployment: Deployment) -> None:
        """Nothing to do."""
