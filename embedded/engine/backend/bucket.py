"""Where bytes are kept by key: a folder here, an S3 bucket in `s3.py`. Keys have forward slashes and no leading one.

A write is atomic: whoever reads sees the old bytes or the new ones, and a failed write leaves the old ones.
"""

from __future__ import annotations

import errno
import os
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, Protocol
from urllib.parse import parse_qsl

from embedded.engine.model.errors import ConfigurationError, EngineError, NotSupportedError

# Other programs' bookkeeping beside each object; it may be missing or stale, and is never listed.
_SIDECAR: Final = ".attrs"
_TEMPORARY: Final = ".tidegate-tmp"
# No write takes as long: what is older was left by a process that was killed.
_STALE_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Entry:
    """An object of a bucket."""

    key: str
    modified: float
    size: int


class Bucket(Protocol):
    """A place that keeps bytes by key. Missing keys raise FileNotFoundError; everything else that fails, EngineError."""

    def read(self, key: str) -> bytes:
        """The object's bytes."""
        ...

    def write(self, key: str, data: bytes) -> None:
        """Replaces the object, or makes it."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Makes the target a copy of the source."""
        ...

    def keep(self, source: str, target: str) -> None:
        """As `copy`, but the source is about to be replaced, so both may share their bytes."""
        ...

    def delete(self, key: str) -> None:
        """Deletes the object if it is there."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def entries(self, prefix: str) -> list[Entry]:
        """Every object whose key starts with the prefix, at any depth, sorted by key."""
        ...

    def locate(self, key: str) -> str:
        """The object's URL, for people."""
        ...


class FileBucket:
    """A folder. Files are written beside their place and renamed over it, and are on disk when `write` returns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._swept: set[Path] = set()

    def read(self, key: str) -> bytes:
        """The file's bytes."""
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            raise
        except OSError as e:
            self._fail("read", key, e)

    def write(self, key: str, data: bytes) -> None:
        """Replaces the file; an error leaves the former one as it was."""
        path = self._path(key)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_TEMPORARY}")
        try:
            try:
                self._store(temporary, data)
            except FileNotFoundError:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._store(temporary, data)
            temporary.replace(path)
            self._sync_folder(path.parent)
            self._sweep(path.parent)
        except OSError as e:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            self._fail("write", key, e)

    @staticmethod
    def _store(temporary: Path, data: bytes) -> None:
        with temporary.open("xb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _sweep(self, folder: Path) -> None:
        """Deletes, once a folder, what killed processes left: in a folder of locks the real CLI would take it for one."""
        if folder in self._swept:
            return
        self._swept.add(folder)
        for left in folder.glob(f".*{_TEMPORARY}"):
            try:
                if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                    left.unlink()
            except FileNotFoundError:
                continue

    def copy(self, source: str, target: str) -> None:
        """Writes the source's bytes to the target."""
        self.write(target, self.read(source))

    def keep(self, source: str, target: str) -> None:
        """Gives the source's file the target's name too."""
        path = self._path(target)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}{_TEMPORARY}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(self._path(source), temporary)
            temporary.replace(path)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without hard links
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            self.copy(source, target)

    def delete(self, key: str) -> None:
        """Deletes the file, and its sidecar."""
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            path.with_name(path.name + _SIDECAR).unlink(missing_ok=True)
        except OSError as e:
            self._fail("delete", key, e)

    def exists(self, key: str) -> bool:
        """Whether the file is there."""
        try:
            return self._path(key).is_file()
        except OSError as e:
            self._fail("read", key, e)

    def entries(self, prefix: str) -> list[Entry]:
        """The files whose path starts with the prefix."""
        folder, _, start = prefix.rpartition("/")
        found: list[Entry] = []
        try:
            self._collect(self._path(folder) if folder else self.root, f"{folder}/" if folder else "", start, found)
        except OSError as e:
            self._fail("list", prefix, e)
        return sorted(found, key=lambda entry: entry.key)

    def _collect(self, folder: Path, path: str, start: str, found: list[Entry]) -> None:
        try:
            entries = os.scandir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        with entries:
            for entry in entries:
                if not entry.name.startswith(start) or entry.name.endswith((_SIDECAR, _TEMPORARY)):
                    continue
                if entry.is_dir():
                    self._collect(folder / entry.name, f"{path}{entry.name}/", "", found)
                    continue
                try:
                    status = entry.stat()
                except FileNotFoundError:
                    continue
                found.append(Entry(path + entry.name, status.st_mtime, status.st_size))

    def locate(self, key: str) -> str:
        """The file's URL."""
        return f"file://{self._path(key).as_posix()}"

    def _path(self, key: str) -> Path:
        return self.root / key

    def _fail(self, what: str, key: str, error: OSError) -> NoReturn:
        path = self._path(key)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            msg = f"could not {what} {path}: no space left on the device. The former file is intact: make room and run the command again"
        else:
            msg = f"could not {what} {path}: {error.strerror or error}"
        raise EngineError(msg) from error


def open_bucket(url: str) -> Bucket:
    """The bucket that a backend URL names: `file://` or `s3://`. Others are refused by name."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        msg = f"the backend {url!r} is no URL; write `file://FOLDER` or `s3://BUCKET`"
        raise ConfigurationError(msg)
    if scheme == "file":
        return _open_folder(url, *rest.partition("?")[::2])
    if scheme == "s3":
        from embedded.engine.backend.s3 import S3Bucket

        return S3Bucket.open(url)
    names = {
        "https": "the Pulumi Cloud backend",
        "http": "the Pulumi Cloud backend",
        "gs": "Google Cloud Storage",
        "azblob": "Azure Blob Storage",
    }
    msg = f"{names.get(scheme, f'{scheme}:// backends')} ({url})"
    raise NotSupportedError(msg, "use `file://` or `s3://`, or run the same command with the real `pulumi` CLI")


def _open_folder(url: str, path: str, query: str) -> FileBucket:
    """The folder must be there (a mistyped one would be a place without stacks), unless the URL says `create_dir=true`."""
    home = Path(path).expanduser() if path.startswith("~") else Path(path)
    root = Path(os.path.abspath(home))  # noqa: PTH100 - symlinks stay, as in the CLI's URLs
    if dict(parse_qsl(query)).get("create_dir") == "true":
        root.mkdir(parents=True, exist_ok=True)
    if not root.is_dir():
        resolved = "" if url == f"file://{root}" else f' (resolved to "file://{root}")'
        why = "not a directory" if root.exists() else f"stat {root}: no such file or directory"
        msg = f'unable to open state directory "{url}"{resolved}: {why}'
        raise EngineError(msg)
    return FileBucket(root)
