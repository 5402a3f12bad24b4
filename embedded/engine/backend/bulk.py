"""Work on a big state makes a million objects, and most of them stay: looking for garbage among them costs more than making them."""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# How many more objects there must be before garbage is looked for while an operation runs: half of its time went there with the defaults.
_RARE: Final = (50_000, 50, 100)
_lock: Final = threading.Lock()
_before: Final[list[tuple[int, int, int]]] = []


@contextmanager
def rare_collection() -> Iterator[None]:
    """The garbage collector works less often while the block runs, or another one that overlaps with it."""
    with _lock:
        _before.append(gc.get_threshold())
        gc.set_threshold(*_RARE)
    try:
        yield
    finally:
        with _lock:
            found = _before.pop()
            # Only the first to come found what was before; with it the last to go puts things back.
            if not _before:
                gc.set_threshold(*found)


@contextmanager
def no_collection() -> Iterator[None]:
    """The garbage collector rests while the block runs."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
