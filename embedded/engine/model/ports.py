"""What the deployment asks of the world: providers, programs, policy packs, and a place to keep the state.

Everything here is called from the engine's one event loop. Property values are those of `values.py`; how they travel is the
hosts' business.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import asyncio

    from embedded.engine.model.events import PropertyDiff, Severity
    from embedded.engine.model.state import Resource, Timeouts
    from embedded.engine.model.values import Values


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """A property that the provider does not take, and why."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The inputs as the provider completed them, or what is wrong with them."""

    inputs: Values
    failures: tuple[CheckFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Diff:
    """A provider's answer. `changes`: True, False, or None for «unknown»."""

    changes: bool | None
    replaces: tuple[str, ...] = ()
    stables: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    delete_before_replace: bool = False
    detailed: dict[str, PropertyDiff] | None = None


class PartialFailureError(Exception):
    """The resource exists but did not get ready: its state is kept, with `reasons` as its init errors."""

    def __init__(self, id_: str, outputs: Values, reasons: list[str], inputs: Values | None = None) -> None:
        super().__init__("; ".join(reasons))
        self.id, self.outputs, self.reasons, self.inputs = id_, outputs, reasons, inputs


class ProviderError(Exception):
    """The provider refused or failed; the text is what the user sees."""


@dataclass(frozen=True, slots=True)
class Created:
    """A created resource's id and outputs. In a preview the id is ""."""

    id: str
    outputs: Values


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What is there: id "" means it is gone. `inputs` None: the provider does not say."""

    id: str
    outputs: Values
    inputs: Values | None = None


@dataclass(frozen=True, slots=True)
class Invoked:
    """An invoke's or call's answer."""

    value: Values
    failures: tuple[CheckFailure, ...] = ()
    dependencies: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alias:
    """A former URN: whole, or by the parts that differ from the present one."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class ConstructOptions:
    """What a remote component's construction gets besides its inputs."""

    parent: str
    aliases: tuple[Alias, ...]
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, list[str]]
    providers: dict[str, str]
    protect: bool | None
    deleted_with: str
    replace_with: tuple[str, ...]
    delete_before_replace: bool | None
    retain_on_delete: bool | None
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    additional_secret_outputs: tuple[str, ...]
    custom_timeouts: Timeouts
    stack_trace_handle: str = ""


@dataclass(frozen=True, slots=True)
class Constructed:
    """A remote component: its URN, outputs, and what each output depends on."""

    urn: str
    outputs: Values
    dependencies: dict[str, list[str]]


class Provider(Protocol):
    """One configured provider instance. Raises ProviderError, PartialFailureError; everything else is a bug.

    `check`'s `olds` and all `old_inputs` are inputs; `old_outputs` are outputs. With `preview` a provider changes nothing and answers
    unknown for what it can't know.
    """

    @property
    def supports_preview(self) -> bool: ...
    async def check_config(self, urn: str, olds: Values, news: Values, *, allow_unknowns: bool) -> Checked: ...
    async def diff_config(self, urn: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff: ...
    async def configure(self, urn: str, id_: str, inputs: Values) -> None: ...
    async def check(self, urn: str, olds: Values, news: Values, seed: bytes) -> Checked: ...
    async def diff(self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, ignore: list[str]) -> Diff: ...
    async def create(self, urn: str, news: Values, timeout: float, *, preview: bool) -> Created: ...
    async def read(self, urn: str, id_: str, inputs: Values | None, outputs: Values, timeout: float) -> ReadResult: ...
    async def update(
        self, urn: str, id_: str, old_inputs: Values, old_outputs: Values, news: Values, timeout: float, ignore: list[str], *, preview: bool
    ) -> Values: ...
    async def delete(self, urn: str, id_: str, inputs: Values, outputs: Values, timeout: float) -> None: ...
    async def invoke(self, token: str, args: Values, *, preview: bool) -> Invoked: ...
    async def call(self, token: str, args: Values, arg_dependencies: dict[str, list[str]], run: RunInfo) -> Invoked: ...
    async def construct(self, type_: str, name: str, inputs: Values, options: ConstructOptions, run: RunInfo) -> Constructed: ...
    async def cancel(self) -> None: ...
    async def close(self) -> None: ...


@runtime_checkable
class Recovering(Protocol):
    """A provider that can find out what came of a creation whose end nobody saw: `begun` are the inputs of that, `news` the present ones.

    `recover` takes over what it made, or creates the resource if it made nothing.
    """

    async def recover(self, urn: str, begun: Values, news: Values, timeout: float) -> Created: ...


@dataclass(frozen=True, slots=True)
class PackageRef:
    """Which provider serves a resource: package, wanted version, download server, and a parameter's name, version, value."""

    name: str
    version: str = ""
    url: str = ""
    parameter: tuple[str, str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What programs, remote components and policy packs are told about the run."""

    project: str
    stack: str
    organization: str
    config: dict[str, str]
    secret_keys: frozenset[str]
    dry_run: bool
    parallel: int
    root_directory: str
    monitor_address: str = ""
    engine_address: str = ""
    # The same two services as objects with coroutine methods (request, context) and the loop they run on, for programs in this process.
    services: Services | None = None

    def fields(self) -> dict[str, Any]:
        """The run in the fields that Pulumi's messages about it share."""
        return {
            "project": self.project,
            "stack": self.stack,
            "organization": self.organization,
            "config": self.config,
            "configSecretKeys": sorted(self.secret_keys),
            "dryRun": self.dry_run,
            "parallel": self.parallel,
        }


@dataclass(frozen=True, slots=True)
class Services:
    """The run's ResourceMonitor and Engine servicers (grpc.aio style) and the event loop that they belong to."""

    monitor: Any
    engine: Any
    loop: asyncio.AbstractEventLoop


class Providers(Protocol):
    """Starts providers by package. One plugin process may serve several instances only if the plugin says so: here each is its own."""

    async def start(self, package: PackageRef, run: RunInfo) -> Provider: ...


class Log(Protocol):
    """Where hosts and the engine put messages."""

    def __call__(self, severity: Severity, message: str, *, urn: str = "", stream_id: int = 0, ephemeral: bool = False) -> None: ...


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended: `error` is what to show, "" if well; `bail` says that it has been shown already."""

    error: str = ""
    bail: bool = False

    @property
    def failed(self) -> bool:
        """Whether it ended badly, told or untold."""
        return bool(self.error) or self.bail


class Program(Protocol):
    """A Pulumi program: runs once against the given monitor and engine addresses, and can be asked to end early."""

    async def run(self, run: RunInfo, log: Log) -> ProgramResult: ...
    def cancel(self) -> None: ...


@dataclass(frozen=True, slots=True)
class AnalyzedResource:
    """A resource as policies see it. For stack policies `inputs` holds the outputs, and the rest is filled in."""

    urn: str
    type: str
    name: str
    properties: Values
    options: Resource
    provider: Resource | None = None
    delete_before_replace: bool | None = None
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What the packs' host makes of it, once for all packs."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A policy's finding."""

    policy: str
    pack: str
    pack_version: str
    description: str
    message: str
    enforcement: Literal["advisory", "mandatory", "remediate", "disabled"]
    urn: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Remediated:
    """What a remediating policy made of a resource; `properties` None means it only says `diagnostic`."""

    policy: str
    pack: str
    pack_version: str
    properties: Values | None
    diagnostic: str = ""


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """A policy of a pack, as far as the engine needs to know it."""

    name: str
    kind: Literal["resource", "stack"]
    enforcement: str


class Analyzer(Protocol):
    """A running policy pack."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def policies(self) -> tuple[PolicyInfo, ...]: ...
    async def analyze(self, resource: AnalyzedResource) -> list[Violation]: ...
    async def analyze_stack(self, resources: list[AnalyzedResource]) -> list[Violation]: ...
    async def remediate(self, resource: AnalyzedResource) -> list[Remediated]: ...
    async def cancel(self) -> None: ...
    async def close(self) -> None: ...


class References(Protocol):
    """What stacks of the backend hold, the own one too; in an update, as far as it has come. Raises EngineError if there is no such stack.

    `outputs` gives the names of secret ones as well.
    """

    async def outputs(self, stack: str) -> tuple[Values, list[str]]: ...
    async def resources(self, stack: str) -> list[Resource]: ...
