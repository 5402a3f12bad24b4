"""Runs one Pulumi program, as Pulumi's language host for Python does: settings, folder, event loop, `__main__`, exit codes.

It runs in the fork server's children, and as a script under another interpreter, which need not have this package: it imports
nothing but the standard library and `pulumi`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import json
import logging
import os
import runpy
import sys
import traceback
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Context

# Says to the host that the user has been told already.
SHOWN = 32
SWITCH_SECONDS = 0.0001
# Threads per operation at a time, which is how many registrations wait for answers together: large waves cost the SDK less than many.
THREADS = 16
# How many objects come between two collections: a program is short, and imports more that stays than it ever throws away.
COLLECTED = (20_000, 20, 50)
# What the SDK makes of a registration that was given up; the user has been told why.
GIVEN_UP = "Resource monitor has terminated, shutting down"
NOT_INSTALLED = """
It looks like the Pulumi SDK has not been installed. Have you run pip install?
If you are running in a virtualenv, you must run pip install -r requirements.txt from inside the virtualenv."""


def run_program(options: Mapping[str, Any]) -> int:
    """Run a program to its end; the answer is the process's exit code.

    Options: monitor, engine, project, stack, organization, root_directory, parallel, dry_run, pwd, program. Configuration comes
    from PULUMI_CONFIG and PULUMI_CONFIG_SECRET_KEYS, because programs may look there too.
    """
    try:
        import pulumi
        import pulumi.runtime
    except ImportError:
        print(traceback.format_exc() + NOT_INSTALLED, file=sys.stderr)  # noqa: T201 - this is how the user hears of it
        return 1
    program = str(options["program"])
    runtime = pulumi.runtime
    runtime.set_all_config(runtime.get_config_env(), json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS", "[]")))
    gc.set_threshold(*COLLECTED)
    be_patient()
    parallel = int(options["parallel"])
    runtime.configure(
        runtime.Settings(
            monitor=options["monitor"],
            engine=_engine(options["engine"]),
            project=options["project"],
            stack=options["stack"],
            parallel=parallel,
            dry_run=bool(options["dry_run"]),
            organization=options["organization"] or None,
            root_directory=options["root_directory"],
        )
    )
    sys.argv = [program]
    os.chdir(options["pwd"])
    # The event loop computes while threads wait for it with answers in hand: let them have their turn sooner than every 5 ms.
    sys.setswitchinterval(SWITCH_SECONDS)
    # A program that fails leaves futures that nobody will look at: that is not worth telling.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    loop = Loop()
    asyncio.set_event_loop(loop)
    try:
        with ThreadPoolExecutor(max(parallel, 1) * THREADS) as executor, contextlib.closing(loop):
            loop.set_default_executor(executor)
            return _run(program, loop)
    except KeyboardInterrupt:
        _leave()


class Loop(asyncio.SelectorEventLoop):
    """An event loop to which many answers from threads come in waves.

    The SDK looks through all of a program's outputs each time that some of them settle. A thousand answers that wake the loop one by
    one cost it a thousand times that search; when many calls are under way, answers are kept for a moment and given together.
    """

    CROWD = 24
    KEEP_SECONDS = 0.01

    def __init__(self) -> None:
        super().__init__()
        self._under_way = 0
        self._kept: deque[asyncio.Handle] = deque()
        self._coming = False

    def run_in_executor(  # type: ignore[override] # the exact signature takes a newer Python than a program's may be
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Count the calls that are under way."""
        self._under_way += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._answered)
        return future

    def _answered(self, _: asyncio.Future[Any]) -> None:
        self._under_way -= 1

    def call_soon_threadsafe(  # type: ignore[override] # the same
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Run a thread's callback soon; in a crowd, with the rest of its wave."""
        if self._under_way < self.CROWD:
            return super().call_soon_threadsafe(callback, *args, context=context)
        handle = asyncio.Handle(callback, args, self, context)
        self._kept.append(handle)
        if not self._coming:
            self._coming = True
            super().call_soon_threadsafe(self.call_later, self.KEEP_SECONDS, self._give)
        return handle

    def _give(self) -> None:
        # In this order: a thread that still sees the wave coming has put its answer there before.
        self._coming = False
        while self._kept:
            handle = self._kept.popleft()
            if not handle.cancelled():
                self.call_soon(handle._run)  # noqa: SLF001 - the loop runs its handles


# What it costs to go through one of the outputs that are waited for, with as much again ten times over to do something else.
PAUSE_SECONDS = 0.00003


def be_patient() -> None:
    """Have the SDK wait a little between two looks through all outputs that a program waits for: it takes one whenever any is done."""
    from pulumi.runtime import stack

    async def wait(outputs: list[asyncio.Future[Any]], **how: Any) -> tuple[set[asyncio.Future[Any]], set[asyncio.Future[Any]]]:
        done, left = await asyncio.wait(outputs, **how)
        if left and not any(output.cancelled() or output.exception() for output in done):
            await asyncio.sleep(len(left) * PAUSE_SECONDS)
            more = {output for output in left if output.done()}
            done, left = done | more, left - more
        return done, left

    # To the SDK's module alone: programs get what they ask for.
    setattr(stack, "asyncio", SimpleNamespace(**{**vars(asyncio), "wait": wait}))  # noqa: B010 - types know it as a module


def _engine(address: str) -> Any:
    import grpc
    from pulumi.runtime.proto import engine_pb2_grpc

    stub: Any = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))
    stub.Log = quiet(stub.Log)
    return stub


def quiet(send: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The engine's `Log` without debug messages: the SDK sends several a resource, and waits for each."""
    from pulumi.runtime.proto import engine_pb2

    return lambda request: None if request.severity == engine_pb2.DEBUG else send(request)


def _run(program: str, loop: asyncio.AbstractEventLoop) -> int:
    import pulumi
    import pulumi.runtime

    path = os.path.abspath(program)  # noqa: PTH100 - compared with what tracebacks say, symbolic links and all

    def main() -> None:
        if os.path.isdir(path) and not _has_main(path):  # noqa: PTH112 - the same
            pulumi.log.error(f"unable to find main python program `__main__.py` in `{path}`")
            sys.exit(SHOWN)
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(main))
    except pulumi.RunError as error:
        if str(error) != GIVEN_UP:
            pulumi.log.error(str(error))
        return 1
    except KeyboardInterrupt:
        _leave()
    except Exception:  # noqa: BLE001 - whatever the program raises
        pulumi.log.error(f"Program failed with an unhandled exception:\n{user_traceback(path)}")
        return SHOWN
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _leave() -> NoReturn:
    """End at once, as the host has asked: threads may wait for the engine for ever, and a traceback would tell the user nothing."""
    atexit._run_exitfuncs()  # noqa: SLF001 - what the program wants done at its end is done
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


def _has_main(folder: str) -> bool:
    return any(os.path.exists(os.path.join(folder, name)) for name in ("__main__.py", "__main__.pyc"))  # noqa: PTH110, PTH118 - as above


def user_traceback(program: str) -> str:
    """The current exception's traceback, from the program's first frame on."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    for index, frame in enumerate(frames):
        if _module_path(program) == _module_path(frame.filename):
            return traceback.format_exc(limit=index - len(frames))
    return traceback.format_exc()


def _module_path(path: str) -> str:
    stem, extension = os.path.splitext(path)  # noqa: PTH122 - plain text, as tracebacks have it
    return os.path.abspath(stem if extension else os.path.join(stem, "__main__"))  # noqa: PTH100, PTH118 - the same


if __name__ == "__main__":
    # The folder of this file holds modules that are no business of the program's.
    del sys.path[0]
    sys.exit(run_program(json.loads(sys.argv[1])))
