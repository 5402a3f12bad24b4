"""Every fault at every request of a run: count the requests of a run that goes well, then let each of them fail in each way.

`cases(recorded(cluster, run))` is what can go wrong in a run; each case strikes one request of another such run.

Requests are found again by what they are about and how often that has been asked before, so it doesn't matter which of concurrent requests
comes first. The program's objects must have names of their own: generated ones differ from run to run.
"""

from __future__ import annotations

import glob
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from embedded.cluster.faults.rules import Rule, Where

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.cluster import Cluster
    from embedded.cluster.faults.book import Ruling
    from embedded.cluster.faults.disruptions import Disrupted
    from embedded.cluster.faults.requests import Request

KINDS: Final = ("409", "429", "500", "503", "slow", "drop", "lost", "watch-drop")
_READS: Final = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, slots=True)
class Case:
    """One request that fails in one way. `occurrence` is which of the run's requests of that verb and path it is."""

    kind: str
    request: Request
    occurrence: int

    @property
    def rule(self) -> Rule:
        """The rule that strikes it, and nothing else."""
        where = Where(verb=self.request.verb, path=glob.escape(self.request.path))
        return Rule(self.kind, where, nth=self.occurrence, delay=0.2)

    def strike(self, cluster: Cluster) -> Ruling | Disrupted:
        """Put it in force; its `hits` say whether the request came."""
        return cluster.call(lambda: cluster.faults.add(self.rule))

    def __str__(self) -> str:
        return f"{self.kind} at {self.request}, time {self.occurrence}"


def cases(requests: Iterable[Request], kinds: Iterable[str] = KINDS) -> list[Case]:
    """All that can go wrong with these requests: conflicts are for writes, and dropped watches for watches."""
    found: list[Case] = []
    kinds, seen = tuple(kinds), Counter[tuple[str, str]]()
    for request in requests:
        seen[request.verb, request.path] += 1
        found += [Case(kind, request, seen[request.verb, request.path]) for kind in kinds if _can(kind, request)]
    return found


def recorded(cluster: Cluster, run: Callable[[], object]) -> list[Request]:
    """The requests that the cluster gets during a run."""
    cluster.call(cluster.faults.seen.clear)
    run()
    return cluster.call(lambda: list(cluster.faults.seen))


def _can(kind: str, request: Request) -> bool:
    if kind == "watch-drop":
        return request.verb == "watch"
    return kind != "409" or request.verb not in _READS
