"""Layers: what is in an image, as tar archives that are the same bytes whenever and by whomever they are made.

So there are no times, no names of users and no order but that of the paths. They aren't compressed: compressors' versions differ in what
they write, and what never leaves the machine only takes longer so.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
import tarfile
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class File:
    """A file. Root's, and not to be written to, unless it says otherwise."""

    content: bytes
    mode: int = 0o644
    user: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder. Those above a file needn't be named."""

    mode: int = 0o755
    user: int = 0


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link."""

    target: str


Entry = File | Folder | Link


@dataclass(frozen=True)
class Layer:
    """A layer, as it is on the disk."""

    tar: bytes

    @cached_property
    def digest(self) -> str:
        """Its name, which follows from what is in it."""
        return digest(self.tar)


def digest(content: bytes) -> str:
    """By what OCI calls a blob."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pack(entries: Mapping[str, Entry]) -> Layer:
    """A layer of these paths. A path is absolute, and may not be below something that is no folder."""
    made: dict[str, Entry] = {}
    for path, entry in entries.items():
        made[_plain(path)] = entry
    for path in list(made):
        for parent in _above(path):
            if isinstance(made.setdefault(parent, Folder()), File | Link):
                raise ValueError(f"/{path} can't be in an image: /{parent} is no folder")  # noqa: TRY004 - the paths are wrong, not their types
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(made):
            _add(tar, path, made[path])
    return Layer(buffer.getvalue())


def unpack(layer: Layer) -> dict[str, Entry]:
    """The paths of a layer."""
    with tarfile.open(fileobj=io.BytesIO(layer.tar)) as tar:
        return {f"/{member.name}": _entry(tar, member) for member in tar}


def _plain(path: str) -> str:
    plain = posixpath.normpath(path)
    if not path.startswith("/") or plain in {"/", "//"} or ".." in path.split("/"):
        raise ValueError(f"{path!r} is no path in an image: write it from the root on, like /usr/bin/app")
    return plain.lstrip("/")


def _above(path: str) -> Iterable[str]:
    while path := posixpath.dirname(path):
        yield path


def _add(tar: tarfile.TarFile, path: str, entry: Entry) -> None:
    info = tarfile.TarInfo(path)
    match entry:
        case File(content, mode, user):
            info.size, info.mode, info.uid, info.gid = len(content), mode, user, user
            tar.addfile(info, io.BytesIO(content))
        case Folder(mode, user):
            info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, mode, user, user
            tar.addfile(info)
        case Link(target):
            info.type, info.mode, info.linkname = tarfile.SYMTYPE, 0o777, target
            tar.addfile(info)


def _entry(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    if member.isdir():
        return Folder(member.mode, member.uid)
    if member.issym():
        return Link(member.linkname)
    content = tar.extractfile(member)
    if content is None:
        raise ValueError(f"/{member.name} is neither a file, nor a folder, nor a symbolic link")
    return File(content.read(), member.mode, member.uid)
