"""Programs in processes of their own: forked from the fork server, or under the interpreter that Pulumi.yaml names."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.hosts import launcher
from embedded.engine.hosts.children import LINE_END
from embedded.engine.hosts.jobs import Job
from embedded.engine.model.errors import ConfigurationError, NotSupportedError
from embedded.engine.model.ports import ProgramResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.hosts.children import Child
    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import Log, Program, RunInfo

# How long a program that was asked to end may take for it.
CANCEL_SECONDS: Final = 5.0


def program(root: Path, runtime: str, options: Mapping[str, Any], main: str, server: ForkServer) -> Program:
    """The program of a project: `main` is Pulumi.yaml's, relative to `root`, "" if not given."""
    if not runtime:
        raise ConfigurationError(f"the Pulumi.yaml in {root} names no runtime: write `runtime: python`")
    if runtime != "python":
        raise NotSupportedError(f"programs with runtime '{runtime}'")
    folder, entry = entry_point(root, main)
    if interpreter := other_interpreter(root, options):
        return SubprocessProgram(interpreter, folder, entry, server)
    return ForkedProgram(folder, entry, server)


def entry_point(root: Path, main: str) -> tuple[Path, str]:
    """The folder that a program runs in, and what is run there."""
    if not main:
        return root, "."
    path = root / main
    if not path.exists():
        raise ConfigurationError(f"project 'main' could not be read: stat {path}: no such file or directory")
    return (path, ".") if path.is_dir() else (path.parent, path.name)


def other_interpreter(root: Path, options: Mapping[str, Any]) -> Path | None:
    """The interpreter of the project's virtual environment, if that is not the one we run under."""
    folder = options.get("virtualenv")
    if not folder:
        return None
    python = root / str(folder) / "bin" / "python"
    if not python.exists():
        raise ConfigurationError(
            f"The 'virtualenv' option in Pulumi.yaml is set to {str(folder)!r}, but {str(root / str(folder))!r} doesn't appear to be a "
            "virtual environment. Create it, or run `pulumi install`"
        )
    return None if (root / str(folder)).resolve() == Path(sys.prefix).resolve() else python


class _HostedProgram:
    """A program in a process of the fork server's."""

    def __init__(self, folder: Path, entry: str, server: ForkServer) -> None:
        self._folder, self._entry, self._server = folder, entry, server
        self._child: Child | None = None
        self._ending: asyncio.Task[int] | None = None
        self._cancelled = False

    async def run(self, run: RunInfo, log: Log) -> ProgramResult:
        """Run the program to its end; it may be run again. Its output goes to the log, line by line."""
        try:
            return await self._run(run, log)
        finally:
            # What ended this run is no reason to end the next: a plan that failed comes before the update itself.
            self._child, self._ending, self._cancelled = None, None, False

    async def _run(self, run: RunInfo, log: Log) -> ProgramResult:
        if self._cancelled:
            return ProgramResult(bail=True)
        child = await self._server.spawn(self._job(run))
        self._child = child.listen(_sink(log, "info", 1), _sink(log, "info#err", 2))
        self._end_if_cancelled()
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            child.kill()
            raise
        finally:
            if self._ending:
                with contextlib.suppress(asyncio.CancelledError):
                    await self._ending
        return result_of(code)

    def cancel(self) -> None:
        """Interrupt the program; five seconds later it is killed."""
        self._cancelled = True
        self._end_if_cancelled()

    def _end_if_cancelled(self) -> None:
        if self._cancelled and self._child and not self._child.ended and self._ending is None:
            self._ending = asyncio.create_task(self._child.stop(CANCEL_SECONDS))

    def _job(self, run: RunInfo) -> Job:
        raise NotImplementedError

    def _options(self, run: RunInfo) -> dict[str, Any]:
        return {
            "monitor": run.monitor_address,
            "engine": run.engine_address,
            "project": run.project,
            "stack": run.stack,
            "organization": run.organization,
            "root_directory": run.root_directory,
            "parallel": run.parallel,
            "dry_run": run.dry_run,
            "pwd": str(self._folder),
            "program": self._entry,
        }


class ForkedProgram(_HostedProgram):
    """A program under our own interpreter, with Pulumi's SDK imported already."""

    def _job(self, run: RunInfo) -> Job:
        return Job(str(self._folder), environment(run), program=self._options(run))


class SubprocessProgram(_HostedProgram):
    """A program under the interpreter of its own virtual environment."""

    def __init__(self, python: Path, folder: Path, entry: str, server: ForkServer) -> None:
        super().__init__(folder, entry, server)
        self._python = python

    def _job(self, run: RunInfo) -> Job:
        return Job(
            str(self._folder),
            activated(environment(run), self._python),
            argv=(str(self._python), "-u", launcher.__file__, json.dumps(self._options(run))),
        )


def environment(run: RunInfo) -> dict[str, str]:
    """Our environment with the run's configuration, as programs find it."""
    return os.environ | {
        "PULUMI_CONFIG": json.dumps(run.config),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(sorted(run.secret_keys)),
    }


def activated(env: dict[str, str], python: Path) -> dict[str, str]:
    """An environment in which the virtual environment of `python` is active."""
    without = {k: v for k, v in env.items() if k != "PYTHONHOME"}
    return without | {"VIRTUAL_ENV": str(python.parent.parent), "PATH": f"{python.parent}{os.pathsep}{env.get('PATH', '')}"}


def result_of(code: int) -> ProgramResult:
    """What a program's exit code means."""
    if code == 0:
        return ProgramResult()
    if code == launcher.SHOWN:
        return ProgramResult(bail=True)
    return ProgramResult(f"program exited with non-zero exit code: {code if code > 0 else -1}")


def _sink(log: Log, severity: Any, stream: int) -> Callable[[str], None]:
    def line(text: str) -> None:
        if text.strip():
            log(severity, text + LINE_END, stream_id=stream)

    return line
