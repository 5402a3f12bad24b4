"""Programs from their Go modules: each built once a version, and kept for all nodes. Kubernetes is one binary that is every part of it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from embedded.node.errors import NodeError
from embedded.node.needs import tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SAY_EVERY: Final = 10.0
_LAST_LINES: Final = 15


class Made(Protocol):
    """Something that is made from a Go module once, and kept."""

    def is_made(self, cache: Path) -> bool:
        """Whether it is there already."""

    def make(self, cache: Path, say: Callable[[str], None]) -> None:
        """Make it, unless it is there."""

    def commands(self, cache: Path) -> Mapping[str, str]:
        """The commands among it, and where each is."""


@dataclass(frozen=True, slots=True)
class Module:
    """A folder with a Go module of our own: it requires one other, of which it gives us something."""

    title: str
    source: Path
    requires: str
    """The other's path: its version is this one's."""

    def version(self, go_mod: str | None = None) -> str:
        """Which version it is, as go.mod says."""
        text = (self.source / "go.mod").read_text() if go_mod is None else go_mod
        found = re.search(rf"^\s*(?:require )?{re.escape(self.requires)} (v\S+)(?: // indirect)?$", text, re.MULTILINE)
        if found is None:
            raise NodeError(f"{self.source / 'go.mod'} doesn't require {self.requires}; install Tidegate anew")
        return found[1]

    def home(self, cache: Path) -> Path:
        """Where what is made of it is kept: other sources, another folder."""
        files = [self.source / name for name in ("go.mod", "go.sum", "main.go")]
        sources = b"".join(file.read_bytes() for file in files if file.exists())
        return cache / f"{self.source.name}-{self.version()}-{hashlib.sha256(sources).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is built from its module."""

    module: Module
    takes: str
    """How long that is, roughly."""
    names: tuple[str, ...] = ()
    """What else it is called by; it does another thing by each name."""
    package: str = "."
    """What is built: the module's own, or one of the module that it requires."""
    stamps: Callable[[str], Mapping[str, str]] = lambda _: {}
    """Variables that are to have a text of ours: by such, programs know their version."""

    def binary(self, cache: Path) -> Path:
        """Where it is, or will be."""
        return self.module.home(cache) / self.module.source.name

    def is_made(self, cache: Path) -> bool:
        """Whether it was built."""
        return self.binary(cache).exists()

    def commands(self, cache: Path) -> dict[str, str]:
        """It, by each of its names."""
        return {name: str(self.module.home(cache) / name) for name in self.names or (self.module.source.name,)}

    def make(self, cache: Path, say: Callable[[str], None]) -> None:
        """Build it, unless it was."""
        if not self.is_made(cache):
            with own_folder(self.module, cache, say):
                if not self.is_made(cache):
                    self._build(cache, say)

    def _build(self, cache: Path, say: Callable[[str], None]) -> None:
        binary, started = self.binary(cache), time.monotonic()
        say(f"Building {self.module.title} {self.module.version()} from its Go module: {self.takes} on two cores, once.")
        say("Fetching the modules that aren't here yet.")
        packages: list[str] = []
        go(self.module, ["list", "-mod=readonly", "-deps", self.package], packages.append)
        part = binary.with_name(f".{binary.name}.{os.getpid()}")
        stamps = self.stamps(self.module.version())
        flags = " ".join(["-s", "-w", *(f"-X={variable}={value}" for variable, value in stamps.items())])
        try:
            command = ["build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={flags}", "-o", str(part), self.package]
            go(self.module, command, Progress(len(packages), say, time.monotonic).line)
            for name in self.names:
                link = binary.with_name(name)
                link.unlink(missing_ok=True)
                link.symlink_to(binary.name)
            part.replace(binary)
        finally:
            part.unlink(missing_ok=True)
        say(f"Built in {time.monotonic() - started:.0f} s; kept in {binary.parent}.")


class Progress:
    """Tells how far a build is, now and then. Packages that Go has from before aren't built, so the end may come early."""

    def __init__(self, total: int, say: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._total, self._say, self._clock = total, say, clock
        self._done, self._next = 0, clock() + _SAY_EVERY

    def line(self, line: str) -> None:
        """Take a line that the compiler says: a package that it has come to."""
        if " " in line.strip():
            return
        self._done += 1
        if self._clock() >= self._next:
            self._next = self._clock() + _SAY_EVERY
            self._say(f"  {self._done} of at most {self._total} packages")


def go(module: Module, arguments: list[str], line: Callable[[str], None]) -> None:
    """Run Go in the module's folder, and hear what it says. An interrupt ends it too."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOOS": "linux"}
    last: deque[str] = deque(maxlen=_LAST_LINES)
    command = [tool("go") or "go", *arguments]
    with subprocess.Popen(
        command, cwd=module.source, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            for said in process.stdout or ():
                last.append(said.rstrip())
                line(said.rstrip())
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        words = "\n  ".join(last)
        raise NodeError(
            f"`go {arguments[0]}` failed in {module.source}:\n  {words}\nIs the Go module proxy reachable? See `go env GOPROXY`."
        )


@contextmanager
def own_folder(module: Module, cache: Path, say: Callable[[str], None]) -> Iterator[Path]:
    """What is made of a module has this folder; one at a time fills it, and the kernel lets go of the lock however that ends."""
    folder = module.home(cache)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NodeError(f"can't make {folder} ({error.strerror}); set XDG_CACHE_HOME to a folder that you own") from error
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Somebody else is making {module.title}; waiting for that.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(handle)


PARTS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
MODULE: Final = Module("Kubernetes", Path(__file__).with_name("kubernetes"), "k8s.io/kubernetes")


def _stamps(version: str) -> dict[str, str]:
    package, number = "k8s.io/component-base/version", version.removeprefix("v").split(".")
    return {f"{package}.gitVersion": version, f"{package}.gitMajor": number[0], f"{package}.gitMinor": number[1]}


KUBERNETES: Final = Program(MODULE, "6 to 12 minutes", PARTS, stamps=_stamps)


def version() -> str:
    """Which Kubernetes it is."""
    return MODULE.version()


def home(cache: Path) -> Path:
    """The folder with a command for each part of Kubernetes."""
    return MODULE.home(cache)


def is_built(cache: Path) -> bool:
    """Whether Kubernetes needn't be built."""
    return KUBERNETES.is_made(cache)


def binaries(cache: Path, say: Callable[[str], None]) -> Path:
    """The folder with a command for each part; built if it isn't there yet."""
    KUBERNETES.make(cache, say)
    return home(cache)
