"""Finds and starts providers: in this process, forked (dynamic providers), attached to, or as plugins on disk.

A plugin `pulumi-resource-NAME` is looked for where Pulumi.yaml says, on PATH, and in $PULUMI_HOME/plugins; nothing is downloaded. Where
none is found, an embedded provider of that name serves.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from embedded.engine.hosts import dynamic, rpc
from embedded.engine.hosts.jobs import Job
from embedded.engine.hosts.plugin_process import START_SECONDS, PluginProcess
from embedded.engine.hosts.programs import activated, environment, other_interpreter
from embedded.engine.hosts.provider import Abilities, GrpcProvider
from embedded.engine.model.errors import EngineError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import Log, PackageRef, Provider, RunInfo

    Factory = Callable[[PackageRef, RunInfo, Log], Provider]

_FOLDER: Final = re.compile(r"resource-(?P<name>.+)-v(?P<version>\d+\.\d+\.\d+.*)")
MANIFEST: Final = "PulumiPlugin.yaml"


def _silent(*_: Any, **__: Any) -> None:
    """Where messages go while no operation listens."""


@dataclass
class PluginProviders:
    """Starts providers for one project. `log` may be set for each operation; `paths` are Pulumi.yaml's plugins, by name.

    `in_process` providers come before any plugin, `embedded` ones where there is no plugin: what somebody installed is what runs.
    """

    server: ForkServer | None
    home: Path
    root: Path
    paths: Mapping[str, Path] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    in_process: Mapping[str, Factory] = field(default_factory=dict)
    embedded: Mapping[str, Factory] = field(default_factory=dict)
    log: Log = _silent

    async def start(self, package: PackageRef, run: RunInfo) -> Provider:
        """A provider for the package, not configured yet."""
        if factory := self.in_process.get(package.name):
            return factory(package, run, self.log)
        if port := attach_port(package.name):
            return await self._connected(package, run, _Attached(port), root=None)
        if package.name == dynamic.PACKAGE:
            return await self._dynamic(package, run)
        found = self._command(package)
        if found is None:
            if factory := self.embedded.get(package.name):
                return factory(package, run, self.log)
            raise EngineError(_missing(package))
        command, folder = found
        env = self._environment(run)
        if command[0] != str(folder) and Path(command[0]).parent.name == "bin" and command[1:2] == ("-u",):
            env = activated(env, Path(command[0]))
        job = Job(str(self.root), env, argv=(*command, run.engine_address))
        plugin = await PluginProcess.start(f"the plugin of package '{package.name}'", job, self._server(), self.log, ("debug", "debug"))
        return await self._connected(package, run, _Started(plugin), root=folder)

    def _server(self) -> ForkServer:
        if self.server is None:
            raise EngineError("plugins need a process of their own, and this engine was opened without a fork server")
        return self.server

    async def _dynamic(self, package: PackageRef, run: RunInfo) -> Provider:
        env = self._environment(run)
        python = other_interpreter(self.root, self.options)
        if python:
            job = Job(str(self.root), activated(env, python), argv=(str(python), "-u", "-m", "pulumi.dynamic", run.engine_address))
        else:
            job = Job(str(self.root), env, module="pulumi.dynamic", argv=(run.engine_address,))
        plugin = await PluginProcess.start("the dynamic provider's process", job, self._server(), self.log, ("info", "info#err"))
        return GrpcProvider(package.name, _Started(plugin), self.log, elides_assets=False)

    async def _connected(self, package: PackageRef, run: RunInfo, connection: _Started | _Attached, root: Path | None) -> Provider:
        from pulumi.runtime.proto import plugin_pb2, provider_pb2

        try:
            abilities = await _handshake(connection, run, root)
            if root is None:
                with rpc.where_unimplemented():
                    await connection.call("Attach", plugin_pb2.PluginAttach(address=run.engine_address))
            if package.parameter:
                name, version, value = package.parameter
                parameter = provider_pb2.ParameterizeRequest.ParametersValue(name=name, version=version, value=value)
                await connection.call("Parameterize", provider_pb2.ParameterizeRequest(value=parameter))
        except grpc.RpcError as error:
            await connection.close()
            raise EngineError(f"could not use the plugin of package '{package.name}': {rpc.message_of(error)}") from error
        except BaseException:
            await connection.close()
            raise
        return GrpcProvider(package.parameter[0] if package.parameter else package.name, connection, self.log, abilities)

    def _environment(self, run: RunInfo) -> dict[str, str]:
        options = {f"PULUMI_RUNTIME_{k.upper()}": str(v) for k, v in self.options.items()}
        env = environment(run) | options | {"PULUMI_PROJECT": run.project}
        del env["PULUMI_CONFIG_SECRET_KEYS"]
        return env

    def _command(self, package: PackageRef) -> tuple[tuple[str, ...], Path] | None:
        """The plugin's command and folder; None if there is no such plugin."""
        name = f"pulumi-resource-{package.name}"
        if (path := self.paths.get(package.name)) is not None:
            return _command_in(self.root / path, name, package)
        if found := shutil.which(name):
            return (found,), Path(found).parent
        folders = installed(self.home, package.name)
        if package.version:
            folders = [f for f in folders if f[0] == package.version.removeprefix("v")]
        return _command_in(folders[-1][1], name, package) if folders else None


class _Started:
    """A connection to a plugin that we started."""

    def __init__(self, plugin: PluginProcess) -> None:
        self._plugin = plugin
        self._stub = _stub(plugin.channel)

    async def call(self, method: str, request: Any, **options: Any) -> Any:
        def made(message: Any) -> Any:
            return getattr(self._stub, method)(message, **options)

        return await self._plugin.call(made, request)

    async def close(self) -> None:
        await self._plugin.close()


class _Attached:
    """A connection to a plugin that somebody else started, in a debugger perhaps; it is theirs to end."""

    def __init__(self, port: int) -> None:
        self._channel = rpc.channel(f"127.0.0.1:{port}")
        self._stub = _stub(self._channel)

    async def call(self, method: str, request: Any, **options: Any) -> Any:
        return await getattr(self._stub, method)(request, **options)

    async def close(self) -> None:
        await self._channel.close()


def _stub(channel: grpc.aio.Channel) -> Any:
    from pulumi.runtime.proto import provider_pb2_grpc

    return provider_pb2_grpc.ResourceProviderStub(channel)


async def _handshake(connection: _Started | _Attached, run: RunInfo, root: Path | None) -> Abilities | None:
    from pulumi.runtime.proto import provider_pb2

    folder = str(root) if root else None
    request = provider_pb2.ProviderHandshakeRequest(
        engine_address=run.engine_address,
        root_directory=folder,
        program_directory=folder,
        configure_with_urn=True,
        invoke_with_preview=True,
    )
    try:
        answer = await connection.call("Handshake", request, wait_for_ready=True, timeout=START_SECONDS)
    except grpc.RpcError as error:
        if rpc.is_unimplemented(error):
            return None
        raise
    return Abilities(answer.accept_secrets, answer.accept_resources, answer.accept_outputs, preview=True)


def attach_port(package: str) -> int | None:
    """The port that PULUMI_DEBUG_PROVIDERS (`name:port,...`) names for a package."""
    for entry in os.environ.get("PULUMI_DEBUG_PROVIDERS", "").split(","):
        name, _, port = entry.partition(":")
        if name != package:
            continue
        if not port.isdecimal():
            raise EngineError(f"Expected a numeric port, got {port} in PULUMI_DEBUG_PROVIDERS")
        return int(port)
    return None


def installed(home: Path, package: str) -> list[tuple[str, Path]]:
    """The installed versions of a package's plugin and their folders, oldest first."""
    found: list[tuple[str, Path]] = []
    for folder in (home / "plugins").glob(f"resource-{package}-v*"):
        match = _FOLDER.fullmatch(folder.name)
        if match and match["name"] == package and folder.is_dir():
            found.append((match["version"], folder))
    return sorted(found, key=lambda entry: _order(entry[0]))


def _order(version: str) -> tuple[tuple[int, ...], bool, str]:
    release, _, pre = version.partition("+")[0].partition("-")
    return tuple(int(part) for part in release.split(".") if part.isdecimal()), not pre, pre


def _command_in(folder: Path, name: str, package: PackageRef) -> tuple[tuple[str, ...], Path]:
    if folder.is_file():
        return (str(folder),), folder.parent
    if (folder / MANIFEST).is_file():
        return _python_plugin(folder), folder
    if os.access(folder / name, os.X_OK):
        return (str(folder / name),), folder
    raise EngineError(f"the plugin of package '{package.name}' in {folder} has neither an executable '{name}' nor a {MANIFEST}")


def _python_plugin(folder: Path) -> tuple[str, ...]:
    """The command of a plugin that is Python source."""
    import yaml

    manifest = yaml.safe_load((folder / MANIFEST).read_text()) or {}
    runtime = manifest.get("runtime")
    options = runtime.get("options") or {} if isinstance(runtime, dict) else {}
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if name != "python":
        raise NotSupportedError(f"plugins with runtime '{name}' ({folder / MANIFEST})")
    # A plugin without a setting for it has its own environment in `venv`, if there is one.
    if "virtualenv" not in options and (folder / "venv" / "bin" / "python").exists():
        options = options | {"virtualenv": "venv"}
    return str(other_interpreter(folder, options) or sys.executable), "-u", str(folder)


def _missing(package: PackageRef) -> str:
    version = package.version.removeprefix("v")
    at, wanted = (f" at version v{version}", f" v{version}") if version else ("", "")
    server = f" --server {package.url}" if package.url else ""
    return (
        f"no resource plugin 'pulumi-resource-{package.name}' found in the workspace{at} or on your $PATH, "
        f"install the plugin using `pulumi plugin install resource {package.name}{wanted}{server}`"
    )


def project_plugins(root: Path, plugins: Mapping[str, list[dict[str, str]]]) -> dict[str, Path]:
    """The folders of Pulumi.yaml's `plugins: providers:`."""
    return {p["name"]: root / p["path"] for p in plugins.get("providers", []) if "name" in p and "path" in p}
