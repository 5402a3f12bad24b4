"""The process that warm commands are forked off. It has one thread, uses no gRPC and runs nothing itself: neither would survive a fork.

Libraries are there for whatever is forked off; our own modules too, for programs that would import these very files, unchanged. Others have
their own, as they are when they run.

It ends when the process does that it was started by. A command that is under way then goes on to its end: an update that has been begun
is better done than broken off.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.machinery
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER: Final = struct.Struct("!I")
# What commands and the programs of this project import.
_ENGINE: Final = ("embedded.engine.command", "embedded.engine", "embedded.providers")
_PROGRAM: Final = ("components", "tidegate.program")
# Those of them that are ours, and of those what only programs import.
_PACKAGES: Final = ("components", "embedded", "tidegate")
_DECLARED: Final = ("components",)
_files: Final[dict[str, tuple[int, int]]] = {}
# What those import when they first need it.
_LATER: Final = ("anyio._backends._asyncio", "certifi", "h2.connection", "httpcore", "jsonpath")


def send(control: socket.socket, message: Mapping[str, Any], descriptors: tuple[int, ...] = ()) -> None:
    """Send a message, and open files with it."""
    data = json.dumps(message).encode()
    socket.send_fds(control, [_HEADER.pack(len(data))], list(descriptors))
    control.sendall(data)


def receive(control: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next message, and the open files that came with it; nothing if the other end is gone."""
    try:
        header, descriptors, _, _ = socket.recv_fds(control, _HEADER.size, 2)
        header += _exactly(control, _HEADER.size - len(header)) if header else b""
        if len(header) < _HEADER.size:
            return {}, []
        size = _HEADER.unpack(header)[0]
        data = _exactly(control, size)
    except OSError:
        return {}, []
    return (dict(json.loads(data)) if len(data) == size else {}), list(descriptors)


def _exactly(control: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (chunk := control.recv(size - len(data))):
        data += chunk
    return bytes(data)


class _Server:
    """Starts one command after the other, tells how they end, and passes signals on."""

    def __init__(self, control: socket.socket) -> None:
        self._control, self._pid = control, 0
        self._waker, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)

    def run(self) -> None:
        """Until the other end is gone."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._waker, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self._waker:
                        os.read(self._waker, 4096)
                        self._reap()
                    elif not self._serve():
                        return

    def _serve(self) -> bool:
        message, descriptors = receive(self._control)
        if "signal" in message:
            if self._pid:
                os.kill(self._pid, message["signal"])
        elif message:
            self._start(message, descriptors)
        return bool(message)

    def _start(self, message: dict[str, Any], descriptors: list[int]) -> None:
        try:
            self._pid = os.fork()
        except OSError as error:
            send(self._control, {"refused": str(error)})
        else:
            if self._pid == 0:
                self._control.close()
                _become(message, descriptors)
            send(self._control, {"pid": self._pid})
        for descriptor in descriptors:
            os.close(descriptor)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid:
                self._pid = 0
                send(self._control, {"code": os.waitstatus_to_exitcode(status)})


def _become(message: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Turn this freshly forked process into the command."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(descriptors[0], 1)
        os.dup2(descriptors[1], 2)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
        for name, number in (("stdout", 1), ("stderr", 2)):
            stream = io.TextIOWrapper(
                io.FileIO(number, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
            )
            setattr(sys, name, stream)
        os.environ.clear()
        os.environ.update(message["environment"])
        os.chdir(message["folder"])
        sys.argv = ["pulumi", *message["arguments"]]
        from embedded.engine.command.main import main
        from embedded.engine.hosts.jobs import SHARED

        SHARED.update(shared(message["folder"]))
        for name in [name for name in sys.modules if not SHARED and name.partition(".")[0] in _DECLARED]:
            # The engine sees to the others itself.
            del sys.modules[name]

        code = main(message["arguments"])
    except BaseException:  # noqa: BLE001 - the last frame of this process
        import traceback

        traceback.print_exc()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code & 0xFF)


def shared(folder: str) -> set[str]:
    """Our packages, if a program in that folder would import these very files, and none has changed since."""
    from embedded.engine.hosts.jobs import clean_path
    from embedded.engine.settings.project import find_project

    with suppress(Exception):
        path = [str(find_project(Path(folder)).program), folder, *clean_path()]
        same = all(_origin(name, path) == getattr(sys.modules[name], "__file__", None) for name in _PACKAGES)
        if same and all(_stamp(file) == stamp for file, stamp in _files.items()):
            return set(_PACKAGES)
    return set()


def _origin(name: str, path: list[str]) -> str | None:
    found = importlib.machinery.PathFinder.find_spec(name, path)
    return found.origin if found is not None else None


def _stamp(file: str) -> tuple[int, int]:
    status = os.stat(file)  # noqa: PTH116 - hundreds of them
    return status.st_mtime_ns, status.st_size


def _import(salt: str) -> None:
    """Import what commands and programs will want, and derive the key of the stack's secrets meanwhile."""
    # gRPC tells everybody's standard error about connections that end; it looks when it is imported.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    from embedded.engine.backend import crypto
    from embedded.engine.model.errors import EngineError

    key = None
    with suppress(EngineError):
        key = crypto.PassphraseSecrets.open(salt, crypto.read_passphrase()) if salt else None
    for name in (*_ENGINE, *_PROGRAM, *_LATER):
        _import_all(name)

    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in _PACKAGES:
            _files[file] = _stamp(file)
    # The SDK makes one when it is imported in some of its parts.
    asyncio.set_event_loop(None)
    if key is not None:
        with suppress(EngineError):
            key.verify()


def _import_all(name: str) -> None:
    """A package with all of its modules; what can't be imported is for the command to find out."""
    with suppress(Exception):
        package = importlib.import_module(name)
        if name in _LATER:
            return
        for found in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{name}."):
            if not found.name.endswith("__main__"):
                _import_all(found.name)


def serve(descriptor: int, salt: str) -> None:
    """Be the server."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    _import(salt)
    gc.collect()
    gc.freeze()
    server = _Server(control)
    send(control, {"ready": True})
    server.run()


if __name__ == "__main__":
    # As in the command: its own folder, where programs don't look, comes first, and the engine's place last.
    __file__, _place = sys.argv[3:5]
    sys.path[:] = [os.path.dirname(__file__), *sys.path[1:], *([_place] if _place not in sys.path[1:] else [])]  # noqa: PTH120 - as it is there
    serve(int(sys.argv[1]), sys.argv[2])
