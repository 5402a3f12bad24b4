"""Starts the engine's processes from one that has Pulumi's SDK imported already, so that none pays for that again.

The server is forked off while this process has one thread and has not used gRPC yet (neither survives a fork); later on, a fresh
interpreter takes its place, at the price of one import. Everything it starts ends with it, and it ends with this process, however
that ends: its end of the socket reads «closed».
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from embedded.engine.hosts.children import Child, signal_group
from embedded.engine.hosts.jobs import Job, become
from embedded.engine.model.errors import EngineError

if TYPE_CHECKING:
    from types import TracebackType

HEADER: Final = struct.Struct("!I")
END_SECONDS: Final = 5.0
_FRESH: Final = (
    "import sys; sys.path.insert(0, sys.argv[1]); from embedded.engine.hosts import forkserver; forkserver.serve(int(sys.argv[2]))"
)


class ForkServer:
    """This process's side of the server. `start` it first thing; `close` it last."""

    def __init__(self, control: socket.socket, pid: int, process: subprocess.Popen[bytes] | None = None) -> None:
        self._control, self._pid, self._process = control, pid, process
        self._ids = itertools.count(1)

    @classmethod
    def start(cls) -> Self:
        """A server: forked from this process when that is safe, else a fresh interpreter."""
        ours, theirs = socket.socketpair()
        if _may_fork():
            import pulumi.dynamic
            import pulumi.policy
            import pulumi.runtime  # noqa: F401 - so that no child imports it again

            pid = os.fork()
            if pid == 0:
                ours.close()
                serve(theirs.detach())
            theirs.close()
            return cls(ours, pid)
        root = str(Path(__file__).resolve().parents[3])
        command = [sys.executable, "-c", _FRESH, root, str(theirs.fileno())]
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True)
        theirs.close()
        return cls(ours, process.pid, process)

    async def spawn(self, job: Job) -> Child:
        """Start a job, under the running event loop."""
        identity = next(self._ids)
        (out, out_end), (err, err_end), (status, status_end) = os.pipe(), os.pipe(), os.pipe()
        try:
            self._send({"start": identity} | asdict(job), [out_end, err_end, status_end])
        finally:
            for end in (out_end, err_end, status_end):
                os.close(end)
        streams = [os.fdopen(end, "rb", buffering=0) for end in (out, err, status)]
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader, loop=loop), streams[2])
        answer = (await reader.readline()).decode()
        if not answer.strip().isdigit():
            transport.close()
            for stream in streams[:2]:
                stream.close()
            raise EngineError(f"could not start a process: {answer.strip() or 'the fork server has ended'}")

        async def ended() -> int:
            try:
                code = await reader.readline()
            finally:
                transport.close()
            return int(code) if code.strip() else -signal.SIGKILL

        def signaller(number: int) -> None:
            with contextlib.suppress(OSError):
                self._send({"signal": identity, "number": number}, [])

        return Child(int(answer), asyncio.create_task(ended()), streams[0], streams[1], signaller)

    def _send(self, message: dict[str, Any], descriptors: list[int]) -> None:
        data = json.dumps(message).encode()
        try:
            socket.send_fds(self._control, [HEADER.pack(len(data))], descriptors)
            self._control.sendall(data)
        except BrokenPipeError as error:
            raise EngineError("could not start a process: the fork server has ended") from error

    def close(self) -> None:
        """End the server and, with it, everything that still runs."""
        with contextlib.suppress(OSError):
            self._control.settimeout(END_SECONDS)
            self._control.shutdown(socket.SHUT_WR)
            # Nothing is ever said on this way: the only answer is the server's end.
            self._control.recv(1)
        self._control.close()
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            if self._process:
                self._process.wait()
            else:
                os.waitpid(self._pid, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _may_fork() -> bool:
    tasks = Path("/proc/self/task")
    return threading.active_count() == 1 and (not tasks.is_dir() or len(list(tasks.iterdir())) == 1)


class _Server:
    """The server's own loop: one thread, no gRPC, ever."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._pids: dict[int, int] = {}
        self._running: dict[int, tuple[int, int]] = {}
        # Groups that have outlived their leader: when the engine is killed, a program may end before this server hears of it.
        self._orphaned: set[int] = set()
        self._waker, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def run(self) -> None:
        """Start, signal and reap until the engine is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._waker, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._waker:
                        os.read(self._waker, 4096)
                        self._reap()
                    elif not self._serve_one():
                        return

    def end(self) -> None:
        """Kill what still runs."""
        for pid in (*self._pids.values(), *self._orphaned):
            signal_group(pid, signal.SIGKILL)

    def _serve_one(self) -> bool:
        header, descriptors, _, _ = socket.recv_fds(self._control, HEADER.size, 3)
        header += self._exactly(HEADER.size - len(header)) if header else b""
        if len(header) < HEADER.size:
            return False
        data = self._exactly(HEADER.unpack(header)[0])
        message = json.loads(data)
        if "signal" in message:
            if pid := self._pids.get(message["signal"]):
                signal_group(pid, message["number"])
            return True
        identity = message.pop("start")
        self._start(identity, Job(**message), descriptors)
        return True

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size and (chunk := self._control.recv(size - len(data))):
            data += chunk
        return bytes(data)

    def _start(self, identity: int, job: Job, descriptors: list[int]) -> None:
        out, err, status = descriptors
        server = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            _tell(status, str(error))
            os.close(status)
        else:
            if pid == 0:
                self._control.close()
                become(job, server, (out, err))
            # Both sides make the group, so that it is there for whoever needs it first.
            with contextlib.suppress(OSError):
                os.setpgid(pid, pid)
            self._pids[identity] = pid
            self._running[pid] = identity, status
            _tell(status, str(pid))
        os.close(out)
        os.close(err)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            identity, pipe = self._running.pop(pid)
            del self._pids[identity]
            with contextlib.suppress(OSError):
                os.killpg(pid, 0)
                self._orphaned.add(pid)
            _tell(pipe, str(os.waitstatus_to_exitcode(status)))
            os.close(pipe)


def _tell(pipe: int, text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, text.encode() + b"\n")


def serve(descriptor: int) -> NoReturn:
    """Be the server, until the engine's end of the socket is closed."""
    code = 0
    try:
        with contextlib.suppress(PermissionError):
            os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        import pulumi.dynamic
        import pulumi.runtime  # noqa: F401 - imported once, for all children

        gc.collect()
        gc.freeze()
        server = _Server(socket.socket(fileno=descriptor))
        try:
            server.run()
        finally:
            server.end()
    except BaseException:  # noqa: BLE001 - the last frame of this process
        import traceback

        traceback.print_exc()
        code = 1
    os._exit(code)
