"""How many stories are played, and which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.simulation import fast

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 25
"""Seeds a test: a test of its own for each would take longer than the story."""
DEFAULT = 500


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--seeds N`: how many. `--seed N`: this one alone."""
    group = parser.getgroup("simulation")
    group.addoption("--seeds", type=int, default=DEFAULT, metavar="N", help=f"how many releases are simulated ({DEFAULT})")
    group.addoption("--seed", type=int, default=None, metavar="N", help="simulate the release of this seed alone, and say what happens")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Blocks of seeds."""
    if "seeds" not in metafunc.fixturenames:
        return
    one = metafunc.config.getoption("--seed", default=None)
    if one is not None:
        metafunc.parametrize("seeds", [range(one, one + 1)], ids=[str(one)])
        return
    number = metafunc.config.getoption("--seeds", default=DEFAULT)
    blocks = [range(first, min(first + BLOCK, number)) for first in range(0, number, BLOCK)]
    metafunc.parametrize("seeds", blocks, ids=[f"{block.start}-{block.stop - 1}" for block in blocks])


@pytest.fixture(autouse=True, scope="package")
def _fast() -> Iterator[None]:
    fast.remember()
    yield
    fast.forget()
