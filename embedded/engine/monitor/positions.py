"""Where in the program a resource was registered, as state files say it: `project:///file#line`."""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlparse

if TYPE_CHECKING:
    from pulumi.runtime.proto import resource_pb2, source_pb2

    # A request that says where it comes from.
    _Request = resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest


class Positions:
    """Source positions relative to the project, and the stack traces that remote components continue."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._files: dict[str, str | None] = {}
        self._handles: dict[str, list[dict[str, str]]] = {}

    def of(self, request: _Request) -> tuple[str, list[dict[str, str]]]:
        """The request's position and stack trace."""
        trace = [{"sourcePosition": p} if (p := self._position(f.pc)) else {} for f in request.stackTrace.frames]
        return self._position(request.sourcePosition), [*self._handles.get(request.parentStackTraceHandle, ()), *trace]

    def hand_on(self, request: _Request) -> str:
        """A handle by which registrations made on behalf of this one continue its trace."""
        trace = self.of(request)[1]
        if not trace:
            return ""
        handle = str(uuid.uuid4())
        self._handles[handle] = trace
        return handle

    def release(self, handle: str) -> None:
        """Forget a handle."""
        self._handles.pop(handle, None)

    def _position(self, position: source_pb2.SourcePosition) -> str:
        uri = position.uri
        if not uri:
            return ""
        if uri not in self._files:
            self._files[uri] = self._relative(uri)
        file = self._files[uri]
        if file is None:
            return ""
        return f"project:///{file}#{position.line}" + (f",{position.column}" if position.column else "")

    def _relative(self, uri: str) -> str | None:
        parsed = urlparse(uri)
        path = unquote(parsed.path)
        if parsed.scheme != "file" or not path.startswith("/"):
            return None
        return quote(os.path.relpath(path, self._root))
