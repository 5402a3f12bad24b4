"""Hashes of assets and archives, by which changes in files are seen. An archive's is that of its files as a plain tar."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.engine.model.errors import EngineError, NotSupportedError
from embedded.engine.model.values import Archive, Asset, Output, Secret

if TYPE_CHECKING:
    from embedded.engine.model.values import Value

# Files that are archives already are hashed as they are.
PACKED: Final = (".tar", ".tgz", ".tar.gz", ".zip", ".jar")
BLOCK: Final = 512
# Of a tar header: the longest name that fits, and where checksum and device numbers stand.
USTAR_NAME: Final = 100
CHECKSUM: Final = slice(148, 156)
DEVICE: Final = slice(329, 345)


def hashed(value: Value, folder: Path) -> Value:
    """The value with the hash of every asset and archive in it; relative paths are the program's."""
    if type(value) is dict:
        return {k: hashed(v, folder) for k, v in value.items()}
    if type(value) is list:
        return [hashed(v, folder) for v in value]
    if isinstance(value, Asset):
        return value if value.hash else replace(value, hash=hashlib.sha256(_content(value, folder)).hexdigest())
    if isinstance(value, Archive):
        return value if value.hash else _hashed_archive(value, folder)
    if isinstance(value, Secret):
        return Secret(hashed(value.value, folder))
    if isinstance(value, Output):
        return replace(value, value=hashed(value.value, folder))
    return value


def _hashed_archive(archive: Archive, folder: Path) -> Archive:
    if archive.path is not None and archive.path.endswith(PACKED):
        return replace(archive, hash=hashlib.sha256(_file(folder / archive.path)).hexdigest())
    packed = b"".join(_entry(name, data) for name, data in _files(archive, folder).items())
    inner = None if archive.assets is None else {k: hashed(v, folder) for k, v in archive.assets.items()}
    return replace(archive, assets=inner, hash=hashlib.sha256(packed + bytes(2 * BLOCK)).hexdigest())


def _entry(name: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    header = bytearray(info.tobuf(tarfile.USTAR_FORMAT if name.isascii() and len(name) <= USTAR_NAME else tarfile.PAX_FORMAT))
    # The released CLI writes zeros where Python leaves a regular file's device numbers out; the checksum follows.
    header[DEVICE] = b"0000000\0" * 2
    header[CHECKSUM] = b" " * 8
    header[CHECKSUM] = b"%06o\0 " % sum(header[:BLOCK])
    return bytes(header) + data + bytes(-len(data) % BLOCK)


def _files(archive: Archive, folder: Path) -> dict[str, bytes]:
    """The files by name, in the order in which they are packed."""
    if archive.path is not None:
        root = folder / archive.path
        if not root.is_dir():
            msg = f"cannot read archive '{root}': it is neither a folder nor a file ending in {', '.join(PACKED)}"
            raise EngineError(msg)
        found = sorted((p.relative_to(root) for p in root.rglob("*") if p.is_file()), key=lambda p: p.parts)
        return {p.as_posix(): _file(root / p) for p in found if ".pulumi" not in p.parts[:-1]}
    if archive.assets is None:
        what = f"an archive at {archive.uri}"
        raise NotSupportedError(what, "fetch it first and pass the file")
    files: dict[str, bytes] = {}
    for name, content in sorted(archive.assets.items()):
        if isinstance(content, Archive):
            inner = _unpacked(content, folder) if content.path and content.path.endswith(PACKED) else _files(content, folder)
            files |= {f"{name}/{k}": v for k, v in inner.items()}
        else:
            files[name] = _content(content, folder)
    return files


def _unpacked(archive: Archive, folder: Path) -> dict[str, bytes]:
    path = folder / (archive.path or "")
    if path.suffix in (".zip", ".jar"):
        with zipfile.ZipFile(io.BytesIO(_file(path))) as zipped:
            return {entry.filename: zipped.read(entry) for entry in zipped.infolist() if not entry.is_dir()}
    with tarfile.open(fileobj=io.BytesIO(_file(path))) as packed:
        members = [(m.name, packed.extractfile(m)) for m in packed.getmembers() if m.isfile()]
        return {name: stream.read() for name, stream in members if stream}


def _content(asset: Asset, folder: Path) -> bytes:
    if asset.text is not None:
        return asset.text.encode()
    if asset.path is not None:
        return _file(folder / asset.path)
    if asset.uri and asset.uri.startswith("file://"):
        return _file(Path(asset.uri.removeprefix("file://")))
    what = f"an asset at {asset.uri}"
    raise NotSupportedError(what, "fetch it first and pass the file")


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"cannot read asset '{path}': {error.strerror}"
        raise EngineError(msg) from error
