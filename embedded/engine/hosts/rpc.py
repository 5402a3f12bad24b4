"""gRPC as Pulumi's plugins speak it: channels, and what a failed call means."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio
from pulumi.runtime.proto import errors_pb2, provider_pb2, status_pb2

from embedded.engine.model import wire
from embedded.engine.model.ports import PartialFailureError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

MESSAGE_BYTES: Final = 400 * 1024 * 1024
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.enable_http_proxy", 0),
    # A plugin that is still starting refuses the first connections: try again at once, not after the default second.
    ("grpc.initial_reconnect_backoff_ms", 20),
    ("grpc.min_reconnect_backoff_ms", 20),
    ("grpc.max_reconnect_backoff_ms", 500),
)
DETAILS: Final = "grpc-status-details-bin"


def channel(address: str) -> grpc.aio.Channel:
    """A channel to a plugin on this machine."""
    return grpc.aio.insecure_channel(address, options=OPTIONS)


def message_of(error: grpc.RpcError) -> str:
    """What the server said, without gRPC's own words around it."""
    details = error.details() if hasattr(error, "details") else str(error)
    code = error.code() if hasattr(error, "code") else grpc.StatusCode.UNKNOWN
    return str(details) if details else code.name.lower()


def is_unimplemented(error: grpc.RpcError) -> bool:
    """Whether the server does not have the method."""
    return hasattr(error, "code") and error.code() is grpc.StatusCode.UNIMPLEMENTED


class where_unimplemented(contextlib.AbstractContextManager[None]):  # noqa: N801 - reads as a clause
    """Passes over a method that the server does not have."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, grpc.RpcError) and is_unimplemented(error)


def is_unreachable(error: grpc.RpcError) -> bool:
    """Whether no answer came because the connection is gone."""
    return hasattr(error, "code") and error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}


def converted(error: grpc.RpcError) -> Exception:
    """A failed call as the engine's own exception."""
    for detail in _details(error):
        if isinstance(detail, provider_pb2.ErrorResourceInitFailed):
            inputs = wire.from_struct(detail.inputs) if detail.HasField("inputs") else None
            return PartialFailureError(detail.id, wire.from_struct(detail.properties), list(detail.reasons), inputs)
        if isinstance(detail, provider_pb2.ConfigureErrorMissingKeys):
            return ProviderError("\n".join(_missing(k) for k in detail.missingKeys))
        if isinstance(detail, errors_pb2.InputPropertiesError):
            return ProviderError(_invalid(message_of(error), detail))
    return ProviderError(message_of(error))


def _missing(key: Any) -> str:
    return (
        f'missing required configuration key "{key.name}": {key.description}\n'
        f"Set a value using the command `pulumi config set {key.name} <value>`."
    )


def _invalid(message: str, detail: Any) -> str:
    return "\n".join([message, *(f"  - property {e.property_path} with value problem: {e.reason}" for e in detail.errors)])


def _details(error: grpc.RpcError) -> Iterator[Message]:
    trailing: Any = error.trailing_metadata() if hasattr(error, "trailing_metadata") else None
    for key, value in trailing or ():
        if key != DETAILS:
            continue
        status = status_pb2.Status.FromString(value)
        for packed in status.details:
            for kind in (provider_pb2.ErrorResourceInitFailed, provider_pb2.ConfigureErrorMissingKeys, errors_pb2.InputPropertiesError):
                target = kind()
                if packed.Unpack(target):
                    yield target
