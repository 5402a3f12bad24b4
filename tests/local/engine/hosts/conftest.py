"""One fork server for all tests of hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.engine.hosts.forkserver import ForkServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server() -> Iterator[ForkServer]:
    """The fork server."""
    with ForkServer.start() as started:
        yield started
