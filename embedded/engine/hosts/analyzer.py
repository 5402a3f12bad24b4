"""Policy packs: folders with a PulumiPolicy.yaml, each run as a process that answers Pulumi's Analyzer service."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from embedded.engine.hosts import policy_config, rpc
from embedded.engine.hosts.jobs import Job
from embedded.engine.hosts.plugin_process import START_SECONDS, PluginProcess
from embedded.engine.hosts.programs import activated, environment, other_interpreter
from embedded.engine.hosts.provider import CANCEL_SECONDS
from embedded.engine.model import urn as urns
from embedded.engine.model import wire
from embedded.engine.model.errors import EngineError, NotSupportedError
from embedded.engine.model.ports import PolicyInfo, ProviderError, Remediated, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import AnalyzedResource, Log, RunInfo
    from embedded.engine.model.state import Resource, Timeouts
    from embedded.engine.model.values import Values

Level = Literal["advisory", "mandatory", "remediate", "disabled"]
MANIFEST: Final = "PulumiPolicy.yaml"
# A policy pack sees secrets and unknowns; a reference to a resource is its id or URN.
DIALECT: Final = wire.Dialect(resources=False, outputs=False)
_LEVELS: Final[dict[int, Level]] = {
    analyzer_pb2.ADVISORY: "advisory",
    analyzer_pb2.MANDATORY: "mandatory",
    analyzer_pb2.REMEDIATE: "remediate",
    analyzer_pb2.DISABLED: "disabled",
}
_NUMBERS: Final[dict[str, Any]] = {level: number for number, level in _LEVELS.items()}
_SEVERITIES: Final = {
    analyzer_pb2.POLICY_SEVERITY_LOW: "low",
    analyzer_pb2.POLICY_SEVERITY_MEDIUM: "medium",
    analyzer_pb2.POLICY_SEVERITY_HIGH: "high",
    analyzer_pb2.POLICY_SEVERITY_CRITICAL: "critical",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What PulumiPolicy.yaml says. `version`, when given, stands for the one that the pack itself tells."""

    version: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a policy pack's folder."""
        import yaml

        failed = f'failed to load Pulumi policy project located at "{folder}"'
        path = folder / MANIFEST
        try:
            data = yaml.safe_load(path.read_text())
        except OSError as error:
            raise EngineError(f"{failed}: open {path}: {(error.strerror or '').lower()}") from error
        except yaml.YAMLError as error:
            raise EngineError(f"{failed}: {error}") from error
        runtime = data.get("runtime") if isinstance(data, dict) else None
        name = runtime.get("name") if isinstance(runtime, dict) else runtime
        if not name:
            raise EngineError(f"{failed}: {path} is missing a 'runtime' attribute")
        if name != "python":
            raise NotSupportedError(f"policy packs with runtime '{name}' ({path})")
        options = (runtime.get("options") or {}) if isinstance(runtime, dict) else {}
        return cls(str(data.get("version") or ""), options)


class PolicyPack:
    """A running policy pack."""

    def __init__(self, path: str, plugin: PluginProcess, manifest: Manifest) -> None:
        self._path, self._plugin, self._manifest = path, plugin, manifest
        self._stub: Any = analyzer_pb2_grpc.AnalyzerStub(plugin.channel)
        self._name = self._version = ""
        self._policies: tuple[PolicyInfo, ...] = ()
        self._severities: dict[str, str] = {}
        # Packs of old don't say which of their policies look at stacks.
        self._judges_stacks = True

    @classmethod
    async def start(
        cls, path: str, config_path: str, run: RunInfo, log: Log, server: ForkServer, tags: Mapping[str, str] | None = None
    ) -> Self:
        """Start and configure the pack in a folder; `config_path` is "" where the user gave no configuration."""
        folder = Path(os.path.abspath(path))  # noqa: ASYNC240, PTH100 - one look at a path, and not even at the disk
        manifest = Manifest.read(Path(path))
        settings = policy_config.read(Path(config_path)) if config_path else {}
        job = _job(folder, manifest, run)
        failed = f'policy pack "{path}" failed to start'
        plugin = await PluginProcess.start(f'policy pack "{path}"', job, server, log, ("info", "info#err"))
        pack = cls(path, plugin, manifest)
        try:
            await pack._handshake(folder, run)
            await pack._configure(run, settings, tags or {}, log)
        except grpc.RpcError as error:
            await pack.close()
            raise EngineError(f"{failed}: {rpc.message_of(error)}") from error
        except ProviderError as error:
            await pack.close()
            raise EngineError(f"{failed}: {error}") from error
        except BaseException:
            await pack.close()
            raise
        return pack

    @property
    def name(self) -> str:
        """The pack's own name."""
        return self._name

    @property
    def version(self) -> str:
        """The pack's version, PulumiPolicy.yaml's first."""
        return self._version

    @property
    def path(self) -> str:
        """The folder, as the user gave it."""
        return self._path

    @property
    def policies(self) -> tuple[PolicyInfo, ...]:
        """The policies, with the levels that they are configured to, by name."""
        return self._policies

    async def analyze(self, resource: AnalyzedResource) -> list[Violation]:
        """What the resource policies find in a resource's inputs."""
        request = resource.made.get("resource")
        if request is None:
            request = analyzer_pb2.AnalyzeRequest(**_analyzed(resource, public(resource.properties)))
            resource.made["resource"] = request
        answer = await self._call("Analyze", request)
        return [] if answer is None else [self._violation(d) for d in answer.diagnostics]

    async def analyze_stack(self, resources: list[AnalyzedResource]) -> list[Violation]:
        """What the stack policies find in all resources' outputs."""
        if not self._judges_stacks:
            return []
        request = analyzer_pb2.AnalyzeStackRequest(resources=[_in_stack(resource) for resource in resources])
        answer = await self._call("AnalyzeStack", request)
        return [] if answer is None else [self._violation(d) for d in answer.diagnostics]

    async def remediate(self, resource: AnalyzedResource) -> list[Remediated]:
        """What the remediating policies make of a resource's inputs, each going on from the one before."""
        if not any(policy.enforcement == "remediate" for policy in self._policies):
            return []
        answer = await self._call("Remediate", analyzer_pb2.AnalyzeRequest(**_analyzed(resource, resource.properties)))
        return [] if answer is None else [self._remediated(r) for r in answer.remediations]

    async def cancel(self) -> None:
        """Ask the pack to give up what it is doing."""
        with contextlib.suppress(grpc.RpcError, ProviderError, TimeoutError):
            await asyncio.wait_for(self._plugin.call(self._stub.Cancel, empty_pb2.Empty()), CANCEL_SECONDS)

    async def close(self) -> None:
        """End the pack's process."""
        await self._plugin.close()

    async def _handshake(self, folder: Path, run: RunInfo) -> None:
        request = analyzer_pb2.AnalyzerHandshakeRequest(
            engine_address=run.engine_address, root_directory=str(folder), program_directory=str(folder)
        )
        with rpc.where_unimplemented():
            await self._plugin.call(lambda m: self._stub.Handshake(m, wait_for_ready=True, timeout=START_SECONDS), request)

    async def _configure(self, run: RunInfo, settings: Mapping[str, policy_config.Setting], tags: Mapping[str, str], log: Log) -> None:
        stack = analyzer_pb2.AnalyzerStackConfigureRequest(
            stack=run.stack,
            project=run.project,
            organization=run.organization,
            dry_run=run.dry_run,
            config=run.config,
            config_secret_keys=sorted(run.secret_keys),
            tags=tags,
        )
        with rpc.where_unimplemented():
            await self._plugin.call(self._stub.ConfigureStack, stack)
        info = await self._plugin.call(self._stub.GetAnalyzerInfo, empty_pb2.Empty())
        self._name, self._version = info.name, self._manifest.version or info.version
        self._severities = {p.name: _SEVERITIES.get(p.severity, "") for p in info.policies}
        configurable = [_configurable(p, takes_config=info.supportsConfig) for p in info.policies]
        initial = {k: policy_config.Setting(_LEVELS[v.enforcementLevel], _plain(v.properties)) for k, v in info.initialConfig.items()}
        chosen = policy_config.reconciled(configurable, initial, settings)
        if problems := policy_config.problems(configurable, chosen):
            for problem in sorted(problems):
                log("error", f"validating policy config: {self._name} {self._version}  {problem}")
            raise EngineError("validating policy config")
        named = {p.name for p in info.policies}
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for name, setting in chosen.items():
            if setting.level:
                request.policyConfig[name].enforcementLevel = _NUMBERS[setting.level]
                request.policyConfig[name].properties.update(setting.properties)
        await self._plugin.call(self._stub.Configure, request)
        kinds = {p.name: p.policy_type for p in info.policies}
        self._judges_stacks = any(kind != analyzer_pb2.POLICY_TYPE_RESOURCE for kind in kinds.values())
        self._policies = tuple(
            PolicyInfo(name, "stack" if kinds[name] == analyzer_pb2.POLICY_TYPE_STACK else "resource", chosen[name].level)
            for name in sorted(named)
        )

    async def _call(self, method: str, request: Any) -> Any:
        """The answer, or None where the pack does not have the method."""
        try:
            return await self._plugin.call(getattr(self._stub, method), request)
        except grpc.RpcError as error:
            if rpc.is_unimplemented(error):
                return None
            raise EngineError(rpc.message_of(error)) from error
        except ProviderError as error:
            raise EngineError(str(error)) from error

    def _violation(self, found: Any) -> Violation:
        return Violation(
            found.policyName,
            found.policyPackName,
            self._manifest.version or found.policyPackVersion,
            found.description,
            found.message,
            _LEVELS[found.enforcementLevel],
            found.urn,
            _SEVERITIES.get(found.severity) or self._severities.get(found.policyName, ""),
        )

    def _remediated(self, made: Any) -> Remediated:
        return Remediated(
            made.policyName,
            made.policyPackName,
            self._manifest.version or made.policyPackVersion,
            wire.from_struct(made.properties) if made.HasField("properties") else None,
            made.diagnostic,
        )


def public(values: Values) -> Values:
    """The values without the engine's own keys."""
    return {k: v for k, v in values.items() if not k.startswith("__")}


def _job(folder: Path, manifest: Manifest, run: RunInfo) -> Job:
    env = environment(run) | {
        "PULUMI_ORGANIZATION": run.organization,
        "PULUMI_PROJECT": run.project,
        "PULUMI_STACK": run.stack,
        "PULUMI_DRY_RUN": json.dumps(run.dry_run),
    }
    arguments = (run.engine_address, str(folder))
    if python := other_interpreter(folder, manifest.options):
        return Job(str(folder), activated(env, python), argv=(str(python), "-u", "-m", "pulumi.policy", *arguments))
    return Job(str(folder), env, module="pulumi.policy", argv=arguments)


def _configurable(policy: Any, *, takes_config: bool) -> policy_config.Configurable:
    schemas = _plain(policy.configSchema.properties) if takes_config else None
    return policy_config.Configurable(policy.name, _LEVELS[policy.enforcementLevel], schemas, tuple(policy.configSchema.required))


def _plain(struct: Any) -> dict[str, Any]:
    return wire.from_struct(struct)


def _analyzed(resource: AnalyzedResource, properties: Values) -> dict[str, Any]:
    return {
        "urn": resource.urn,
        "type": resource.type,
        "name": resource.name,
        "properties": wire.to_struct(properties, DIALECT),
        "options": _options(resource),
        "provider": _provider(resource.provider) if resource.provider else None,
    }


def _in_stack(resource: AnalyzedResource) -> Any:
    described = resource.made.get("stack")
    if described is None:
        wanted = {k: analyzer_pb2.AnalyzerPropertyDependencies(urns=v) for k, v in resource.property_dependencies.items() if v}
        described = analyzer_pb2.AnalyzerResource(
            **_analyzed(resource, public(resource.properties)),
            parent=resource.parent,
            dependencies=resource.dependencies,
            propertyDependencies=wanted,
        )
        resource.made["stack"] = described
    return described


def _provider(provider: Resource) -> Any:
    return analyzer_pb2.AnalyzerProviderResource(
        urn=provider.urn,
        type=provider.type,
        name=urns.name_of(provider.urn),
        properties=wire.to_struct(public(provider.inputs), DIALECT),
    )


def _options(resource: AnalyzedResource) -> Any:
    state = resource.options
    return analyzer_pb2.AnalyzerResourceOptions(
        protect=state.protect,
        ignoreChanges=state.ignore_changes,
        deleteBeforeReplace=bool(resource.delete_before_replace),
        deleteBeforeReplaceDefined=resource.delete_before_replace is not None,
        additionalSecretOutputs=state.additional_secret_outputs,
        aliases=state.aliases,
        customTimeouts=_timeouts(state.custom_timeouts),
        parent=resource.parent,
    )


def _timeouts(times: Timeouts) -> Any:
    return analyzer_pb2.AnalyzerResourceOptions.CustomTimeouts(
        create=times.create, update=times.update, delete=times.delete, read=times.read
    )
