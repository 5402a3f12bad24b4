"""Tests on a real node. What takes long is done once: Kubernetes is built, and the example's images are made."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.node import building, machine
from embedded.node.folder import cache
from embedded.node.images import static
from embedded.node.images.archive import write_all
from examples.shop.images import MODULE, images
from tests.node.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Iterator


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@pytest.fixture(scope="session")
def ground() -> Iterator[Ground]:
    """Where the nodes live: what was built for the user is used, what they have running isn't touched."""
    # Sockets' paths are short, so the folder's has to be.
    state = Path(tempfile.mkdtemp(prefix="tg-", dir="/tmp"))
    # As it is now: each test has another home, in which Go would build everything anew.
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    try:
        building.binaries(cache(environment), _say)
        shop = state / "shop.tar"
        write_all(shop, images(static.build(MODULE)))
        yield Ground(environment, f"test-{os.getpid()}", shop)
    finally:
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def _down_afterwards(ground: Ground) -> Iterator[None]:
    """Nothing is left, whatever becomes of the test."""
    yield
    ground.node().down()
    assert machine.read(ground.node().folder) is None
