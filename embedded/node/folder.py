"""A node's one folder: all that it keeps is below it, and gone with it.

node.lock      held by whoever is starting or ending the node
machine.json   what the node changes on the machine, and how that was before: written first, so that it can always be taken back
kubeconfig     for kubectl and all other clients
pki/           keys and certificates
config/        the parts' own files
logs/          what the parts wrote, a file each; pods/ has what the containers wrote
parts/         who runs: a process's id and start, a file each
add-ons.json   which add-ons it has, and their ports on 127.0.0.1
volumes/       what pods keep, a folder each
rules/         rules for the Prometheus among the add-ons: files *.yaml
etcd/ containerd/ kubelet/ run/ private/   the parts' own data
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?")
_POLL: Final = 0.05
# Linux takes 107 bytes for a socket's path.
_LONGEST: Final = 107 - len("/private/containerd/containerd.sock")


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of one node."""

    path: Path
    name: str

    @property
    def kubeconfig(self) -> Path:
        """The clients' file."""
        return self.path / "kubeconfig"

    @property
    def machine(self) -> Path:
        """What was changed on the machine."""
        return self.path / "machine.json"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.path / "pki"

    @property
    def logs(self) -> Path:
        """What the parts wrote."""
        return self.path / "logs"

    @property
    def volumes(self) -> Path:
        """What pods keep."""
        return self.path / "volumes"

    @property
    def rules(self) -> Path:
        """Rules for the Prometheus among the add-ons."""
        return self.path / "rules"

    @property
    def containerd(self) -> Path:
        """Where containerd listens, for those outside its mount namespace."""
        return self.path / "private" / "containerd" / "containerd.sock"

    def make(self, *parts: str) -> Path:
        """The folder, or one below it, made if need be, for its owner alone."""
        path = self.path.joinpath(*parts)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise NodeError(f"can't make {path} ({error.strerror}); set XDG_STATE_HOME to a folder that you own") from error
        return path

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        for empty in (self.path.parent, self.path.parent.parent):
            with suppress(OSError):
                empty.rmdir()

    def others(self) -> list[Folder]:
        """The nodes beside this one."""
        with suppress(FileNotFoundError):
            return [Folder(path, path.name) for path in sorted(self.path.parent.iterdir()) if path.is_dir() and path != self.path]
        return []

    @contextmanager
    def turn(self, timeout: float) -> Iterator[None]:
        """Be the only one who starts or ends this node."""
        deadline = time.monotonic() + timeout
        while (handle := self._lock()) is None:
            if time.monotonic() >= deadline:
                raise NodeError(f"somebody else has been starting or ending the node {self.name} for {timeout:.0f} s; try again")
            time.sleep(_POLL)
        try:
            yield
        finally:
            os.close(handle)

    def _lock(self) -> int | None:
        path = self.make() / "node.lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with suppress(BlockingIOError, FileNotFoundError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The folder may have been removed meanwhile: then this is the lock of a file that nobody else will find.
            if path.stat().st_ino == os.fstat(handle).st_ino:
                return handle
        os.close(handle)
        return None


def folder(name: str, environment: Mapping[str, str]) -> Folder:
    """Where the node of that name keeps what is its own."""
    if not _NAME.fullmatch(name):
        raise NodeError(f"{name!r} is no name for a node: take small letters, digits and dashes, 20 at most")
    path = _base(environment, "XDG_STATE_HOME", ".local/state") / "tidegate" / "node" / name
    if len(str(path)) > _LONGEST:
        raise NodeError(f"{path} is too long for the sockets below it, by {len(str(path)) - _LONGEST}; set XDG_STATE_HOME to a shorter one")
    return Folder(path, name)


def cache(environment: Mapping[str, str]) -> Path:
    """Where what was built is kept for all nodes."""
    return _base(environment, "XDG_CACHE_HOME", ".cache") / "tidegate" / "node"


def write(path: Path, text: str) -> None:
    """Write a file for its owner alone, so that whoever reads it meanwhile gets the former content or this one, never half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _base(environment: Mapping[str, str], variable: str, default: str) -> Path:
    value = environment.get(variable, "")
    # The XDG rules: a relative path is to be ignored.
    home = environment.get("HOME") or Path.home()
    return Path(value) if value.startswith("/") else Path(home) / default
