"""Kubernetes from its Go module: one binary that is every part, built once a version and kept for all nodes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.errors import NodeError
from embedded.node.needs import tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE: Final = Path(__file__).with_name("kubernetes")
PARTS: Final = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
_SAY_EVERY: Final = 10.0
_LAST_LINES: Final = 15


def version(go_mod: str | None = None) -> str:
    """Which Kubernetes it is, as go.mod says."""
    text = (SOURCE / "go.mod").read_text() if go_mod is None else go_mod
    found = re.search(r"^\s*k8s\.io/kubernetes (v\S+)$", text, re.MULTILINE)
    if found is None:
        raise NodeError(f"{SOURCE / 'go.mod'} doesn't require k8s.io/kubernetes; install Tidegate anew")
    return found[1]


def home(cache: Path) -> Path:
    """Where this version's binary is kept: other sources, another folder."""
    sources = b"".join((SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go"))
    return cache / f"kubernetes-{version()}-{hashlib.sha256(sources).hexdigest()[:12]}"


def is_built(cache: Path) -> bool:
    """Whether nothing has to be built."""
    return (home(cache) / "kubernetes").exists()


def binaries(cache: Path, say: Callable[[str], None]) -> Path:
    """The folder with a command for each part; built if it isn't there yet."""
    folder = home(cache)
    if is_built(cache):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NodeError(f"can't make {folder} ({error.strerror}); set XDG_CACHE_HOME to a folder that you own") from error
    with _turn(folder / "lock", say):
        if not is_built(cache):
            _build(folder, say)
    return folder


def _build(folder: Path, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    go = tool("go") or "go"
    say(f"Building Kubernetes {version()} from its Go module: 6 to 12 minutes on two cores, once.")
    say("Fetching the modules that aren't here yet.")
    _run([go, "mod", "download"], lambda _: None)
    packages: list[str] = []
    _run([go, "list", "-mod=readonly", "-deps", "."], packages.append)
    part = folder / f".kubernetes.{os.getpid()}"
    number = version().removeprefix("v").split(".")
    stamps = {"gitVersion": version(), "gitMajor": number[0], "gitMinor": number[1]}
    flags = " ".join(["-s", "-w", *(f"-X=k8s.io/component-base/version.{key}={value}" for key, value in stamps.items())])
    try:
        command = [go, "build", "-v", "-mod=readonly", "-trimpath", "-buildvcs=false", f"-ldflags={flags}", "-o", str(part), "."]
        _run(command, Progress(len(packages), say, time.monotonic).line)
        for name in PARTS:
            link = folder / name
            link.unlink(missing_ok=True)
            link.symlink_to("kubernetes")
        part.replace(folder / "kubernetes")
    finally:
        part.unlink(missing_ok=True)
    say(f"Built in {time.monotonic() - started:.0f} s; kept in {folder}.")


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


def _run(command: list[str], line: Callable[[str], None]) -> None:
    """Run Go in the sources' folder, and hear what it says. An interrupt ends it too."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOOS": "linux"}
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with subprocess.Popen(
        command, cwd=SOURCE, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
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
        raise NodeError(f"`go {command[1]}` failed in {SOURCE}:\n  {words}\nIs the Go module proxy reachable? See `go env GOPROXY`.")


@contextmanager
def _turn(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Let one build at a time; the kernel lets go of the lock however a build ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Somebody else is building it; waiting for that.")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
