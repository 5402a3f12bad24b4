"""A folder that nobody else can look into, for as long as it is needed.

It may be left behind by a process that was killed; a later one takes it away. What is secret in it is encrypted.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX: Final = "tidegate-stack-"
# The engine of a process that was killed may still be at it.
_KEPT_SECONDS: Final = 24 * 3600


@contextmanager
def folder() -> Iterator[Path]:
    """A folder of mode 0700, with all that is in it taken away at the end."""
    try:
        _sweep()
        made = tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-")
    except OSError as error:
        raise ConfigurationError(
            f"there is no place for temporary files ({error.strerror or error}); set TMPDIR to a folder of yours"
        ) from error
    with made as name:
        yield Path(name)


def write(file: Path, data: bytes) -> None:
    """Make a file that only its owner can read."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as made:
        made.write(data)


def _sweep() -> None:
    """Take away what processes have left that are gone."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError, ValueError):
            status, pid = left.stat(), int(left.name.removeprefix(_PREFIX).partition("-")[0])
            if status.st_uid == os.getuid() and time.time() - status.st_mtime > _KEPT_SECONDS and not _runs(pid):
                shutil.rmtree(left, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
