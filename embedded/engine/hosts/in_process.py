"""Programs in this process: a thread, an event loop and a context of their own, and the engine's services as plain objects.

No interpreter starts and no gRPC is spoken, which is what makes a step of a release take milliseconds. The price: the process has one
current folder and one `sys.modules`, so programs in folders run one at a time, and are forgotten when they end.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import importlib
import inspect
import os
import runpy
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import grpc

from embedded.engine.hosts import launcher, local
from embedded.engine.hosts.capture import captured
from embedded.engine.hosts.children import LINE_END
from embedded.engine.hosts.programs import result_of
from embedded.engine.model.ports import ProgramResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

    from embedded.engine.model.events import Severity
    from embedded.engine.model.ports import Log, RunInfo

# How long a program that was cancelled may take before it is left behind.
CANCEL_SECONDS: Final = 5.0
TERMINATED: Final = "the engine has ended this program"
_folders: Final = threading.Lock()


class BlockingStub:
    """A servicer with coroutine methods as the blocking stub that the SDK's threads call."""

    def __init__(self, servicer: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._servicer, self._loop = servicer, loop
        self._pending: set[concurrent.futures.Future[Any]] = set()
        self._ended = False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._servicer, name)

        def call(request: Any, **_: Any) -> Any:
            return self._call(local.call(method, request))

        self.__dict__[name] = call
        return call

    def end(self) -> None:
        """Fail what is waiting and whatever comes."""
        self._ended = True
        for future in tuple(self._pending):
            future.cancel()

    def _open(self) -> bool:
        return not (self._ended or self._loop.is_closed())

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if not self._open():
            coroutine.close()
            raise local.LocalError(grpc.StatusCode.UNAVAILABLE, TERMINATED)
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        self._pending.add(future)
        if not self._open():
            future.cancel()
        try:
            return future.result()
        except concurrent.futures.CancelledError as error:
            raise local.LocalError(grpc.StatusCode.UNAVAILABLE, TERMINATED) from error
        finally:
            self._pending.discard(future)


class InProcessProgram:
    """A function, or the program in a folder (or file), run in a thread of this process."""

    def __init__(self, source: Callable[[], Awaitable[None] | None] | Path) -> None:
        self._source = source
        self._stubs: tuple[BlockingStub, ...] = ()
        self._cancelled = asyncio.Event()

    async def run(self, run: RunInfo, log: Log) -> ProgramResult:
        """Run the program to its end; it may be run again."""
        services = run.services
        assert services is not None  # noqa: S101 - a run has a monitor
        loop = asyncio.get_running_loop()
        done: asyncio.Future[ProgramResult] = loop.create_future()
        self._stubs = BlockingStub(services.monitor, services.loop), BlockingStub(services.engine, services.loop)
        setattr(self._stubs[1], "Log", launcher.quiet(self._stubs[1].Log))  # noqa: B010 - methods are made on demand there

        def settle(result: ProgramResult) -> None:
            if not done.done():
                done.set_result(result)

        def tell(severity: Severity, stream: int) -> Callable[[str], None]:
            def line(text: str) -> None:
                if text.strip():
                    loop.call_soon_threadsafe(lambda: log(severity, text + LINE_END, stream_id=stream))

            return line

        def main() -> None:
            result = ProgramResult("the program's thread ended before the program did")
            try:
                with captured(tell("info", 1), tell("info#err", 2)):
                    result = self._run(run)
            finally:
                with contextlib.suppress(RuntimeError):  # the engine's loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(settle, result)

        context = contextvars.Context()
        threading.Thread(target=context.run, args=(main,), name="pulumi-program", daemon=True).start()
        try:
            return await self._ended(done)
        finally:
            # What ended this run is no reason to end the next, which may be on another event loop.
            self._cancelled = asyncio.Event()

    def cancel(self) -> None:
        """End the program at its next word with the engine."""
        self._cancelled.set()
        for stub in self._stubs:
            stub.end()

    async def _ended(self, done: asyncio.Future[ProgramResult]) -> ProgramResult:
        cancelled = asyncio.create_task(self._cancelled.wait())
        try:
            waiting: list[asyncio.Future[Any]] = [done, cancelled]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                await asyncio.wait([done], timeout=CANCEL_SECONDS)
        except asyncio.CancelledError:
            self.cancel()
            raise
        finally:
            cancelled.cancel()
        return done.result() if done.done() else ProgramResult("the program did not end when it was cancelled; its thread is left behind")

    def _run(self, run: RunInfo) -> ProgramResult:
        import pulumi.runtime

        monitor, engine = self._stubs
        _configure(run, monitor, engine)
        loop = launcher.Loop()
        loop.set_exception_handler(lambda _loop, _context: None)
        executor = concurrent.futures.ThreadPoolExecutor(max(run.parallel, 1) * launcher.THREADS, thread_name_prefix="pulumi-program")
        loop.set_default_executor(executor)
        try:
            with _program(self._source) as (function, path):
                return _outcome(loop, pulumi.runtime.run_in_stack(function), path)
        finally:
            for stub in self._stubs:
                stub.end()
            _drain(loop)
            executor.shutdown(wait=False, cancel_futures=True)
            loop.close()
            contextvars.Context().run(_forget)


def _configure(run: RunInfo, monitor: Any, engine: Any) -> None:
    from pulumi import runtime

    runtime.configure(
        runtime.Settings(
            monitor=monitor,
            engine=engine,
            project=run.project,
            stack=run.stack,
            parallel=run.parallel,
            dry_run=run.dry_run,
            organization=run.organization or "organization",
            root_directory=run.root_directory,
        )
    )
    runtime.set_all_config(run.config, sorted(run.secret_keys))


def _forget() -> None:
    """The SDK keeps the first settings that it sees as everybody's default: give it empty ones again."""
    from pulumi import runtime

    runtime.Settings(project="project", stack="stack", organization="organization", root_directory="root_directory")


def _outcome(loop: asyncio.AbstractEventLoop, running: Coroutine[Any, Any, None], path: str) -> ProgramResult:
    import pulumi

    try:
        loop.run_until_complete(running)
    except pulumi.RunError as error:
        _tell(str(error))
        return result_of(1)
    except SystemExit as end:
        return result_of(end.code if isinstance(end.code, int) else int(end.code is not None))
    except Exception:  # noqa: BLE001 - whatever the program raises
        _tell(f"Program failed with an unhandled exception:\n{launcher.user_traceback(path)}")
        return result_of(launcher.SHOWN)
    return ProgramResult()


def _tell(message: str) -> None:
    import pulumi

    with contextlib.suppress(grpc.RpcError):  # a cancelled program has nobody left to tell
        pulumi.log.error(message)


def _drain(loop: asyncio.AbstractEventLoop) -> None:
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()

    async def settled() -> None:
        await asyncio.gather(*pending, return_exceptions=True)

    loop.run_until_complete(settled())


@contextlib.contextmanager
def _program(source: Callable[[], Awaitable[None] | None] | Path) -> Iterator[tuple[Callable[[], Awaitable[None] | None], str]]:
    """What to run, and the file that a traceback begins in."""
    if not isinstance(source, Path):
        yield source, inspect.getsourcefile(inspect.unwrap(source)) or ""
        return
    folder = (source if source.is_dir() else source.parent).resolve()
    entry = str(source.resolve())

    def main() -> None:
        if source.is_dir() and not (source / "__main__.py").exists():
            _tell(f"unable to find main python program `__main__.py` in `{entry}`")
            raise SystemExit(launcher.SHOWN)
        runpy.run_path(entry, run_name="__main__")

    with _folders, _inside(folder):
        yield main, entry


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """In the program's folder, with its modules importable; those that it imports are forgotten afterwards."""
    before, modules, path = Path.cwd(), set(sys.modules), str(folder)
    os.chdir(folder)
    sys.path.insert(0, path)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        os.chdir(before)
        with contextlib.suppress(ValueError):
            sys.path.remove(path)
        for name in set(sys.modules) - modules:
            if _is_under(getattr(sys.modules[name], "__file__", None), folder):
                del sys.modules[name]


def _is_under(file: str | None, folder: Path) -> bool:
    """Whether a module belongs to the program, and not to a virtual environment in its folder."""
    return file is not None and file.startswith(f"{folder}{os.sep}") and "site-packages" not in file
