"""How much of a cluster pods take: what they ask for, and what they may take at most."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from tidegate.model.base import amount
from tidegate.model.intent.environment import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tidegate.model.intent.environment import Resources
    from tidegate.model.intent.service import Container
    from tidegate.model.slots import SlotSpec

SMALL: Final = TIERS["local"].resources
"""What a container gets that doesn't say how big it is."""
_MI: Final = 2**20


class Need(NamedTuple):
    """Processor in thousandths, memory and storage in Mi, and numbers."""

    cpu: int = 0
    memory: int = 0
    cpu_limit: int = 0
    memory_limit: int = 0
    pods: int = 0
    storage: int = 0
    claims: int = 0

    def __add__(self, other: tuple[int, ...]) -> Self:  # type: ignore[override] # amounts add up; nobody appends them
        return type(self)(*(a + b for a, b in zip(self, other, strict=True)))

    def __mul__(self, times: int) -> Self:  # type: ignore[override] # the same
        return type(self)(*(part * times for part in self))

    def __or__(self, other: Self) -> Self:
        """What is enough for either."""
        return type(self)(*map(max, self, other))


def needed(*sizes: Resources) -> Need:
    """A pod of containers of these sizes."""
    total = Need()
    for one in sizes:
        total += Need(milli(one.requests.cpu), mi(one.requests.memory), milli(one.limits.cpu), mi(one.limits.memory))
    return total._replace(pods=1)


def enough(needs: Iterable[Need]) -> Need:
    """What is enough for each of them."""
    most = Need()
    for one in needs:
        most |= one
    return most


def pod_needs(spec: SlotSpec) -> Need:
    """A slot's pod: its main container or one that comes before it, and the sidecars that are there all along."""
    first = enough([needed(spec.resources), *(needed(size_of(one)) for one in spec.init.values())])
    return (needed(*(size_of(one) for one in spec.sidecars.values())) + first)._replace(pods=1)


def size_of(container: Container) -> Resources:
    """How big a container beside the main one is."""
    return container.resources or SMALL


def milli(quantity: str) -> int:
    """Processors in thousandths."""
    return ceil(round(amount(quantity) * 1000, 3))


def mi(quantity: str) -> int:
    """Bytes in Mi."""
    return ceil(amount(quantity) / _MI)
