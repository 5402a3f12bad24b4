"""A local cluster's folder."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from embedded.cluster.launch import place
from embedded.cluster.place import Place, PlaceError, Running, TakenError

if TYPE_CHECKING:
    from pathlib import Path

RUNNING = Running(1, "https://127.0.0.1:1", "http://127.0.0.1:2", "/k", "secret", "PEM", 0, 1.0, 3)


@pytest.fixture
def here(tmp_path: Path) -> Place:
    """A folder that is there."""
    found = Place(tmp_path / "tidegate" / "local" / "local")
    found.make()
    return found


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_STATE_HOME": "/state"}, "/state/tidegate/local/x"),
        ({"XDG_STATE_HOME": "relative"}, "HOME/.local/state/tidegate/local/x"),
        ({"XDG_STATE_HOME": ""}, "HOME/.local/state/tidegate/local/x"),
        ({}, "HOME/.local/state/tidegate/local/x"),
    ],
)
def test_where_it_is(environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the XDG rules, which say that a relative path is to be ignored."""
    monkeypatch.setenv("HOME", "/home/me")
    assert str(place("x", environment).folder) == folder.replace("HOME", "/home/me")


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "-a", "a-", "a" * 41, "a b"])
def test_names_are_plain(name: str) -> None:
    """No name leads out of the folder of all local clusters."""
    with pytest.raises(ValueError, match="is no name for a cluster"):
        place(name, {})


def test_the_folder_is_its_owners(here: Place) -> None:
    """So is all that is in it."""
    here.write(RUNNING)
    assert stat.S_IMODE(here.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in here.folder.iterdir()} == {0o600}


def test_a_cluster_lives_as_long_as_it_holds_its_lock(here: Place) -> None:
    """What it said of itself counts as long as that; when it ends in order, nothing of that is left."""
    assert (here.is_alive(), here.running()) == (False, None)
    with here.living(0):
        here.write(RUNNING)
        assert (here.is_alive(), here.running()) == (True, RUNNING)
        assert not here.gone(0)
    assert (here.is_alive(), here.running(), here.read()) == (False, None, None)
    assert here.gone(0)


def test_what_a_killed_cluster_said_does_not_count(here: Place) -> None:
    """The file is there, the lock isn't held; and the next one isn't taken for it."""
    here.write(RUNNING)
    assert (here.read(), here.running()) == (RUNNING, None)
    with here.living(0):
        assert here.running() is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_broken_file_says_nothing(here: Place, content: str) -> None:
    """Whatever happened to it."""
    with here.living(0):
        (here.folder / "state.json").write_text(content)
        assert here.running() is None


def test_one_at_a_time(here: Place) -> None:
    """A second one is told that it is too late, and may come when the first has gone."""
    with here.turn(0), pytest.raises(TakenError), here.turn(0):
        pass
    with here.living(0), pytest.raises(TakenError), here.living(0.05):
        pass
    with here.turn(0), here.living(0):
        pass


def test_the_lock_of_a_folder_that_is_gone_is_no_lock(here: Place) -> None:
    """Whoever waited for a lock while all was removed finds the new folder's lock, not the old one's."""
    with here.turn(0):
        here.clear()
        with here.turn(0.5):
            assert here.folder.is_dir()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The text says which, why, and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(PlaceError, match=r"can't make .*/file/x \(Not a directory\); set XDG_STATE_HOME to a folder that you own"):
        Place(tmp_path / "file" / "x").make()


def test_which_process_it_is(here: Place) -> None:
    """Its lock says so, and its state where the lock doesn't; nobody's, when none runs."""
    assert here.pid() is None
    with here.living(0):
        assert here.pid() == os.getpid()
        (here.folder / "cluster.lock").write_text("")
        assert here.pid() is None
        here.write(RUNNING)
        assert here.pid() == RUNNING.pid
    assert here.pid() is None
