"""A local cluster's folder: who runs there, where it answers, and how its clients get in.

    cluster.lock   held by the running cluster as long as it lives: the kernel lets go of it, however the process ends
    turn.lock      held by whoever is starting or ending it
    state.json     what the running cluster says of itself, its token included
    kubeconfig     for kubectl and all other clients
    log            what the process wrote

All of it is for its owner's eyes only, and all of it is gone when the cluster has been taken down.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from embedded.cluster import private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLL: Final = 0.02


class PlaceError(Exception):
    """The folder can't be used."""


class TakenError(Exception):
    """Somebody else holds the lock."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running cluster, as it describes itself."""

    pid: int
    url: str
    prometheus: str
    kubeconfig: str
    token: str
    authority: str
    seed: int
    rate: float
    nodes: int


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one local cluster."""

    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """The clients' file."""
        return self.folder / "kubeconfig"

    @property
    def log(self) -> Path:
        """The process's own words."""
        return self.folder / "log"

    def make(self) -> None:
        """Make the folder, for its owner alone."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise PlaceError(f"can't make {self.folder} ({error.strerror}); set XDG_STATE_HOME to a folder that you own") from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise PlaceError(f"can't write to {self.folder}; set XDG_STATE_HOME to a folder that you own")

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextmanager
    def turn(self, timeout: float) -> Iterator[None]:
        """Be the only one who starts or ends this cluster."""
        with _locked(self.folder / "turn.lock", timeout):
            yield

    @contextmanager
    def living(self, timeout: float) -> Iterator[None]:
        """Be the cluster that runs here."""
        with _locked(self.folder / "cluster.lock", timeout) as handle:
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            self._take_back()  # what one that was killed has left
            try:
                yield
            finally:
                self._take_back()

    def is_there(self) -> bool:
        """Whether the cluster that runs here can still be found; not so when somebody removed its folder."""
        return (self.folder / "cluster.lock").exists()

    def _take_back(self) -> None:
        for name in ("state.json", "kubeconfig"):
            (self.folder / name).unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Whether a cluster runs here, ready or not."""
        try:
            handle = os.open(self.folder / "cluster.lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def pid(self) -> int | None:
        """The process of the cluster that runs here, whether it is ready or not, and whatever became of its other files."""
        if not self.is_alive():
            return None
        try:
            return int((self.folder / "cluster.lock").read_text())
        except (OSError, ValueError):
            # Between taking the lock and saying so, or of a version that didn't say.
            found = self.read()
            return None if found is None else found.pid

    def write(self, running: Running) -> None:
        """Say what runs here."""
        private.write(self.folder / "state.json", json.dumps(asdict(running)))

    def read(self) -> Running | None:
        """What the cluster that runs here says of itself, or the last one that ended without taking it back."""
        try:
            return Running(**json.loads((self.folder / "state.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def running(self) -> Running | None:
        """The cluster that runs here."""
        return self.read() if self.is_alive() else None

    def gone(self, timeout: float) -> bool:
        """Wait until none runs here; whether that came about."""
        deadline = time.monotonic() + timeout
        while self.is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        return True


@contextmanager
def _locked(path: Path, timeout: float) -> Iterator[int]:
    """Hold the lock. The kernel offers no lock with a timeout, so it is asked again and again."""
    deadline = time.monotonic() + timeout
    while (handle := _try(path)) is None:
        if time.monotonic() >= deadline:
            raise TakenError(str(path))
        time.sleep(_POLL)
    try:
        yield handle
    finally:
        os.close(handle)


def _try(path: Path) -> int | None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The folder may have been removed meanwhile: then this is the lock of a file that nobody else will find.
        if path.stat().st_ino == os.fstat(handle).st_ino:
            return handle
    os.close(handle)
    return None
