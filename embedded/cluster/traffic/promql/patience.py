"""How long a query may take: nothing else in the cluster happens while one is evaluated, so that a careless one would stop it all."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.promql.errors import OverdueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Seconds. A dashboard's query over all that is kept takes a tenth of it.
LONGEST_WAIT: Final = 5.0


class Patience:
    """The time for one query, from now on."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + min(seconds, LONGEST_WAIT)

    def over(self, instants: Iterable[int]) -> Iterator[int]:
        """The instants one by one, as long as there is time."""
        for instant in instants:
            if time.monotonic() > self._end:
                raise OverdueError("query timed out in expression evaluation")
            yield instant
