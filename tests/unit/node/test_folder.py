"""The node's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded.node.errors import NodeError
from embedded.node.folder import Folder, cache, folder, write


def test_state_and_cache_follow_xdg() -> None:
    """The XDG variables are heeded; relative ones aren't, as XDG has it."""
    assert folder("a", {"XDG_STATE_HOME": "/s"}).path == Path("/s/tidegate/node/a")
    assert folder("a", {"XDG_STATE_HOME": "s", "HOME": "/h"}).path == Path("/h/.local/state/tidegate/node/a")
    assert cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/tidegate/node")
    assert cache({"HOME": "/h"}) == Path("/h/.cache/tidegate/node")


@pytest.mark.parametrize("name", ["", "A", "../up", "-a", "a-", "a" * 21, "a/b"])
def test_names_that_are_none(name: str) -> None:
    """A name becomes part of paths, so only harmless ones are taken."""
    with pytest.raises(NodeError, match="is no name for a node"):
        folder(name, {"XDG_STATE_HOME": "/s"})


def test_a_path_too_long_for_sockets() -> None:
    """It is refused at once, with what to do, and not by a server's riddle later."""
    with pytest.raises(NodeError, match=r"too long for the sockets below it, by .*set XDG_STATE_HOME to a shorter one"):
        folder("a", {"XDG_STATE_HOME": "/" + "s" * 90})


def test_one_at_a_time(tmp_path: Path) -> None:
    """Whoever comes second waits, and is told in the end."""
    one = Folder(tmp_path / "node", "a")
    with one.turn(1), pytest.raises(NodeError, match="somebody else has been starting or ending the node a"), one.turn(0.1):
        pass
    with one.turn(0.1):
        pass


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    """Keys are among them."""
    write(tmp_path / "key", "secret")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_the_nodes_beside(tmp_path: Path) -> None:
    """Other folders are other nodes."""
    for name in ("a", "b"):
        Folder(tmp_path / name, name).make()
    assert [other.name for other in Folder(tmp_path / "a", "a").others()] == ["b"]
    assert Folder(tmp_path / "none" / "a", "a").others() == []
