"""Images from Debian's packages, as small as they can be: the files that a recipe names, and exactly the shared libraries they need.

There is no package manager in them, and no shell unless the recipe names one. Which libraries are needed the programs say themselves;
which packages have them is said by the dependencies of the packages that the programs are from.
"""

from __future__ import annotations

import fnmatch
import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from embedded.node.images import elf
from embedded.node.images.archive import Config, Image
from embedded.node.images.layers import File, Folder, Link, pack
from embedded.node.images.packages import NoPackageError, merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embedded.node.images.layers import Entry, Layer
    from embedded.node.images.packages import Package, Packages

PATH: Final = "/usr/local/bin:/usr/bin:/usr/sbin"
_MERGED: Final = {f"/{name}": Link(f"usr/{name}") for name in ("bin", "sbin", "lib", "lib64")}


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image to be made from packages."""

    name: str
    """The image's, unless another one is wanted."""
    files: Mapping[str, Sequence[str]]
    """Of each package the files, by patterns in which * is for anything; one that begins with ! leaves out what the ones before took."""
    entrypoint: Sequence[str]
    user: int
    """Who runs it: by number, called as `account`."""
    account: str = "nonroot"
    command: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[int] = ()
    stop: str | None = None
    folder: str = "/"
    more: Mapping[str, Entry] = field(default_factory=dict)
    """What no package has."""


def image(recipe: Recipe, packages: Packages, name: str | None = None) -> Image:
    """The image that a recipe makes."""
    found = gather(recipe, packages)
    config = Config(
        entrypoint=recipe.entrypoint,
        command=recipe.command,
        env={"PATH": PATH, **recipe.env},
        user=f"{recipe.user}:{recipe.user}",
        ports=recipe.ports,
        stop=recipe.stop,
        folder=recipe.folder,
    )
    return Image(name or recipe.name, (layer(recipe, found),), config)


class Found:
    """What a recipe comes to: the entries, and of which packages they are."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.packages: dict[str, Package] = {}
        self._libraries: set[str] = set()
        self._waiting: list[tuple[Package, File]] = []

    def take(self, package: Package, path: str) -> None:
        """Take a path, with what it leads to, if it is a link, as far as the same package has that."""
        if path in self.entries:
            return
        self.packages[package.name] = package
        entry = self.entries[path] = package.entries[path]
        if isinstance(entry, File):
            self._waiting.append((package, entry))
        elif isinstance(entry, Link):
            target = merged(posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.target)))
            if target in package.entries:
                self.take(package, target)

    def complete(self, packages: Packages) -> None:
        """Take the libraries that the files need, and those that these need."""
        while self._waiting:
            package, file = self._waiting.pop(0)
            wanted = elf.needs(file.content) or elf.Needs(None, ())
            # The loader is known by its path, libraries by their names.
            loader = (merged(wanted.loader),) if wanted.loader else ()
            for library in (*loader, *wanted.libraries):
                if library not in self._libraries:
                    self._libraries.add(library)
                    self.take(*_library(library, package, packages))


def gather(recipe: Recipe, packages: Packages) -> Found:
    """The files that a recipe names, and the libraries that they need."""
    found = Found()
    packages.learn(*recipe.files)
    for name, patterns in recipe.files.items():
        package = packages.get(name)
        for path in _chosen(package, patterns):
            found.take(package, path)
    found.complete(packages)
    return found


def layer(recipe: Recipe, found: Found) -> Layer:
    """The layer of what was found: with what a program expects of a system, the licences, and, for scanners, what it is all from."""
    account = f"{recipe.account}:x:{recipe.user}:"
    entries: dict[str, Entry] = {
        **_MERGED,
        "/etc/passwd": File(f"root:x:0:0:root:/:/usr/sbin/nologin\n{account}{recipe.user}::/:/usr/sbin/nologin\n".encode()),
        "/etc/group": File(f"root:x:0:\n{account}\n".encode()),
        "/etc/nsswitch.conf": File(b"passwd: files\ngroup: files\nhosts: files dns\n"),
        "/tmp": Folder(mode=0o1777),  # noqa: S108 - the container's
        **found.entries,
    }
    for name, package in found.packages.items():
        entries[f"/var/lib/dpkg/status.d/{name}"] = File(package.control)
        licence = package.entries.get(f"/usr/share/doc/{name}/copyright")
        if isinstance(licence, File):
            entries[f"/usr/share/doc/{name}/copyright"] = licence
    return pack({**entries, **recipe.more})


def _chosen(package: Package, patterns: Sequence[str]) -> Iterator[str]:
    chosen: dict[str, None] = {}
    for pattern in patterns:
        matching = [path for path in package.entries if fnmatch.fnmatchcase(path, pattern.removeprefix("!"))]
        matching = [path for path in matching if not isinstance(package.entries[path], Folder)]
        if not matching:
            raise NoPackageError(f"package {package.name} {package.version} has no file {pattern.removeprefix('!')}")
        if pattern.startswith("!"):
            chosen = {path: None for path in chosen if path not in matching}
        else:
            chosen |= dict.fromkeys(matching)
    yield from chosen


def _library(library: str, package: Package, packages: Packages) -> tuple[Package, str]:
    """The package with a library, and where it has it: the one that needs it, or one of those that it depends on."""
    for candidate in (package, *sorted(packages.needed_by(package), key=lambda one: _likeness(one, library))):
        for path in sorted(candidate.entries):
            if path == library or (posixpath.basename(path) == library and path.startswith("/usr/lib/")):
                return candidate, path
    raise NoPackageError(f"no package that {package.name} {package.version} depends on has {library}")


def _likeness(package: Package, library: str) -> tuple[bool, int]:
    """Packages of libraries are mostly called by them: libpam.so.0 is in libpam0g. Of the others the small ones are looked into first."""
    stem = posixpath.basename(library).partition(".so")[0]
    return not package.name.startswith(stem), package.size
