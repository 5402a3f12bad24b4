"""Transforms: a program's functions that change registrations and invokes before the engine acts on them, called back over gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc.aio
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from embedded.engine.model import wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.model.values import Values

CHANNEL_OPTIONS = (("grpc.max_receive_message_length", 400 * 1024 * 1024), ("grpc.max_send_message_length", 400 * 1024 * 1024))


class Callbacks:
    """Connections to the servers that programs and providers run for their callbacks."""

    def __init__(self) -> None:
        self._channels: dict[str, grpc.aio.Channel] = {}

    async def call(self, callback: callback_pb2.Callback, request: bytes) -> bytes:
        """The callback's answer."""
        channel = self._channels.get(callback.target)
        if channel is None:
            channel = self._channels[callback.target] = grpc.aio.insecure_channel(callback.target, options=CHANNEL_OPTIONS)
        stub = callback_pb2_grpc.CallbacksStub(channel)
        response = await stub.Invoke(callback_pb2.CallbackInvokeRequest(token=callback.token, request=request))
        return bytes(response.response)

    async def close(self) -> None:
        """Close all connections."""
        for channel in self._channels.values():
            await channel.close()


class Transforms:
    """The transforms of a run: the stack's, and each resource's own, which also see its children."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._stack: list[callback_pb2.Callback] = []
        self._invokes: list[callback_pb2.Callback] = []
        self._own: dict[str, list[callback_pb2.Callback]] = {}
        self._parents: dict[str, str] = {}
        # A remote component's transforms come with its first registration; its provider registers it again without them.
        self._remote: dict[tuple[str, str, str], list[callback_pb2.Callback]] = {}

    def add_stack(self, callback: callback_pb2.Callback) -> None:
        """A transform for every resource that follows."""
        self._stack.append(callback)

    def add_invoke(self, callback: callback_pb2.Callback) -> None:
        """A transform for every invoke that follows."""
        self._invokes.append(callback)

    def own(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        """The transforms that a registration brings along."""
        key = (request.parent, request.type, request.name)
        if key in self._remote:
            return self._remote.pop(key)
        if request.remote and request.transforms:
            self._remote[key] = list(request.transforms)
        return list(request.transforms)

    def remember(self, urn: str, parent: str, own: Sequence[callback_pb2.Callback]) -> None:
        """A registration has its URN: its transforms hold for its children."""
        self._parents[urn] = parent
        if own:
            self._own[urn] = list(own)

    def applying(self, parent: str, own: Sequence[callback_pb2.Callback]) -> list[callback_pb2.Callback]:
        """The transforms of a registration: its own, then its ancestors', the nearest first, then the stack's."""
        found = list(own)
        while parent:
            found += self._own.get(parent, ())
            parent = self._parents.get(parent, "")
        return [*found, *self._stack]

    async def resource(
        self,
        callbacks: Sequence[callback_pb2.Callback],
        request: resource_pb2.RegisterResourceRequest,
        properties: Values,
        options: resource_pb2.TransformResourceOptions,
    ) -> tuple[Values, resource_pb2.TransformResourceOptions]:
        """Properties and options after all transforms."""
        for callback in callbacks:
            asked = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=wire.to_struct(properties),
                options=options,
            )
            answer = resource_pb2.TransformResponse.FromString(await self._callbacks.call(callback, asked.SerializeToString()))
            if answer.HasField("options"):
                options = answer.options
            if answer.HasField("properties"):
                properties = wire.from_struct(answer.properties)
        return properties, options

    async def invoke(
        self, token: str, args: Values, options: resource_pb2.TransformInvokeOptions
    ) -> tuple[Values, resource_pb2.TransformInvokeOptions]:
        """An invoke's arguments and options after all transforms."""
        for callback in self._invokes:
            asked = resource_pb2.TransformInvokeRequest(token=token, args=wire.to_struct(args), options=options)
            answer = resource_pb2.TransformInvokeResponse.FromString(await self._callbacks.call(callback, asked.SerializeToString()))
            if answer.HasField("options"):
                options = answer.options
            if answer.HasField("args"):
                args = wire.from_struct(answer.args)
        return args, options
