"""A fresh project for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.local.faults.rig import new_rig

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.faults.rig import Rig


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A project with an empty stack, to copy: a stack's key takes its time to derive."""
    return new_rig(tmp_path_factory.mktemp("template") / "rig")


@pytest.fixture
def rig(template: Rig, tmp_path: Path) -> Iterator[Rig]:
    """A project with an empty stack. Whatever a test leaves running fails it, and is ended."""
    rig = template.copy(tmp_path / "rig")
    yield rig
    try:
        rig.none_left()
    finally:
        rig.clean()
