"""The Engine service: where programs and providers send their messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from embedded.engine import ENGINE_VERSION
from embedded.engine.monitor import version_range

if TYPE_CHECKING:
    from embedded.engine.model.events import Severity
    from embedded.engine.model.ports import Log

    Context = grpc.aio.ServicerContext[Any, Any]

_SEVERITIES: Final[dict[int, Severity]] = {
    engine_pb2.DEBUG: "debug",
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class EngineService(engine_pb2_grpc.EngineServicer):
    """One run's engine service."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._root = ""

    async def Log(self, request: engine_pb2.LogRequest, context: Context) -> empty_pb2.Empty:
        """A message."""
        del context
        severity = _SEVERITIES.get(request.severity, "info")
        self._log(severity, request.message, urn=request.urn, stream_id=request.streamId, ephemeral=request.ephemeral)
        return empty_pb2.Empty()

    async def GetRootResource(self, request: engine_pb2.GetRootResourceRequest, context: Context) -> engine_pb2.GetRootResourceResponse:
        """The stack's URN, as `SetRootResource` gave it."""
        del request, context
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    async def SetRootResource(self, request: engine_pb2.SetRootResourceRequest, context: Context) -> engine_pb2.SetRootResourceResponse:
        """Remember the stack's URN."""
        del context
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    async def RequirePulumiVersion(
        self, request: engine_pb2.RequirePulumiVersionRequest, context: Context
    ) -> engine_pb2.RequirePulumiVersionResponse:
        """Refuse programs that need another engine."""
        try:
            fits = version_range.contains(request.pulumi_version_range, ENGINE_VERSION)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        if not fits:
            message = f"Pulumi CLI version {ENGINE_VERSION} does not satisfy the version range {request.pulumi_version_range!r}"
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, message)
        return engine_pb2.RequirePulumiVersionResponse()
