"""Where `--event-log` sends events: lines of a file, or a gRPC stream to whoever listens (the Automation API does).

The engine must never wait for a reader: the stream has a queue and a thread of its own, and `close` gives up after a while.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from embedded.engine.model import gojson
from embedded.engine.model.errors import ConfigurationError
from embedded.engine.model.events import Cancel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.display.event_json import EventEncoder
    from embedded.engine.model.events import Event

CLOSE_SECONDS: Final = 10.0


class EventLog(Protocol):
    """Takes every event, internal ones too."""

    def __call__(self, event: Event, /) -> None:
        """Take the next event."""

    def close(self) -> None:
        """No more comes."""


def open_event_log(target: str, encoder: EventEncoder) -> EventLog:
    """The event log that `--event-log` names: a file, or `tcp://host:port`."""
    if target.startswith("tcp://"):
        return StreamLog(target.removeprefix("tcp://"), encoder)
    try:
        return FileLog(Path(target).open("w", encoding="utf-8"), encoder)
    except OSError as e:
        msg = f"could not open the event log {target}: {e.strerror or e}"
        raise ConfigurationError(msg) from e


class FileLog:
    """A line an event, flushed: readers follow the file while it grows."""

    def __init__(self, file: IO[str], encoder: EventEncoder) -> None:
        self._file, self._encoder = file, encoder

    def __call__(self, event: Event) -> None:
        """Write the next event."""
        self._file.write(gojson.dumps(self._encoder(event)) + "\n")
        self._file.flush()

    def close(self) -> None:
        """No more comes."""
        self._file.close()


class StreamLog:
    """A stream `pulumirpc.Events/StreamEvents`, opened at the first event."""

    def __init__(self, address: str, encoder: EventEncoder) -> None:
        self._address, self._encoder = address, encoder
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._gone = False

    def __call__(self, event: Event) -> None:
        """Queue the next event."""
        if self._gone:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._send, name="event log", daemon=True)
            self._thread.start()
        self._queue.put(gojson.dumps(self._encoder(event)))
        if isinstance(event, Cancel):
            self._queue.put(None)

    def _send(self) -> None:
        import grpc
        from pulumi.runtime.proto import events_pb2, events_pb2_grpc

        def requests() -> Iterator[events_pb2.EventRequest]:
            while (event := self._queue.get()) is not None:
                yield events_pb2.EventRequest(event=event)

        try:
            with grpc.insecure_channel(self._address) as channel:
                events_pb2_grpc.EventsStub(channel).StreamEvents(requests())
        except grpc.RpcError:
            # The listener went away; the operation goes on without it.
            self._gone = True

    def close(self) -> None:
        """No more comes: wait, for a while, until the listener has everything."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(CLOSE_SECONDS)
