"""A cloud, programs and a disk in memory, to run many deployments in little time: the engine's own code over its real monitor.

A program is a list of `Want`s, in the order of registration; each may refer to earlier ones. The cloud keeps objects by id; the
disk keeps the bytes of every checkpoint, and can be told to die at the n-th write, which ends the run as SIGKILL would.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import resource_pb2

from embedded.engine.backend import codec
from embedded.engine.backend.crypto import BlindSecrets
from embedded.engine.deploy.options import Options
from embedded.engine.model import events, wire
from embedded.engine.model import urn as urns
from embedded.engine.model.ports import Checked, Created, Diff, Invoked, ProgramResult, ProviderError, ReadResult, RunInfo
from embedded.engine.model.state import Snapshot
from embedded.engine.model.values import UNKNOWN, has_unknown, same
from embedded.engine.operation import World, run_operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc

    from embedded.engine.deploy.options import Kind, Outcome
    from embedded.engine.model.ports import Log, PackageRef
    from embedded.engine.model.state import PendingOperation, Resource
    from embedded.engine.model.values import Values

TYPE = "sim:index:Thing"
COMPONENT = "sim:index:Box"


@dataclass(frozen=True, slots=True)
class Want:
    """A resource that a program wants. `source` and `needs` name earlier wants; a changed `kind` replaces the resource."""

    name: str
    size: int = 0
    kind: str = "k"
    source: str = ""
    needs: tuple[str, ...] = ()
    parent: str = ""
    component: bool = False
    delete_before_replace: bool = False
    protect: bool = False
    retain: bool = False


class DiedError(BaseException):
    """The process was killed."""


@dataclass(slots=True)
class Cloud:
    """What really exists, and every call that was made. `fail` names `operation name` pairs to refuse."""

    objects: dict[str, Values] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    fail: set[tuple[str, str]] = field(default_factory=set)
    serial: int = 0

    def called(self, operation: str, name: str) -> None:
        """Count a call, or refuse it."""
        self.calls.append((operation, name))
        if (operation, name) in self.fail:
            msg = f"{operation} of {name} refused"
            raise ProviderError(msg)


class CloudProvider:
    """A provider over a cloud: `kind` and `source` cannot be changed in place, the size can. The output `out` is the object's id."""

    supports_preview = True

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked:
        del urn, olds, allow_unknowns
        return Checked(news)

    async def diff_config(self, urn: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        del urn, old_inputs, old_outputs, news, ignore
        return Diff(changes=None)

    async def configure(self, urn: str, id_: str, inputs: Values) -> None:
        del urn, id_, inputs

    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked:
        del urn, olds, seed
        await asyncio.sleep(0)
        return Checked(news)

    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff:
        del urn, id_, old_outputs, ignore
        await asyncio.sleep(0)
        changed = [k for k in sorted({*old_inputs, *news}) if not same(old_inputs.get(k), news.get(k))]
        return Diff(changes=bool(changed), replaces=tuple(k for k in changed if k in ("kind", "source")), diffs=tuple(changed))

    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created:
        del timeout
        name = urns.name_of(urn)
        if preview:
            return Created("", {**news, "out": UNKNOWN})
        await asyncio.sleep(0)
        self._cloud.called("create", name)
        assert not has_unknown(news), "an update passes no unknowns"
        self._cloud.serial += 1
        id_ = f"{name}-{self._cloud.serial}"
        self._cloud.objects[id_] = news
        return Created(id_, {**news, "out": id_})

    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult:
        del urn, inputs, timeout
        if id_ not in self._cloud.objects:
            return ReadResult("", {})
        return ReadResult(id_, outputs, self._cloud.objects[id_])

    async def update(
        self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, timeout: float, ignore: list[str], *, preview: bool
    ) -> Values:
        del old_inputs, old_outputs, timeout, ignore
        name = urns.name_of(urn)
        if preview:
            return {**news, "out": id_}
        await asyncio.sleep(0)
        self._cloud.called("update", name)
        assert id_ in self._cloud.objects, "what is updated exists"
        self._cloud.objects[id_] = news
        return {**news, "out": id_}

    async def delete(self, urn: str, id_: str, inputs: Values, outputs: Values, timeout: float) -> None:
        del inputs, outputs, timeout
        await asyncio.sleep(0)
        self._cloud.called("delete", urns.name_of(urn))
        self._cloud.objects.pop(id_, None)

    async def invoke(self, token: str, args: Values, *, preview: bool) -> Invoked:
        del token, preview
        return Invoked(args)

    async def call(self, token: str, args: Values, arg_dependencies: dict[str, list[str]], run: RunInfo) -> Invoked:
        raise NotImplementedError

    async def construct(self, type_: str, name: str, inputs: Values, options: Any, run: RunInfo) -> Any:
        raise NotImplementedError

    async def cancel(self) -> None:
        """Nothing runs long."""

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class Clouds:
    """ports.Providers over one cloud."""

    cloud: Cloud

    async def start(self, package: PackageRef, run: RunInfo) -> CloudProvider:
        del package, run
        return CloudProvider(self.cloud)


class NoReferences:
    """ports.References: no other stacks."""

    async def outputs(self, stack: str) -> tuple[Values, list[str]]:
        del stack
        return {}, []

    async def resources(self, stack: str) -> list[Resource]:
        del stack
        return []


@dataclass(slots=True)
class Disk:
    """Every checkpoint that was written; dies instead of the write with the number `dies_at` (from 1)."""

    dies_at: int = 0
    written: list[bytes] = field(default_factory=list)
    # What a step may rely on: names under way, by the last write.
    pending: set[str] = field(default_factory=set)

    def encode(self, resources: Sequence[Resource], pending: Sequence[PendingOperation]) -> bytes:
        secrets = BlindSecrets()
        data = codec.encode_snapshot(Snapshot(list(resources), list(pending)), secrets)
        return json.dumps(data).encode()

    def commit(self, data: bytes) -> None:
        if self.dies_at and len(self.written) + 1 >= self.dies_at:
            raise DiedError
        self.written.append(data)

    def snapshot(self, base: Snapshot) -> Snapshot:
        """What the next process finds."""
        if not self.written:
            return base
        return self.decoded(self.written[-1])

    @staticmethod
    def decoded(data: bytes) -> Snapshot:
        """What a write said."""
        return codec.decode_snapshot(json.loads(data), BlindSecrets())


class _Context:
    """The part of a servicer's context that the monitor uses."""

    async def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise ConnectionError(code, details)


@dataclass(slots=True)
class ListProgram:
    """ports.Program: registers its wants, each as soon as what it refers to is there."""

    wants: Sequence[Want]
    # Ends badly when it has registered everything, as a program does that raises in its last line.
    fails: bool = False

    async def run(self, run: RunInfo, log: Log) -> ProgramResult:
        del log
        assert run.services
        monitor, context = run.services.monitor, _Context()
        root = resource_pb2.RegisterResourceRequest(type=urns.STACK_TYPE, name=f"{run.project}-{run.stack}", acceptSecrets=True)
        try:
            stack = (await monitor.RegisterResource(root, context)).urn
            answers: dict[str, asyncio.Future[Any]] = {w.name: asyncio.get_running_loop().create_future() for w in self.wants}
            await asyncio.gather(*(self._register(w, monitor, stack, answers) for w in self.wants))
            outputs = {w.name: wire.from_struct(answers[w.name].result().object).get("out", UNKNOWN) for w in self.wants if not w.component}
            await monitor.RegisterResourceOutputs(
                resource_pb2.RegisterResourceOutputsRequest(urn=stack, outputs=wire.to_struct(outputs)), context
            )
            if self.fails:
                return ProgramResult(bail=True)
            await monitor.SignalAndWaitForShutdown(empty_pb2.Empty(), context)
        except ConnectionError as error:
            return ProgramResult(str(error.args[1]), bail=True)
        return ProgramResult()

    async def _register(self, want: Want, monitor: Any, stack: str, answers: dict[str, asyncio.Future[Any]]) -> None:
        try:
            refers = [n for n in (want.source, want.parent, *want.needs) if n]
            found = {n: await asyncio.shield(answers[n]) for n in refers}
            request = resource_pb2.RegisterResourceRequest(
                type=COMPONENT if want.component else TYPE,
                name=want.name,
                custom=not want.component,
                parent=found[want.parent].urn if want.parent else stack,
                acceptSecrets=True,
                supportsPartialValues=True,
                dependencies=sorted({found[n].urn for n in (want.source, *want.needs) if n}),
                deleteBeforeReplace=want.delete_before_replace,
                deleteBeforeReplaceDefined=want.delete_before_replace,
                protect=want.protect,
                retainOnDelete=want.retain,
            )
            inputs: Values = {} if want.component else {"size": want.size, "kind": want.kind}
            if want.source and not want.component:
                inputs["source"] = wire.from_struct(found[want.source].object).get("out", UNKNOWN)
            request.object.CopyFrom(wire.to_struct(inputs))
            for key in inputs:
                request.propertyDependencies[key].urns.extend([found[want.source].urn] if key == "source" else [])
            answer = await monitor.RegisterResource(request, _Context())
            if want.component:
                await monitor.RegisterResourceOutputs(resource_pb2.RegisterResourceOutputsRequest(urn=answer.urn), _Context())
            answers[want.name].set_result(answer)
        except ConnectionError as error:
            answers[want.name].set_exception(error)
            answers[want.name].exception()
            raise

    def cancel(self) -> None:
        """It ends by itself when it is not answered any more."""


@dataclass(slots=True)
class Ran:
    """An operation's outcome and what it told."""

    outcome: Outcome
    told: list[events.Event]

    @property
    def steps(self) -> set[tuple[str, str]]:
        """The logical steps: operation and name, without providers and the stack's outputs."""
        return {
            (e.step.op, urns.name_of(e.step.urn))
            for e in self.told
            if isinstance(e, events.ResourcePre) and not urns.is_provider_type(e.step.type)
        }

    @property
    def errors(self) -> list[str]:
        """What went wrong, as users see it."""
        return [e.message for e in self.told if isinstance(e, events.Diagnostic) and e.severity == "error"]


def run(
    kind: Kind,
    wants: Sequence[Want],
    base: Snapshot,
    cloud: Cloud,
    *,
    disk: Disk | None = None,
    options: Options | None = None,
    fails: bool = False,
) -> Ran:
    """Run one operation to its end (or to the disk's)."""
    options = options or Options(dry_run=kind == "preview")
    info = RunInfo("sim", "dev", "organization", {}, frozenset(), options.dry_run, options.parallel, "/")
    told: list[events.Event] = []
    program = ListProgram(wants, fails) if kind in ("preview", "update") else None

    async def main() -> Outcome:
        world = World(Clouds(cloud), NoReferences(), program, (), None if options.dry_run else disk or Disk())
        return await run_operation(kind, info, options, base, world, told.append, asyncio.Event())

    return Ran(asyncio.run(main()), told)


def desired(wants: Sequence[Want], ids: dict[str, str]) -> dict[str, Values]:
    """The inputs that the cloud's objects have when the wants are fulfilled; `ids`: the objects' ids by name."""
    found = {}
    for want in wants:
        if not want.component:
            inputs: Values = {"size": want.size, "kind": want.kind}
            if want.source:
                inputs["source"] = ids[want.source]
            found[want.name] = inputs
    return found
