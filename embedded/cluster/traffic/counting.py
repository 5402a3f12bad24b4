"""What pods count while they serve, as an instrumented application would: requests by code, and how long answers took.

A counter is there from its first count on, and begins anew with each life of its pod: queries have to cope with both in real clusters too.
How long answers took is drawn when somebody looks, for all answers since the last look together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from embedded.cluster.traffic.chance import BOUNDS, multinomial, profile
from embedded.cluster.traffic.promql.labels import BUCKET, NAME, labels_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from random import Random

    from embedded.cluster.traffic.promql.labels import Labels
    from embedded.cluster.traffic.routing import Destination, Endpoint

REQUESTS: Final = "http_requests_total"
DURATION: Final = "http_request_duration_seconds"
# As Prometheus 3 writes them: `1.0`, not `1`.
_BOUND_TEXTS: Final = tuple("+Inf" if math.isinf(bound) else str(bound) for bound in BOUNDS)


@dataclass(slots=True)
class Served:
    """What one pod answered, in one of its lives."""

    life: str
    median: float
    base: dict[str, str]
    codes: dict[str, int] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    seconds: float = 0.0
    unmeasured: int = 0
    _labels: dict[tuple[str, str, str], Labels] = field(default_factory=dict)

    def count(self, code: str, number: int) -> None:
        """So many more answers with this code."""
        if number:
            self.codes[code] = self.codes.get(code, 0) + number
            self.unmeasured += number

    def measure(self, random: Random) -> None:
        """Draw how long the answers since the last time took."""
        shape = profile(self.median)
        for i, number in enumerate(multinomial(random, self.unmeasured, shape.chances)):
            self.buckets[i] += number
            self.seconds += number * shape.means[i]
        self.unmeasured = 0

    def samples(self) -> Iterator[tuple[Labels, float]]:
        """All of it as a scrape sees it."""
        for code, number in self.codes.items():
            yield self._labelled(REQUESTS, "code", code), float(number)
        for text, below in zip(_BOUND_TEXTS, accumulate(self.buckets), strict=True):
            yield self._labelled(f"{DURATION}_bucket", BUCKET, text), float(below)
        yield self._labelled(f"{DURATION}_sum"), self.seconds
        yield self._labelled(f"{DURATION}_count"), float(sum(self.buckets))

    def _labelled(self, name: str, label: str = "", value: str = "") -> Labels:
        key = (name, label, value)
        if key not in self._labels:
            self._labels[key] = labels_from({**self.base, NAME: name, label: value})
        return self._labels[key]


class Counters:
    """All that pods have counted, and what was refused before it reached one."""

    def __init__(self) -> None:
        self._served: dict[tuple[str, str, str], Served] = {}
        self._refused: dict[Labels, int] = {}
        self._work: dict[tuple[str, str], tuple[str, float]] = {}

    def serve(self, destination: Destination, endpoint: Endpoint, codes: Iterable[tuple[str, int]]) -> None:
        """A pod answered requests to a Service."""
        service = endpoint.app or destination.service
        key = (destination.namespace, service, endpoint.pod)
        served = self._served.get(key)
        if served is None or served.life != endpoint.life:
            base = {
                "namespace": destination.namespace,
                "service": service,
                "slot": endpoint.slot,
                "version": endpoint.version,
                "pod": endpoint.pod,
            }
            served = self._served[key] = Served(endpoint.life, endpoint.behaviour.latency, base)
        number = 0
        for code, count in codes:
            served.count(code, count)
            number += count
        self._toil(endpoint, number * endpoint.behaviour.cpu)

    def refuse(self, destination: Destination, code: str, number: int, slot: str, version: str) -> None:
        """Requests got an answer from no pod; the version is known if they got as far as to one."""
        labels = labels_from(
            {
                NAME: REQUESTS,
                "namespace": destination.namespace,
                "service": destination.app or destination.service,
                "slot": slot,
                "version": version,
                "code": code,
            }
        )
        self._refused[labels] = self._refused.get(labels, 0) + number

    def work_of(self, namespace: str, pod: str, life: str) -> float:
        """Processor seconds that requests have cost the pod in this life."""
        last, seconds = self._work.get((namespace, pod), (life, 0.0))
        return seconds if last == life else 0.0

    def samples(
        self, random: Random, lives: dict[tuple[str, str], str], silent: Collection[tuple[str, str]] = ()
    ) -> Iterator[tuple[Labels, float]]:
        """What a scrape of the pods that are alive sees. What the others counted is gone with them; silent ones keep it."""
        for key in [key for key, served in self._served.items() if lives.get((key[0], key[2])) != served.life]:
            del self._served[key]
        for pod in [pod for pod, (life, _) in self._work.items() if lives.get(pod) != life]:
            del self._work[pod]
        for (namespace, _, name), served in self._served.items():
            if (namespace, name) in silent:
                continue
            served.measure(random)
            yield from served.samples()
        for labels, number in self._refused.items():
            yield labels, float(number)

    def _toil(self, endpoint: Endpoint, seconds: float) -> None:
        key = (endpoint.namespace, endpoint.pod)
        self._work[key] = (endpoint.life, self.work_of(*key, endpoint.life) + seconds)
