"""The steps that only look: reads, refreshes, and imports, which look first and then take over."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from embedded.engine.deploy import differ
from embedded.engine.deploy.steps import Step, StepFailedError, diff_of, new_of, now, old_of, provider_for
from embedded.engine.model import urn as urns
from embedded.engine.model.ports import PartialFailureError
from embedded.engine.model.values import UNKNOWN_STRING, same

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.model import events
    from embedded.engine.model.ports import Provider
    from embedded.engine.model.state import Resource
    from embedded.engine.model.values import Values


@dataclass(slots=True, eq=False)
class Read(Step):
    """Look at a resource that somebody else made."""

    op: ClassVar[events.Op] = "read"

    @property
    def operation(self) -> events.Op:
        """Reading in the place of a managed resource replaces that one."""
        return "read-replacement" if self.replacing else "read"

    async def apply(self, deployment: Deployment) -> None:
        """Ask the provider; an id that is not known yet gives unknown outputs."""
        new, old = new_of(self), self.old
        if new.id == UNKNOWN_STRING:
            new.outputs = {}
        else:
            provider = await provider_for(deployment, new)
            result = await provider.read(new.urn, new.id, new.inputs, new.inputs, new.custom_timeouts.read)
            if not result.id:
                msg = f"resource '{new.id}' does not exist"
                raise StepFailedError(msg)
            new.id, new.outputs = result.id, result.outputs
        if old:
            if self.replacing:
                old.delete = True
            changed = not same(new.inputs, old.inputs) or not same(new.outputs, old.outputs)
            new.created, new.modified = old.created, now() if changed else old.modified


@dataclass(slots=True, eq=False)
class Refresh(Step):
    """See what has become of a resource."""

    op: ClassVar[events.Op] = "refresh"
    gone: bool = False

    @property
    def logical(self) -> bool:
        """A refresh before an update is not counted."""
        return False

    @property
    def outcome(self) -> events.Op:
        """What the refresh found: nothing new, a change, or nothing at all."""
        if self.gone:
            return "delete"
        old = old_of(self)
        if self.new is None or self.new is old:
            return "same"
        if old.external:
            return "same" if same(old.outputs, self.new.outputs) else "update"
        return "update" if self.diff.changes else "same"

    async def apply(self, deployment: Deployment) -> None:
        """Read it, and let its provider say whether what is there still is what was asked for."""
        old = old_of(self)
        if not old.custom or urns.is_provider_type(old.type) or old.pending_replacement:
            self.new = old
            return
        provider = await provider_for(deployment, old)
        errors: list[str] = []
        try:
            result = await provider.read(old.urn, old.id, old.inputs, old.outputs, old.custom_timeouts.read)
            id_, inputs, outputs = result.id, result.inputs, result.outputs
        except PartialFailureError as error:
            errors, id_, inputs, outputs = error.reasons, error.id, error.inputs, error.outputs
            deployment.log("warning", "Refreshed resource is in an unhealthy state:\n* " + "\n* ".join(errors), urn=old.urn)
        if not id_:
            self.gone, self.new = True, None
            return
        new = self.new = replace(old, id=id_, init_errors=errors, outputs=outputs, inputs=old.inputs if inputs is None else inputs)
        if not same(new.inputs, old.inputs) or not same(new.outputs, old.outputs):
            new.modified = now()
        if not old.external:
            found = await diff_of(deployment, provider, new, old.inputs, old.ignore_changes)
            self.diff = differ.inverted(found)
        new.outputs = differ.mark_secrets(new.outputs, new.inputs, new.additional_secret_outputs)


@dataclass(slots=True, eq=False)
class Import(Step):
    """Take over a resource that exists: read it, and remember what it is as its old state."""

    op: ClassVar[events.Op] = "import"
    original: Resource | None = None
    # Of `pulumi import`: no program asked for it, the inputs are what the provider read (or only these properties of them).
    planned: bool = False
    properties: tuple[str, ...] = ()
    ignore: list[str] = field(default_factory=list)
    seed: bytes = b""

    @property
    def operation(self) -> events.Op:
        """Importing in the place of a managed resource replaces that one."""
        return "import-replacement" if self.replacing else "import"

    async def apply(self, deployment: Deployment) -> None:
        """Read it; a planned import checks the inputs, and says so when they would not pass."""
        new = new_of(self)
        if self.planned and new.urn in deployment.olds:
            msg = f"resource '{new.urn}' already exists"
            raise StepFailedError(msg)
        if not new.custom:
            new.created = new.modified = now()
            return
        provider = await provider_for(deployment, new)
        try:
            result = await provider.read(new.urn, new.import_id, None, {}, new.custom_timeouts.read)
            id_, inputs, outputs = result.id, result.inputs, result.outputs
        except PartialFailureError as error:
            new.init_errors = error.reasons
            id_, inputs, outputs = error.id, error.inputs, error.outputs
        if not id_:
            msg = f"resource '{new.import_id}' does not exist"
            raise StepFailedError(msg)
        if inputs is None:
            msg = f"provider does not support importing resources; please try updating the '{urns.package_of(new.type)}' plugin"
            raise StepFailedError(msg)
        wanted = new.inputs
        new.id, new.outputs, new.inputs = id_, outputs, inputs
        self.old = replace(new, additional_secret_outputs=[], aliases=[], created="", modified="")
        new.created = new.modified = now()
        if self.planned:
            await self._check(deployment, provider, wanted)
        else:
            new.inputs = differ.ignoring(new.inputs, inputs, self.ignore)[0]
            if self.replacing and self.original:
                self.original.delete = True

    async def _check(self, deployment: Deployment, provider: Provider, wanted: Values) -> None:
        new, old = new_of(self), old_of(self)
        new.import_id = ""
        chosen = {k: v for k, v in old.inputs.items() if not self.properties or k in self.properties}
        new.inputs = {**wanted, **chosen}
        checked = await provider.check(new.urn, old.inputs, new.inputs, self.seed)
        if checked.failures:
            deployment.log(
                "warning",
                "One or more imported inputs failed to validate. The import will still proceed, but you will need to edit the generated "
                "code after copying it into your program.",
                urn=new.urn,
            )
            deployment.report_failures(new, checked.failures, "warning")
