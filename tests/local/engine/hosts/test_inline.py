"""Inline programs: run by the Automation API's own language host, in its own process."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from concurrent import futures
from typing import TYPE_CHECKING

import grpc
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.runtime.proto import language_pb2_grpc

from embedded.engine.hosts.inline import InlineProgram
from tests.local.engine.hosts.support import run, world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest

    from embedded.engine.model.ports import ProgramResult
    from tests.local.engine.hosts.support import World


@contextlib.contextmanager
def served(program: Callable[[], None]) -> Iterator[str]:
    """The Automation API's server for a program; its address."""
    server = grpc.server(futures.ThreadPoolExecutor(4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
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

    with served(program) as address:
        result, made = ran(address, tmp_path)
    assert (result.error, result.bail) == ("", False)
    assert made.stack == {"size": 7, "stack": "dev"}


def test_an_inline_program_that_raises(tmp_path: Path) -> None:
    """The error is the text that the Automation API looks for."""

    def program() -> None:
        raise RuntimeError("boom")

    with served(program) as address:
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


def test_cancelling_an_inline_program(tmp_path: Path) -> None:
    """The engine stops waiting for it."""

    class Box(pulumi.CustomResource):
        pass

    def program() -> None:
        Box("test:index:Box", "wait", {})

    async def work(address: str) -> ProgramResult:
        async with world(tmp_path) as made:
            inline = InlineProgram(address)
            running = asyncio.create_task(inline.run(made.run, made.heard))
            await made.monitor.waiting.wait()
            inline.cancel()
            return await running

    with served(program) as address:
        assert run(work(address)).bail
