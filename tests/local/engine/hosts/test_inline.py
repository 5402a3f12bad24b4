"""Inline programs: run by the Automation API's own language host, in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from concurrent import futures
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from embedded.engine.hosts.inline import InlineProgram
from tests.local.engine.hosts.support import run, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from embedded.engine.model.ports import ProgramResult
    from tests.local.engine.hosts.support import World


@contextlib.contextmanager
def served(host: language_pb2_grpc.LanguageRuntimeServicer) -> Iterator[str]:
    """A language host's server; its address."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait(5)


def ran(address: str, folder: Path) -> tuple[ProgramResult, World]:
    """Run an inline program to its end."""

    async def work() -> tuple[ProgramResult, World]:
        async with world(folder) as made:
            return await InlineProgram(address).run(made.run, made.heard), made

    return run(work())


def test_an_inline_program(tmp_path: Path) -> None:
    """It gets the run's settings and configuration, and registers with our monitor."""

    def program() -> None:
        pulumi.export("size", pulumi.Config().require_int("size"))
        pulumi.export("stack", pulumi.get_stack())

    with served(LanguageServer(program)) as address:
        result, made = ran(address, tmp_path)
    assert (result.error, result.bail) == ("", False)
    assert made.stack == {"size": 7, "stack": "dev"}


def test_an_inline_program_that_raises(tmp_path: Path) -> None:
    """The error is the text that the Automation API looks for."""

    def program() -> None:
        raise RuntimeError("boom")

    with served(LanguageServer(program)) as address:
        result, _ = ran(address, tmp_path)
    assert result.error.startswith("python inline source runtime error: boom\nTraceback")


def test_nobody_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that nobody answers at is named."""
    monkeypatch.setattr("embedded.engine.hosts.inline.CONNECT_SECONDS", 0.3)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        result, _ = ran(address, tmp_path)
    assert result.error.startswith(f"the program's language host at {address} ")


class Endless(language_pb2_grpc.LanguageRuntimeServicer):
    """A language host whose program does not end before it is told to."""

    def __init__(self) -> None:
        self.started, self.ended = threading.Event(), threading.Event()

    def Run(self, request: Any, context: Any) -> Any:
        """Wait for the caller to give up."""
        del request
        context.add_callback(self.ended.set)
        self.started.set()
        self.ended.wait(10)
        return language_pb2.RunResponse()


def test_cancelling_an_inline_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine stops waiting for it, and its process hears of that."""
    monkeypatch.setattr("embedded.engine.hosts.inline.CANCEL_SECONDS", 0.1)
    host = Endless()

    async def work(address: str) -> ProgramResult:
        async with world(tmp_path) as made:
            inline = InlineProgram(address)
            running = asyncio.create_task(inline.run(made.run, made.heard))
            await asyncio.to_thread(host.started.wait, 10)
            inline.cancel()
            return await running

    with served(host) as address:
        assert run(work(address)).bail
        assert host.ended.wait(5)
