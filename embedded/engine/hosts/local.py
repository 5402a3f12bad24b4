"""gRPC services called as plain objects of this process: no socket, no channel, the same messages and errors."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from typing import TYPE_CHECKING, Any, NoReturn

import grpc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Executor


class LocalError(grpc.RpcError):
    """What a caller over gRPC would have got."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: tuple[tuple[str, Any], ...] = ()) -> None:
        super().__init__(details)
        self._code, self._details, self._trailing = code, details, trailing

    def code(self) -> grpc.StatusCode:
        """The status code."""
        return self._code

    def details(self) -> str:
        """The server's words."""
        return self._details

    def trailing_metadata(self) -> Any:
        """What came with the status."""
        return self._trailing


class LocalContext:
    """The part of a servicer's context that Pulumi's servicers use."""

    def __init__(self) -> None:
        self._code = grpc.StatusCode.UNKNOWN
        self._details = ""
        self._trailing: tuple[tuple[str, Any], ...] = ()

    def set_code(self, code: grpc.StatusCode) -> None:
        """The code that the call will fail with."""
        self._code = code

    def set_details(self, details: str) -> None:
        """The text that the call will fail with."""
        self._details = details

    def set_trailing_metadata(self, metadata: tuple[tuple[str, Any], ...]) -> None:
        """What goes with the status."""
        self._trailing = tuple(metadata)

    def invocation_metadata(self) -> tuple[tuple[str, Any], ...]:
        """What the caller sent along: nothing."""
        return ()

    def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, Any], ...] = ()) -> NoReturn:
        """Fail the call."""
        raise LocalError(code, details, tuple(trailing_metadata) or self._trailing)

    def abort_with_status(self, status: Any) -> NoReturn:
        """Fail the call with a rich status."""
        self.abort(status.code, status.details, tuple(status.trailing_metadata or ()))

    def failed(self, error: Exception) -> LocalError:
        """An exception of the servicer's as the caller sees it."""
        if isinstance(error, LocalError):
            return error
        return LocalError(self._code, self._details or f"Exception calling application: {error}", self._trailing)


class AsyncContext(LocalContext):
    """The same for servicers with coroutine methods: these `await` an abort."""

    async def abort(  # type: ignore[override] # the two kinds of servicer differ in exactly this
        self, code: grpc.StatusCode, details: str = "", trailing_metadata: tuple[tuple[str, Any], ...] = ()
    ) -> NoReturn:
        """Fail the call."""
        raise LocalError(code, details, tuple(trailing_metadata) or self._trailing)

    async def abort_with_status(self, status: Any) -> NoReturn:  # type: ignore[override] # the same
        """Fail the call with a rich status."""
        raise LocalError(status.code, status.details, tuple(status.trailing_metadata or ()))


async def call(method: Callable[[Any, Any], Awaitable[Any]], request: Any) -> Any:
    """Call a coroutine method of a servicer, as a client would."""
    context = AsyncContext()
    try:
        return await method(request, context)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        raise context.failed(error) from error


class LocalConnection:
    """A connection to a servicer of this process. Blocking methods run on `executor`, coroutines on the engine's loop."""

    def __init__(self, servicer: Any, executor: Executor | None = None, closed: Callable[[], None] = lambda: None) -> None:
        self._servicer, self._executor, self._closed = servicer, executor, closed

    async def call(self, method: str, request: Any) -> Any:
        """Call a method by name."""
        function = getattr(self._servicer, method, None)
        if function is None:
            raise LocalError(grpc.StatusCode.UNIMPLEMENTED, "Method not implemented!")
        if inspect.iscoroutinefunction(function):
            return await asyncio.create_task(call(function, request))
        # A thread of a gRPC server starts with no context variables; so does this call.
        return await asyncio.get_running_loop().run_in_executor(self._executor, contextvars.Context().run, _blocking, function, request)

    async def close(self) -> None:
        """Nothing to end but what the caller gave to end."""
        self._closed()


def _blocking(function: Callable[[Any, Any], Any], request: Any) -> Any:
    context = LocalContext()
    try:
        return function(request, context)
    except Exception as error:
        raise context.failed(error) from error
