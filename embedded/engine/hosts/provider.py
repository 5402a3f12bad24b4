"""A provider behind Pulumi's ResourceProvider service, in a plugin process or in this one.

What a provider is sent depends on what it said it takes (handshake, else its answer to Configure). Where a preview configures it with
something unknown it is not configured at all: creates and updates then give nothing (which programs see as unknown), diffs say «changed».
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, resource_pb2

from embedded.engine.hosts import local, properties, rpc
from embedded.engine.model import urn as urns
from embedded.engine.model import wire
from embedded.engine.model.events import PropertyDiff
from embedded.engine.model.ports import (
    Checked,
    CheckFailure,
    Constructed,
    Created,
    Diff,
    Invoked,
    PartialFailureError,
    ProviderError,
    ReadResult,
)
from embedded.engine.model.values import has_secret, has_unknown, unwrap_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.engine.model.events import DiffKind
    from embedded.engine.model.ports import ConstructOptions, Log, RunInfo
    from embedded.engine.model.values import Values

CANCEL_SECONDS: Final = 5.0
UNCONFIGURED_DIFF: Final = (
    "The provider for this resource has inputs that are not known during preview.\n"
    "This preview may not correctly represent the changes that will be applied during an update."
)
_CHANGES: Final = {provider_pb2.DiffResponse.DIFF_NONE: False, provider_pb2.DiffResponse.DIFF_SOME: True}
_KINDS: Final[dict[int, DiffKind]] = {
    provider_pb2.PropertyDiff.ADD: "add",
    provider_pb2.PropertyDiff.ADD_REPLACE: "add-replace",
    provider_pb2.PropertyDiff.DELETE: "delete",
    provider_pb2.PropertyDiff.DELETE_REPLACE: "delete-replace",
    provider_pb2.PropertyDiff.UPDATE: "update",
    provider_pb2.PropertyDiff.UPDATE_REPLACE: "update-replace",
}


class Connection(Protocol):
    """A way to a provider: calls by method name, and an end. `call` raises grpc.RpcError, or ProviderError when the plugin died."""

    async def call(self, method: str, request: Any) -> Any: ...  # noqa: D102 - as the class says
    async def close(self) -> None: ...  # noqa: D102 - as the class says


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a provider said it takes."""

    secrets: bool = False
    resources: bool = False
    outputs: bool = False
    preview: bool = False


class GrpcProvider:
    """One provider instance over a connection."""

    def __init__(
        self, package: str, connection: Connection, log: Log, abilities: Abilities | None = None, *, elides_assets: bool = True
    ) -> None:
        self.package = package
        self._connection = connection
        self._log = log
        self._abilities = abilities
        self._known = False
        self._elides = elides_assets

    @property
    def supports_preview(self) -> bool:
        """Whether creates and updates may be asked what they would do."""
        return self._known and self._can.preview

    @property
    def _can(self) -> Abilities:
        return self._abilities or Abilities()

    # Configuration

    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked:
        """The provider's own inputs, checked. A provider without CheckConfig takes anything."""
        dialect = wire.Dialect(secrets=False, resources=False, outputs=False, unknowns=allow_unknowns)
        request = provider_pb2.CheckRequest(**_named(urn), olds=wire.to_struct(olds, dialect), news=wire.to_struct(news, dialect))
        try:
            answer = await self._connection.call("CheckConfig", request)
        except grpc.RpcError as error:
            if self._lacks(error):
                return Checked(news)
            raise rpc.converted(error) from error
        return Checked(properties.annotated(wire.from_struct(answer.inputs), news), _failures(answer.failures))

    async def diff_config(self, urn: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """How a change of the provider's inputs affects it. A provider without DiffConfig never asks to be replaced."""
        dialect = wire.Dialect(secrets=False, resources=False, outputs=False)
        request = provider_pb2.DiffRequest(
            **_named(urn),
            old_inputs=wire.to_struct(old_inputs, dialect),
            olds=wire.to_struct(old_outputs, dialect),
            news=wire.to_struct(news, dialect),
            ignoreChanges=ignore,
        )
        try:
            answer = await self._connection.call("DiffConfig", request)
        except grpc.RpcError as error:
            if self._lacks(error):
                return Diff(None)
            raise rpc.converted(error) from error
        return _diff(answer)

    def _lacks(self, error: grpc.RpcError) -> bool:
        # Old kubernetes providers say it in the text only.
        return rpc.is_unimplemented(error) or (self.package == "kubernetes" and "Unimplemented" in rpc.message_of(error))

    async def configure(self, urn: str, id_: str, inputs: Values) -> None:
        """Hand over the configuration; with anything unknown in it, the provider stays unconfigured."""
        settings = {k: v for k, v in inputs.items() if k != "version"}
        if has_unknown(settings):
            self._known = False
            return
        package = urns.type_of(urn).rpartition(":")[2]
        request = provider_pb2.ConfigureRequest(
            **_named(urn),
            id=id_,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            variables={f"{package}:config:{k}": _variable(v) for k, v in settings.items()},
            args=wire.to_struct(inputs, wire.NO_OUTPUTS),
        )
        answer = await self._call("Configure", request)
        if self._abilities is None:
            self._abilities = Abilities(answer.acceptSecrets, answer.acceptResources, answer.acceptOutputs, answer.supportsPreview)
        self._known = True

    # Resources

    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked:
        """The inputs as the provider completes them."""
        if not self._known:
            return Checked(news)
        dialect = self._dialect(unknowns=True)
        request = provider_pb2.CheckRequest(
            **_named(urn), olds=wire.to_struct(olds, dialect), news=wire.to_struct(news, dialect), randomSeed=seed
        )
        answer = await self._call("Check", request)
        inputs = wire.from_struct(answer.inputs)
        return Checked(inputs if self._can.secrets else properties.annotated(inputs, news), _failures(answer.failures))

    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        """What an update would do."""
        if not self._known:
            self._log("warning", UNCONFIGURED_DIFF, urn=urn)
            return Diff(changes=True)
        dialect = self._dialect(unknowns=True)
        request = provider_pb2.DiffRequest(
            **_named(urn),
            id=id_,
            old_inputs=self._brief(old_inputs, dialect),
            olds=self._brief(old_outputs, dialect),
            news=self._brief(news, dialect),
            ignoreChanges=ignore,
        )
        return _diff(await self._call("Diff", request))

    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created:
        """Create the resource, or in a preview say what would be."""
        if preview and not self.supports_preview:
            return Created("", news if self._known else {})
        self._must_be_configured()
        request = provider_pb2.CreateRequest(
            **_named(urn), properties=wire.to_struct(news, self._dialect(unknowns=preview)), timeout=timeout, preview=preview
        )
        try:
            answer = await self._call("Create", request)
        except PartialFailureError as failure:
            failure.outputs = self._marked(failure.outputs, news)
            raise
        if not answer.id and not preview:
            raise ProviderError(f"plugin returned empty resource.ID from create '{urn}'")
        return Created(answer.id, self._marked(wire.from_struct(answer.properties), news))

    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult:
        """What is there now."""
        if not self._known:
            return ReadResult("", {}, {})
        dialect = self._dialect(unknowns=False)
        request = provider_pb2.ReadRequest(**_named(urn), id=id_, properties=self._brief(outputs, dialect), timeout=timeout)
        if inputs is not None:
            request.inputs.CopyFrom(self._brief(inputs, dialect))
        try:
            answer = await self._call("Read", request)
        except PartialFailureError as failure:
            failure.outputs = self._live(failure.outputs, outputs, inputs)
            failure.inputs = None if failure.inputs is None else self._live(failure.inputs, inputs, inputs)
            raise
        found = wire.from_struct(answer.inputs) if answer.HasField("inputs") else None
        state = self._live(wire.from_struct(answer.properties), outputs, inputs)
        return ReadResult(answer.id, state, None if found is None else self._live(found, inputs, inputs))

    async def update(
        self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, timeout: float, ignore: list[str], *, preview: bool
    ) -> Values:
        """Change the resource, or in a preview say what it would become."""
        if preview and not self.supports_preview:
            return news if self._known else {}
        self._must_be_configured()
        old = self._dialect(unknowns=False)
        request = provider_pb2.UpdateRequest(
            **_named(urn),
            id=id_,
            olds=self._brief(old_outputs, old),
            old_inputs=self._brief(old_inputs, old),
            news=wire.to_struct(news, self._dialect(unknowns=preview)),
            timeout=timeout,
            ignoreChanges=ignore,
            preview=preview,
        )
        try:
            answer = await self._call("Update", request)
        except PartialFailureError as failure:
            failure.outputs = self._marked(failure.outputs, news)
            raise
        return self._marked(wire.from_struct(answer.properties), news)

    async def delete(self, urn: str, id_: str, inputs: Values, outputs: Values, timeout: float) -> None:
        """Delete the resource."""
        self._must_be_configured()
        dialect = self._dialect(unknowns=False)
        request = provider_pb2.DeleteRequest(
            **_named(urn), id=id_, properties=self._brief(outputs, dialect), old_inputs=self._brief(inputs, dialect), timeout=timeout
        )
        await self._call("Delete", request)

    # Functions and components

    async def invoke(self, token: str, args: Values, *, preview: bool) -> Invoked:
        """Call a function."""
        if not self._known:
            return Invoked({})
        request = provider_pb2.InvokeRequest(tok=token, args=wire.to_struct(args, self._dialect(unknowns=False)), preview=preview)
        answer = await self._call("Invoke", request)
        value = wire.from_struct(getattr(answer, "return"))
        if has_secret(args) and not self._can.secrets:
            value = properties.all_secret(value)
        return Invoked(value, _failures(answer.failures))

    async def call(self, token: str, args: Values, arg_dependencies: dict[str, list[str]], run: RunInfo) -> Invoked:
        """Call a resource's method."""
        if not self._known:
            return Invoked({})
        request = provider_pb2.CallRequest(
            tok=token,
            args=wire.to_struct(args, wire.Dialect(outputs=self._can.outputs)),
            argDependencies={k: provider_pb2.CallRequest.ArgumentDependencies(urns=v) for k, v in arg_dependencies.items()},
            **run.fields(),
            monitorEndpoint=run.monitor_address,
            accepts_output_values=True,
        )
        answer = await self._call("Call", request)
        dependencies = {k: list(v.urns) for k, v in answer.returnDependencies.items()}
        return Invoked(wire.from_struct(getattr(answer, "return")), _failures(answer.failures), dependencies)

    async def construct(self, type_: str, name: str, inputs: Values, options: ConstructOptions, run: RunInfo) -> Constructed:
        """Make a remote component: the provider registers it and its children with the run's monitor."""
        if not self._known:
            return await _placeholder(type_, name, options.parent, run)
        if not self._can.secrets:
            raise ProviderError("plugins that can construct components must support secrets")
        times = options.custom_timeouts
        request = provider_pb2.ConstructRequest(
            **run.fields(),
            monitorEndpoint=run.monitor_address,
            type=type_,
            name=name,
            parent=options.parent,
            inputs=wire.to_struct(inputs, self._dialect(unknowns=True, outputs=True)),
            inputDependencies={
                k: provider_pb2.ConstructRequest.PropertyDependencies(urns=v) for k, v in options.property_dependencies.items()
            },
            providers=options.providers,
            aliases=[{"urn": a} for a in options.aliases],
            dependencies=options.dependencies,
            additionalSecretOutputs=options.additional_secret_outputs,
            deletedWith=options.deleted_with,
            replace_with=options.replace_with,
            ignoreChanges=options.ignore_changes,
            replaceOnChanges=options.replace_on_changes,
            accepts_output_values=True,
            stack_trace_handle=options.stack_trace_handle,
            protect=options.protect,
            deleteBeforeReplace=options.delete_before_replace,
            retainOnDelete=options.retain_on_delete,
        )
        if times.create or times.update or times.delete or times.read:
            spans = {k: _duration(getattr(times, k)) for k in ("create", "update", "delete", "read")}
            request.customTimeouts.CopyFrom(provider_pb2.ConstructRequest.CustomTimeouts(**spans))
        answer = await self._call("Construct", request)
        dependencies = {k: list(v.urns) for k, v in answer.stateDependencies.items()}
        return Constructed(answer.urn, wire.from_struct(answer.state), dependencies)

    # The end

    async def cancel(self) -> None:
        """Ask the provider to give up what it is doing."""
        with contextlib.suppress(grpc.RpcError, ProviderError, TimeoutError):
            await asyncio.wait_for(self._connection.call("Cancel", empty_pb2.Empty()), CANCEL_SECONDS)

    async def close(self) -> None:
        """End the plugin."""
        await self._connection.close()

    # How it is said

    async def _call(self, method: str, request: Any) -> Any:
        try:
            return await self._connection.call(method, request)
        except grpc.RpcError as error:
            raise rpc.converted(error) from error

    def _must_be_configured(self) -> None:
        if not self._known:
            raise ProviderError(f"the provider of package '{self.package}' is not configured: its configuration is not known yet")

    def _dialect(self, *, unknowns: bool, outputs: bool = False) -> wire.Dialect:
        can = self._can
        return wire.Dialect(secrets=can.secrets, resources=can.resources, outputs=outputs and can.outputs, unknowns=unknowns)

    def _brief(self, values: Values, dialect: wire.Dialect) -> Any:
        return wire.to_struct(properties.elided(values) if self._elides else values, dialect)

    def _marked(self, outs: Values, ins: Values) -> Values:
        return outs if self._can.secrets else properties.annotated(outs, ins)

    def _live(self, found: Values, old: Values | None, inputs: Values | None) -> Values:
        marked = found if self._can.secrets else properties.annotated(found, old)
        return properties.restored(marked, inputs)


async def _placeholder(type_: str, name: str, parent: str, run: RunInfo) -> Constructed:
    """A remote component whose provider is not configured yet: registered, so that the preview shows it, with nothing in it."""
    assert run.services is not None  # noqa: S101 - a run that constructs has a monitor
    request = resource_pb2.RegisterResourceRequest(type=type_, name=name, parent=parent)
    answer = await local.call(run.services.monitor.RegisterResource, request)
    return Constructed(answer.urn, {}, {})


def _named(urn: str) -> dict[str, Any]:
    return {"urn": urn, "name": urns.name_of(urn), "type": urns.type_of(urn)}


def _failures(failures: Iterable[Any]) -> tuple[CheckFailure, ...]:
    return tuple(CheckFailure(f.property, f.reason) for f in failures)


def _diff(answer: Any) -> Diff:
    detailed = {k: PropertyDiff(_KINDS.get(v.kind, "update"), v.inputDiff) for k, v in answer.detailedDiff.items()}
    return Diff(
        _CHANGES.get(answer.changes),
        tuple(answer.replaces),
        tuple(answer.stables),
        tuple(answer.diffs),
        answer.deleteBeforeReplace,
        detailed if answer.hasDetailedDiff else None,
    )


def _variable(value: Any) -> str:
    from embedded.engine.model import gojson

    plain = unwrap_secrets(value)
    return plain if isinstance(plain, str) else gojson.dumps(plain)


def _duration(seconds: float) -> str:
    return f"{seconds:g}s" if seconds else ""
