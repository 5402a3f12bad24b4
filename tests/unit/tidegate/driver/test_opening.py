"""The real ports fit the protocols, and whoever runs the driver has a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import tidegate
from tidegate.driver.opening import WallClock, whoever
from tidegate.driver.releases import Releases
from tidegate.model.errors import TidegateError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_library_is_one_import() -> None:
    """And costs nothing until it is wanted."""
    assert tidegate.Releases is Releases
    with pytest.raises(AttributeError, match="Nothing"):
        _ = tidegate.Nothing


def test_a_job_is_put_down_to_who_has_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the CI system says; else it is the system's user."""
    monkeypatch.delenv("GITHUB_ACTOR", raising=False)
    assert whoever()
    monkeypatch.setenv("GITHUB_ACTOR", "ada")
    assert whoever() == "ada"


def test_time_is_in_utc() -> None:
    """As everywhere."""
    clock = WallClock()
    clock.sleep(0.0)
    offset = clock.now().utcoffset()
    assert offset is not None
    assert not offset.total_seconds()


def test_a_folder_without_a_project_is_an_error_of_ours(tmp_path: Path) -> None:
    """Not one of some library's."""
    with pytest.raises(TidegateError, match=r"Pulumi\.yaml"):
        Releases.open("production", tmp_path)
