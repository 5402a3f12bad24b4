"""A stand-in for the provider `aws`, as a plugin: it takes everything, and makes an ARN up that isn't known before. It calls nobody."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import struct_pb2
from pulumi.runtime import proto, rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

VERSION = "7.0.0"


def install(home: Path) -> None:
    """Make it a plugin of this PULUMI_HOME."""
    folder = home / "plugins" / f"resource-aws-v{VERSION}"
    folder.mkdir(parents=True)
    script = folder / "pulumi-resource-aws"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -u "{Path(__file__).resolve()}" "$@"\n')
    script.chmod(0o755)


class Amazon(provider_pb2_grpc.ResourceProviderServicer):
    """What programs with AWS ask for."""

    async def GetPluginInfo(self, request: Any, context: Any) -> Any:
        del request, context
        return plugin_pb2.PluginInfo(version=VERSION)

    async def CheckConfig(self, request: Any, context: Any) -> Any:
        del context
        return proto.CheckResponse(inputs=request.news)

    async def Configure(self, request: Any, context: Any) -> Any:
        del request, context
        return provider_pb2.ConfigureResponse(acceptSecrets=True, acceptResources=True, acceptOutputs=True, supportsPreview=True)

    async def Check(self, request: Any, context: Any) -> Any:
        del context
        return proto.CheckResponse(inputs=request.news)

    async def Diff(self, request: Any, context: Any) -> Any:
        del context
        same = request.old_inputs == request.news
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_NONE if same else proto.DiffResponse.DIFF_SOME)

    async def Create(self, request: Any, context: Any) -> Any:
        del context
        name = request.urn.rsplit("::", 1)[1]
        properties = struct_pb2.Struct()
        properties.CopyFrom(request.properties)
        properties["arn"] = rpc.UNKNOWN if request.preview else f"arn:aws:::{name}"
        return proto.CreateResponse(id="" if request.preview else name, properties=properties)


async def main() -> None:
    """Serve on a port of loopback, and say which."""
    server = grpc.aio.server()
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Amazon(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
