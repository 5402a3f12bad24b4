"""Private folders are taken away, also those that somebody else had to leave."""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING

import pytest

from tidegate.model.errors import ConfigurationError
from tidegate.stack import private

if TYPE_CHECKING:
    from pathlib import Path


def test_what_was_left_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If its process is gone, and was long ago; a new one is nobody else's to read, and gone at its end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone, old = 2**22 + 1, 100_000
    folders = {f"tidegate-stack-{gone}-old": old, f"tidegate-stack-{os.getpid()}-mine": old, f"tidegate-stack-{gone}-new": 0, "else": old}
    for name, age in folders.items():
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with private.folder() as made:
        private.write(made / "file", b"x")
        assert [path.stat().st_mode & 0o777 for path in (made, made / "file")] == [0o700, 0o600]
    assert {path.name for path in tmp_path.iterdir()} == set(folders) - {f"tidegate-stack-{gone}-old"}


def test_there_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to do."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="set TMPDIR"), private.folder():
        pass
