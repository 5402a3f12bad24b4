"""Starting and ending a local cluster that outlives whoever starts it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.cluster.place import Place, TakenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.place import Running

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
# Seconds: for a start on a slow machine, for another's start or end, and for an end before it is enforced.
_START: Final = 60.0
_TURN: Final = 90.0
_END: Final = 5.0
_LOG_LINES: Final = 5


class LaunchError(Exception):
    """The cluster can't be started or ended."""


class DifferentError(Exception):
    """A cluster of that name runs, and isn't what is asked for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of cluster is asked for; None: it doesn't matter."""

    seed: int | None = None
    rate: float | None = None
    nodes: int | None = None
    port: int | None = None
    prometheus_port: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a cluster ended: `pid` is None when there was none, and `forced` says that it didn't go by itself."""

    pid: int | None
    forced: bool = False


def place(name: str, environment: Mapping[str, str]) -> Place:
    """Where the cluster of that name has its folder."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a cluster: take small letters, digits and dashes, 40 at most")
    base = environment.get("XDG_STATE_HOME", "")
    # The XDG rules: a relative path is to be ignored.
    return Place((Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "tidegate" / "local" / name)


def up(where: Place, name: str, wish: Wish) -> tuple[Running, bool]:
    """The running cluster, and whether it was started just now."""
    where.make()
    try:
        with where.turn(_TURN):
            if (running := where.running()) is not None:
                _refuse_different(running, name, wish)
                return running, False
            _start(where, name, wish)
            if (running := where.running()) is None:
                raise LaunchError(f"the cluster ended as soon as it had started; its last words: {_last_words(where)}")
            return running, True
    except TakenError as error:
        raise LaunchError(f"somebody else has been starting or ending the cluster {name} for {_TURN:.0f} s; try again") from error


def down(where: Place) -> Ended:
    """End the cluster, and remove all that it leaves."""
    if not where.folder.exists():
        return Ended(None)
    try:
        with where.turn(_TURN):
            pid, forced = where.pid(), False
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
                if not where.gone(_END):
                    forced = True
                    os.kill(pid, signal.SIGKILL)
                    where.gone(_END)
            where.clear()
            return Ended(pid, forced)
    except TakenError as error:
        raise LaunchError(f"somebody else has been starting or ending the cluster for {_TURN:.0f} s; try again") from error
    except ProcessLookupError:
        where.clear()
        return Ended(None)


def _refuse_different(running: Running, name: str, wish: Wish) -> None:
    port, prometheus_port = (int(url.rpartition(":")[2]) for url in (running.url, running.prometheus))
    told = (
        ("--seed", wish.seed, running.seed),
        ("--rate", wish.rate, running.rate),
        ("--nodes", wish.nodes, running.nodes),
        ("--port", wish.port or None, port),
        ("--prometheus-port", wish.prometheus_port or None, prometheus_port),
    )
    differences = [f"{flag} {has:g}, not {wanted:g}" for flag, wanted, has in told if wanted is not None and wanted != has]
    if differences:
        raise DifferentError(f"the cluster {name} runs already, with {'; '.join(differences)}; take it down first, or leave the flags out")


def _start(where: Place, name: str, wish: Wish) -> None:
    reading, writing = os.pipe()
    try:
        wishes = {"seed": wish.seed, "rate": wish.rate, "nodes": wish.nodes, "port": wish.port, "prometheus-port": wish.prometheus_port}
        flags = [f"--{flag}={value}" for flag, value in wishes.items() if value is not None]
        command = [sys.executable, "-m", "embedded.cluster", f"--folder={where.folder}", f"--name={name}", f"--ready={writing}", *flags]
        with where.log.open("wb") as log:
            where.log.chmod(0o600)
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writing], start_new_session=True, cwd=_home()
            )
    finally:
        os.close(writing)
    with os.fdopen(reading) as pipe:
        said = _heard(pipe.fileno())
    if said is None:
        process.kill()
        process.wait(_END)
        raise LaunchError(f"the cluster wasn't ready within {_START:.0f} s; its last words: {_last_words(where)}")
    if said.get("ready") is not True:
        process.wait(_START)
        raise LaunchError(str(said.get("error") or f"the cluster ended while it was starting; its last words: {_last_words(where)}"))


def _heard(pipe: int) -> dict[str, object] | None:
    """What the process says on the pipe; nothing but an end is an empty answer, and None is silence."""
    ready, _, _ = select.select([pipe], [], [], _START)
    if not ready:
        return None
    # One write of less than a page comes in one piece.
    answer: dict[str, object] = json.loads(os.read(pipe, 4096) or b"{}")
    return answer


def _last_words(where: Place) -> str:
    try:
        lines = where.log.read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return " | ".join(lines[-_LOG_LINES:]) or "none"


def _home() -> str:
    """A folder that is there, whichever the user is in, and from which the package can be imported."""
    import embedded

    return str(Path(embedded.__file__).parent.parent)
