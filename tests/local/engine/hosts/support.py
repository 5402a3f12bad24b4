"""A world for hosts: an engine that registers everything and remembers it, and what was logged."""

from __future__ import annotations

import asyncio
import contextlib
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import grpc.aio
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, resource_pb2, resource_pb2_grpc

from embedded.engine.model.ports import RunInfo, Services

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from pathlib import Path

    from google.protobuf import struct_pb2

T = TypeVar("T")
SEVERITIES = {engine_pb2.DEBUG: "debug", engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


@dataclass
class Heard:
    """What was logged: (severity, message), messages of the engine service among them."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, severity: str, message: str, *, urn: str = "", stream_id: int = 0, ephemeral: bool = False) -> None:
        """Remember a message."""
        del urn, stream_id, ephemeral
        self.lines.append((severity, message))

    def of(self, severity: str) -> str:
        """All messages of a severity."""
        return "".join(m.rstrip("\n") + "\n" for s, m in self.lines if s == severity)


class Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """Says yes to everything. Registrations of names that start with `wait` are not answered."""

    def __init__(self) -> None:
        self.registered: list[resource_pb2.RegisterResourceRequest] = []
        self.outputs: dict[str, struct_pb2.Struct] = {}
        self.waiting = asyncio.Event()

    async def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        """Old engines do not have it."""
        del request
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")

    async def SupportsFeature(self, request: Any, context: Any) -> Any:
        """The features of the first hour."""
        del context
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id in {"secrets", "resourceReferences", "outputValues"})

    async def RegisterResource(self, request: Any, context: Any) -> Any:
        """Give it a URN and, if it is custom, an id."""
        del context
        self.registered.append(request)
        if request.name.startswith("wait"):
            self.waiting.set()
            await asyncio.Event().wait()
        urn = f"urn:pulumi:dev::shop::{request.type}::{request.name}"
        return resource_pb2.RegisterResourceResponse(urn=urn, id=f"id-{request.name}" if request.custom else "", object=request.object)

    async def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:
        """Remember outputs."""
        del context
        self.outputs[request.urn] = request.outputs
        return empty_pb2.Empty()

    async def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:
        """Nothing to wait for."""
        del request, context
        return empty_pb2.Empty()


class Engine(engine_pb2_grpc.EngineServicer):
    """Logs to `Heard`."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    async def Log(self, request: Any, context: Any) -> Any:
        """A message."""
        del context
        self._heard(SEVERITIES[request.severity], request.message)
        return empty_pb2.Empty()


@dataclass
class World:
    """A run, and what it did."""

    run: RunInfo
    monitor: Monitor
    heard: Heard

    @property
    def names(self) -> list[str]:
        """The names of what was registered."""
        return [r.name for r in self.monitor.registered]

    @property
    def stack(self) -> dict[str, Any]:
        """The stack's outputs."""
        return dict(self.monitor.outputs["urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"].items())


def run_info(root: Path, **changes: Any) -> RunInfo:
    """A run in a folder."""
    config = {"shop:size": "7", "shop:token": "hush"}
    plain = RunInfo("shop", "dev", "organization", config, frozenset({"shop:token"}), dry_run=False, parallel=4, root_directory=str(root))
    return replace(plain, **changes)


@contextlib.asynccontextmanager
async def world(root: Path, **changes: Any) -> AsyncIterator[World]:
    """An engine that listens."""
    heard = Heard()
    monitor, engine = Monitor(), Engine(heard)
    server = grpc.aio.server()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    services = Services(monitor, engine, asyncio.get_running_loop())
    try:
        yield World(run_info(root, monitor_address=address, engine_address=address, services=services, **changes), monitor, heard)
    finally:
        await server.stop(None)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a test's coroutine, for at most a minute."""

    async def limited() -> T:
        async with asyncio.timeout(60):
            return await work

    return asyncio.run(limited())


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files, their texts dedented."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return folder
