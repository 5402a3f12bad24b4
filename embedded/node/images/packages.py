"""Debian's packages: found, fetched and verified by apt, unpacked in memory. Nothing is installed, and nobody needs to be root."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.images.layers import File, Folder, Link

if TYPE_CHECKING:
    from embedded.node.images.layers import Entry

_MERGED: Final = re.compile(r"/(bin|sbin|lib|lib64)(?=/)")
_NOT_DEBIAN: Final = "images of servers are made from Debian's packages, on Debian or Ubuntu; elsewhere, load images of your own instead"


class NoPackageError(Exception):
    """A package can't be had."""


@dataclass(frozen=True)
class Package:
    """A package, as the archive has it."""

    name: str
    version: str
    depends: tuple[tuple[str, ...], ...]
    """Names of what it can't do without, each with what would do instead."""
    size: int
    deb: Path
    """Where it is, once it was fetched."""

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """What is in it, in the places where merged systems have it: /usr/lib, not /lib."""
        self._fetch()
        with tarfile.open(fileobj=io.BytesIO(_output("dpkg-deb", "--fsys-tarfile", str(self.deb)))) as tar:
            return {merged(_absolute(member.name)): _entry(tar, member) for member in tar if _absolute(member.name) != "/"}

    @cached_property
    def control(self) -> bytes:
        """What it says of itself."""
        self._fetch()
        return _output("dpkg-deb", "--field", str(self.deb))

    def _fetch(self) -> None:
        if self.deb.exists():
            return
        self.deb.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".part-", dir=self.deb.parent) as folder:
            _output("apt-get", "download", f"{self.name}={self.version}", folder=folder)
            next(Path(folder).glob("*.deb")).replace(self.deb)


class Packages:
    """All packages that apt knows. `folder` keeps those that were fetched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Package | None] = {}

    def get(self, name: str) -> Package:
        """A package that must be there."""
        self.learn(name)
        if (package := self._known[name]) is None:
            raise NoPackageError(f"apt knows no package {name}: run `apt-get update` as root; {_NOT_DEBIAN}")
        return package

    def needed_by(self, package: Package) -> list[Package]:
        """All that could be what it can't do without."""
        names = [name for group in package.depends for name in group]
        self.learn(*names)
        return [found for name in names if (found := self._known[name])]

    def learn(self, *names: str) -> None:
        """Ask apt for all of these at once, which takes as long as asking for one."""
        unknown = [name for name in dict.fromkeys(names) if name not in self._known]
        if not unknown:
            return
        self._known |= dict.fromkeys(unknown)
        # Some names are no packages but what several provide; apt complains if it is all of them.
        for shown in _output("apt-cache", "show", "--no-all-versions", "--", *unknown, may_fail=True).decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in shown.splitlines() if re.match(r"[\w-]+: ", line))
            if fields.get("Package") in unknown:
                self._known[fields["Package"]] = self._package(fields)

    def _package(self, fields: dict[str, str]) -> Package:
        name, version = fields["Package"], fields["Version"]
        needed = dependencies(f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}")
        file = f"{name}_{version.replace(':', '%3a')}_{fields['Architecture']}.deb"
        return Package(name, version, needed, int(fields["Size"]), self._folder / file)


def dependencies(field: str) -> tuple[tuple[str, ...], ...]:
    """The field `Depends` of a package: `a (>= 2), b | c` is a, and b or c."""
    alternatives = (group.split("|") for group in field.split(",") if group.strip())
    return tuple(tuple(re.split(r"[\s:(]", one.strip(), maxsplit=1)[0] for one in group) for group in alternatives)


def merged(path: str) -> str:
    """Where a path is on a system on which /bin, /sbin and /lib are links into /usr."""
    return f"/usr{path}" if _MERGED.match(path) else path


def _absolute(name: str) -> str:
    return f"/{name.removeprefix('.').strip('/')}"


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    if member.isdir():
        return Folder(member.mode)
    if member.issym():
        return Link(merged(member.linkname))
    content = tar.extractfile(member)  # of a hard link: what it leads to
    return File(content.read() if content else b"", member.mode & 0o755)


def _output(command: str, *arguments: str, folder: str | None = None, may_fail: bool = False) -> bytes:
    if (program := shutil.which(command)) is None:
        raise NoPackageError(f"no {command} found on PATH: {_NOT_DEBIAN}")
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode and not may_fail:
        said = done.stderr.decode(errors="replace").strip()
        raise NoPackageError(f"{command} {' '.join(arguments)} failed: {said}; `apt-get update` as root brings newer lists of packages")
    return done.stdout
