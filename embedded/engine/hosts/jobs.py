"""What the fork server's children do: become a clean Python process that runs a program, a module or a command."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import io
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from embedded.engine.hosts import launcher

DIES_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, slots=True)
class Job:
    """What to start: exactly one of a program (see launcher.py), a module (as `python -m`), a command; its folder and environment."""

    cwd: str
    env: dict[str, str] = field(repr=False)
    program: dict[str, Any] | None = None
    module: str = ""
    argv: tuple[str, ...] = ()


def become(job: Job, parent: int, streams: tuple[int, int]) -> NoReturn:
    """Turn this freshly forked process into the job. Nothing of the process it was forked from is run, its `finally`s neither."""
    code = 1
    try:
        _detach(parent, streams)
        os.environ.clear()
        os.environ.update(job.env)
        os.chdir(job.cwd)
        if job.program is None and not job.module:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execvpe(job.argv[0], list(job.argv), job.env)  # noqa: S606 - a command is a list of arguments
        _clean()
        code = _ended(job)
    except BaseException:  # noqa: BLE001 - the last frame of this process
        traceback.print_exc()
    os._exit(code)


def die_with_parent(parent: int) -> None:
    """Have the system kill this process when its parent ends. Where that can't be asked for, the fork server's end does it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DIES_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _detach(parent: int, streams: tuple[int, int]) -> None:
    os.setpgid(0, 0)
    die_with_parent(parent)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (streams[0], 1), (streams[1], 2)):
        os.dup2(source, target)


def _clean() -> None:
    """Forget what the engine has left in this interpreter: its streams, exit handlers, path and modules."""
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = _text(1)
    sys.stderr = _text(2)
    atexit._clear()  # noqa: SLF001 - there is no other way to be a new process
    atexit.register(logging.shutdown)
    asyncio._set_running_loop(None)  # noqa: SLF001 - the same
    asyncio.set_event_loop(None)
    root = logging.getLogger()
    root.handlers.clear()
    ours = {name for name in sys.modules if name.partition(".")[0] in {"embedded", "tidegate", "__main__"} - SHARED}
    for name in ours - {"__main__"}:
        del sys.modules[name]
    sys.path[:] = clean_path()
    sys.path_importer_cache.clear()


def clean_path() -> list[str]:
    """`sys.path` without what is only there because of how the engine itself was started."""
    main = getattr(sys.modules.get("__main__"), "__file__", None) or (sys.argv[0] if sys.argv else "")
    started_from = {"", os.getcwd(), START_FOLDER, os.path.dirname(os.path.abspath(main))}  # noqa: PTH100, PTH109, PTH120 - as sys.path has it
    return sys.path[1:] if sys.path and sys.path[0] in started_from and not sys.flags.safe_path else list(sys.path)


def _text(descriptor: int) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True)


def _ended(job: Job) -> int:
    try:
        code = _run(job)
    except SystemExit as end:
        code = _code(end)
    except KeyboardInterrupt:
        code = 1
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
        code = 1
    with contextlib.suppress(KeyboardInterrupt):
        _wait_for_threads()
        atexit._run_exitfuncs()  # noqa: SLF001 - the same
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    return code


def _run(job: Job) -> int:
    if job.program is not None:
        return launcher.run_program(job.program)
    sys.argv = ["-m", *job.argv]
    sys.path.insert(0, job.cwd)
    runpy.run_module(job.module, run_name="__main__", alter_sys=True)
    return 0


def _code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


# Packages that a program may have as they are here: whoever started the engine has seen that it would import these very files.
SHARED: Final[set[str]] = set()
START_FOLDER: Final = os.getcwd()  # noqa: PTH109 - as sys.path has it
