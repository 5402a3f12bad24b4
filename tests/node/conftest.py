"""Tests on a real node. What takes long is done once: Kubernetes is built, and the example's images are made."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from components import smoke
from embedded.node import building, machine
from embedded.node.folder import cache
from embedded.node.images import recipes, static
from embedded.node.images.archive import write_all
from embedded.node.node import Node
from examples.shop.images import MODULE, images
from tests.node.ground import Ground, running, say, servers
from tests.node.program import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.node.program import Place

_PREFIX: Final = "tg-"
_SPACES: Final = itertools.count(1)


def _end_runs_that_were_killed() -> None:
    """Their nodes would be in the way of this one's."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*"):
        for left in folder.glob("tidegate/node/test-*"):
            if not Path("/proc", left.name.removeprefix("test-")).exists():
                Node.open(left.name, {"XDG_STATE_HOME": str(folder)}).down()


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Where the nodes live: what was built for the user is used, what they have running isn't touched."""
    # Sockets' paths are short, so the folder's has to be.
    state = Path(tempfile.mkdtemp(prefix=_PREFIX, dir="/tmp"))
    # As it is now: each test has another home, in which Go would build everything anew.
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    _end_runs_that_were_killed()
    try:
        building.binaries(cache(environment), say)
        shop, made = state / "shop.tar", images(static.build(MODULE))
        write_all(shop, made)
        yield Ground(environment, f"test-{os.getpid()}", shop, {image.name: image.digest for image in made})
    finally:
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(scope="session")
def tools() -> Path:
    """An archive of the image by which slots are looked at, called as the program calls it."""
    return servers("tools", {smoke.IMAGE: recipes.CURL})


@pytest.fixture(scope="module")
def program_node(ground: Ground, tools: Path) -> Iterator[Node]:
    """A node with a gateway and names, for a module's tests; the example's images are on it."""
    with running(ground, ("dns", "gateway"), ground.shop, tools) as node:
        yield node


@pytest.fixture
def there(program_node: Node, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An empty stack, for a namespace of its own, which goes afterwards while others are under way; the node's end takes the rest."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
    with place(tmp_path, program_node, f"shop-{next(_SPACES)}", ground.digests) as made:
        yield made
        made.api.delete(f"/api/v1/namespaces/{made.space}")


@pytest.fixture
def _down_afterwards(ground: Ground) -> Iterator[None]:
    """Nothing is left, whatever becomes of the test."""
    yield
    ground.node().down()
    assert machine.read(ground.node().folder) is None
