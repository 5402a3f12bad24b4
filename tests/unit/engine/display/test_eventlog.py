"""Event logs: lines of a file, and the stream that the Automation API listens to."""

from __future__ import annotations

import json
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import events_pb2_grpc

from embedded.engine.display import eventlog
from embedded.engine.display.event_json import EventEncoder
from embedded.engine.display.eventlog import open_event_log
from embedded.engine.model import events
from embedded.engine.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def encoder() -> EventEncoder:
    """An encoder for events without properties."""
    return EventEncoder(dict)


class Listener(events_pb2_grpc.EventsServicer):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def StreamEvents(self, request_iterator: Any, _: Any) -> Any:
        """Listen to one stream."""
        self.heard += [json.loads(request.event) for request in request_iterator]
        return empty_pb2.Empty()


@pytest.fixture
def listener() -> Iterator[tuple[Listener, str]]:
    """A listener and its address."""
    server = grpc.server(futures.ThreadPoolExecutor(2))
    service = Listener()
    events_pb2_grpc.add_EventsServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield service, f"tcp://127.0.0.1:{port}"
    server.stop(None).wait()


def test_a_file_has_a_line_an_event_as_soon_as_it_is_told(tmp_path: Path) -> None:
    """Readers follow the file while the operation runs."""
    log = open_event_log(str(tmp_path / "log"), encoder())
    log(events.Prelude({}))
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    log(events.Cancel())
    log.close()
    assert [list(json.loads(line))[2] for line in (tmp_path / "log").read_text().splitlines()] == ["preludeEvent", "cancelEvent"]


def test_a_file_that_cannot_be_written_is_said_before_anything_starts(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ConfigurationError, match="no/log"):
        open_event_log(str(tmp_path / "no" / "log"), encoder())


def test_a_stream_has_everything_when_close_returns(listener: tuple[Listener, str]) -> None:
    """The Automation API reads results right after the command has ended."""
    service, address = listener
    log = open_event_log(address, encoder())
    for event in (events.Prelude({}), events.Diagnostic("m", "info"), events.Cancel()):
        log(event)
    log.close()
    assert [list(e)[2] for e in service.heard] == ["preludeEvent", "diagnosticEvent", "cancelEvent"]


def test_a_listener_that_is_not_there_does_not_stop_the_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operation matters more than whoever watches it."""
    monkeypatch.setattr(eventlog, "CLOSE_SECONDS", 5.0)
    log = open_event_log("tcp://127.0.0.1:1", encoder())
    log(events.Prelude({}))
    log(events.Cancel())
    log.close()


def test_a_log_that_got_no_event_opens_no_stream() -> None:
    """A command that fails early leaves nothing behind."""
    open_event_log("tcp://127.0.0.1:1", encoder()).close()
