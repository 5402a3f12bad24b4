"""What a program needs to be run, as its own header says: the loader, and the shared libraries by their names."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC: Final = b"\x7fELF\x02\x01"  # 64 bits, the lowest first: what Debian's current machines have
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_END, _NEEDED, _STRINGS = 0, 1, 5
_HEADER: Final = struct.Struct("<32xQ14xHH")  # where the segments are, how big one is, how many there are
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_ENTRY: Final = struct.Struct("<qQ")


class _Segment(NamedTuple):
    kind: int
    flags: int
    offset: int
    address: int
    physical: int
    size: int
    memory: int
    alignment: int


class Needs(NamedTuple):
    """What a program needs."""

    loader: str | None
    """The path of what starts it, for programs; libraries have none."""
    libraries: tuple[str, ...]


def needs(content: bytes) -> Needs | None:
    """What a file needs; None if it is no program and no library."""
    if not content.startswith(_MAGIC):
        return None
    segments = list(_segments(content))
    loader = next((_text(content, one.offset) for one in segments if one.kind == _INTERPRETER), None)
    tags = [tag for one in segments if one.kind == _DYNAMIC for tag in _tags(content, one)]
    strings = next((_place(segments, value) for tag, value in tags if tag == _STRINGS), 0)
    return Needs(loader, tuple(_text(content, strings + value) for tag, value in tags if tag == _NEEDED))


def _segments(content: bytes) -> Iterator[_Segment]:
    start, size, number = _HEADER.unpack_from(content)
    for i in range(number):
        yield _Segment(*_SEGMENT.unpack_from(content, start + i * size))


def _tags(content: bytes, dynamic: _Segment) -> Iterator[tuple[int, int]]:
    for tag, value in _ENTRY.iter_unpack(content[dynamic.offset : dynamic.offset + dynamic.size // _ENTRY.size * _ENTRY.size]):
        if tag == _END:
            return
        yield tag, value


def _place(segments: list[_Segment], address: int) -> int:
    """Where in the file is what will be at this address."""
    return next(one.offset + address - one.address for one in segments if one.kind == _LOAD and 0 <= address - one.address < one.size)


def _text(content: bytes, start: int) -> str:
    return content[start : content.index(b"\0", start)].decode()
