"""Hashes of assets and archives, by which changes in files are seen. An archive's is that of its files as a plain tar."""

from __future__ import annotations

import hashlib
import io
import tarfile
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
    packed = b"".join(_entry(name, data) for name, data in sorted(_files(archive, folder, "").items()))
    inner = None if archive.assets is None else {k: hashed(v, folder) for k, v in archive.assets.items()}
    return replace(archive, assets=inner, hash=hashlib.sha256(packed + bytes(2 * BLOCK)).hexdigest())


def _entry(name: str, data: bytes) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    return info.tobuf(tarfile.USTAR_FORMAT) + data + bytes(-len(data) % BLOCK)


def _files(archive: Archive, folder: Path, prefix: str) -> dict[str, bytes]:
    if archive.path is not None:
        root = folder / archive.path
        if not root.is_dir():
            msg = f"cannot read archive '{root}': it is neither a folder nor a file ending in {', '.join(PACKED)}"
            raise EngineError(msg)
        return {prefix + p.relative_to(root).as_posix(): _file(p) for p in root.rglob("*") if p.is_file()}
    if archive.assets is None:
        what = f"an archive at {archive.uri}"
        raise NotSupportedError(what, "fetch it first and pass the file")
    found: dict[str, bytes] = {}
    for name, content in archive.assets.items():
        if isinstance(content, Archive):
            inner = _unpacked(content, folder) if content.path and content.path.endswith(PACKED) else _files(content, folder, "")
            found |= {f"{prefix}{name}/{k}": v for k, v in inner.items()}
        else:
            found[prefix + name] = _content(content, folder)
    return found


def _unpacked(archive: Archive, folder: Path) -> dict[str, bytes]:
    path = folder / (archive.path or "")
    if not str(path).endswith((".tar", ".tgz", ".tar.gz")):
        what = f"the packed archive {path.name} inside another archive"
        raise NotSupportedError(what, "unpack it, or pass a tar file")
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
