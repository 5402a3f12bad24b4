"""The traffic model: flows in, counts and series out, a tick of the clock at a time.

Each tick's outcome depends on the seed, the flow, the tick's number and the objects at that moment, and on nothing else.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.traffic import pods
from embedded.cluster.traffic.chance import binomial, multinomial
from embedded.cluster.traffic.counting import Counters
from embedded.cluster.traffic.flows import Flow
from embedded.cluster.traffic.routing import PODS, STORAGES, Table, life_of, silent_from
from embedded.cluster.traffic.series import SeriesStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.cluster.model.clock import Clock, Timer
    from embedded.cluster.model.draws import Draws
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.traffic.ports import Changed, Objects
    from embedded.cluster.traffic.routing import Destination, Endpoint, Plan

# Seconds between two ticks, two scrapes, and two lines of the journal about a flow.
TICK: Final = 0.25
SCRAPE: Final = 5.0
NOTE: Final = 60.0
# What a pod answers when it fails, and when it doesn't.
_ERROR: Final = "500"
_OK: Final = "200"
# What is answered for one that doesn't answer.
_TIMEOUT: Final = "504"
_LOWEST_FAILURE: Final = 400
# Tenths of requests that have added up to a whole one, but for the last binary digits, are one.
_ROUNDING: Final = 1e-6


@dataclass(slots=True)
class Tally:
    """How one flow has fared."""

    flow: Flow
    generation: int
    ticks: int = 0
    carried: float = 0.0
    requests: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    backends: dict[tuple[str, str, str, str], Counter[str]] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many requests weren't answered as their user hoped."""
        return _failures(self.codes)

    def due(self) -> int:
        """How many requests the next tick sends: over time exactly the rate."""
        self.ticks += 1
        wanted = self.flow.rate * TICK + self.carried
        whole = math.floor(wanted + _ROUNDING)
        self.carried = wanted - whole
        return whole

    def data(self) -> dict[str, Any]:
        """It all, as JSON data."""
        return {
            **self.flow.data(),
            "requests": self.requests,
            "failed": self.failed,
            "codes": dict(sorted(self.codes.items())),
            "unanswered": dict(sorted(self.reasons.items())),
            "backends": [
                {
                    "namespace": namespace,
                    "service": service,
                    "slot": slot,
                    "version": version,
                    "requests": codes.total(),
                    "failed": _failures(codes),
                }
                for (namespace, service, slot, version), codes in sorted(self.backends.items())
            ],
        }


@dataclass(frozen=True, slots=True)
class Usage:
    """What a pod uses: processor cores, and bytes of memory."""

    cpu: float
    memory: float


class Traffic:
    """Virtual clients, the counters of the pods that they reach, and the scrapes of those."""

    def __init__(self, objects: Objects, clock: Clock, draws: Draws, journal: Journal) -> None:
        self._objects, self._clock, self._draws, self._journal = objects, clock, draws, journal
        self._table: Table | None = None
        self._tallies: dict[str, Tally] = {}
        self._counters = Counters()
        self._usage: dict[tuple[str, str], Usage] = {}
        self._cpu: dict[tuple[str, str], tuple[str, float, float]] = {}
        self._timers: dict[str, Timer] = {}
        self._scrapes = 0
        self._unsubscribe: Callable[[], None] | None = None
        self.series: Final = SeriesStore()

    def start(self) -> None:
        """Begin to look at the cluster."""
        self._unsubscribe = self._objects.subscribe(self._changed)
        # A scrape sees what has happened up to its instant, so it is the last thing to happen then.
        self._every(SCRAPE, "scrape", lambda: self._clock.later(0.0, self.scrape))

    def stop(self) -> None:
        """Send and look no more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def set_flow(self, flow: Flow) -> None:
        """Start a flow, or change the one of that name, which goes on counting."""
        known = self._tallies.get(flow.name)
        if known is None:
            self._tallies[flow.name] = Tally(flow, self._draws.count("flow", flow.name))
        else:
            known.flow = flow
        self._table = None
        self._journal.write("flow", action="change" if known else "start", **flow.data())
        if "tick" not in self._timers:
            self._every(TICK, "tick", self._tick)
            self._every(NOTE, "note", self._note)

    def end_flow(self, name: str) -> bool:
        """End a flow; False if there is none of that name."""
        tally = self._tallies.pop(name, None)
        if tally is None:
            return False
        self._journal.write("flow", action="stop", name=name, requests=tally.requests, failed=tally.failed)
        if not self._tallies:
            for timer in ("tick", "note"):
                self._timers.pop(timer).cancel()
        return True

    def report(self) -> list[dict[str, Any]]:
        """How each flow has fared since its start."""
        return [tally.data() for _, tally in sorted(self._tallies.items())]

    def ask(self, url: str, key: tuple[object, ...], headers: tuple[tuple[str, str], ...] = ()) -> tuple[int, str]:
        """Send one request, counted like any other: its code, and why there is no better one. The same key gets the same answer."""
        flow = Flow(f"ask {url}", url, 0.0, headers=headers)
        tally = Tally(flow, 0)
        self._send(tally, 1, self._ways().plan(flow), Random(self._seed("ask", *key)))  # noqa: S311 - as below
        return int(next(iter(tally.codes))), next(iter(tally.reasons), "")

    def usage(self, namespace: str, pod: str) -> Usage | None:
        """What the pod used between the last two scrapes; None if that isn't known yet."""
        return self._usage.get((namespace, pod))

    def scrape(self) -> None:
        """Note what can be seen right now."""
        now = self._clock.now()
        found: dict[Any, float] = {}
        lives: dict[tuple[str, str], str] = {}
        silent: set[tuple[str, str]] = set()
        usage: dict[tuple[str, str], Usage] = {}
        for obj in self._objects.all(PODS):
            namespace, name = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
            work = self._counters.work_of(namespace, name, life_of(obj))
            pod = pods.observe(obj, now, work, silent_from(self._objects, obj))
            if pod is None:
                continue
            found.update(pod.samples())
            if pod.running:
                lives[namespace, name] = pod.life
                if not pod.up:
                    silent.add((namespace, name))
                if pod.containers:
                    self._note_usage(pod, now, usage)
        self._usage = usage
        self._cpu = {key: value for key, value in self._cpu.items() if key in lives}
        self._scrapes += 1
        random = Random(self._seed("scrape", self._scrapes))  # noqa: S311 - chance that can be repeated is what this is about
        found.update(self._counters.samples(random, lives, silent))
        self.series.scrape(round(now * 1000), found)

    def _note_usage(self, pod: pods.Pod, now: float, usage: dict[tuple[str, str], Usage]) -> None:
        key, total = (pod.namespace, pod.name), sum(container.cpu for container in pod.containers)
        life, then, before = self._cpu.get(key, ("", now, 0.0))
        if life == pod.life and now > then:
            usage[key] = Usage(max(total - before, 0.0) / (now - then), sum(container.memory for container in pod.containers))
        self._cpu[key] = (pod.life, now, total)

    def _every(self, seconds: float, name: str, action: Callable[[], object]) -> None:
        def turn() -> None:
            self._timers[name] = self._clock.later(seconds, turn)
            action()

        self._timers[name] = self._clock.later(seconds, turn)

    def _changed(self, change: Changed) -> None:
        if change.storage in STORAGES:
            self._table = None

    def _tick(self) -> None:
        ways = self._ways()
        for name, tally in sorted(self._tallies.items()):
            number = tally.due()
            if number:
                seed = self._seed("tick", name, tally.generation, tally.ticks)
                self._send(tally, number, ways.plan(tally.flow), Random(seed))  # noqa: S311 - as above

    def _ways(self) -> Table:
        if self._table is None:
            self._table = Table(self._objects)
        return self._table

    def _seed(self, *key: object) -> int:
        return int(self._draws.fraction("traffic", *key) * (1 << 53))

    def _send(self, tally: Tally, number: int, plan: Plan, random: Random) -> None:
        tally.requests += number
        weights = [weight for weight, _ in plan.shares]
        for (_, destination), share in zip(plan.shares, multinomial(random, number, weights), strict=True):
            if share:
                self._arrive(destination, share, random, tally)
        for fraction, destination in plan.mirrors:
            copies = binomial(random, number, fraction)
            if copies:
                self._arrive(destination, copies, random, None)

    def _arrive(self, destination: Destination, number: int, random: Random, tally: Tally | None) -> None:
        """Requests reach their destination; nobody looks at the answers to copies, which have no tally."""
        if not destination.endpoints:
            self._fail(destination, str(destination.code), destination.why, number, tally)
            return
        each = multinomial(random, number, [1.0] * len(destination.endpoints))
        for endpoint, share in zip(destination.endpoints, each, strict=True):
            if not share:
                continue
            if endpoint.silent_from <= self._clock.now():
                why = f"a pod of Service {destination.namespace}/{destination.service} doesn't answer"
                self._fail(destination, _TIMEOUT, why, share, tally, endpoint)
                continue
            errors = binomial(random, share, endpoint.behaviour.error_rate)
            codes = ((_OK, share - errors), (_ERROR, errors))
            self._counters.serve(destination, endpoint, codes)
            if tally is not None:
                backend = (destination.namespace, destination.service, endpoint.slot, endpoint.version)
                found = tally.backends.setdefault(backend, Counter())
                for code, count in codes:
                    if count:
                        found[code] += count
                        tally.codes[code] += count

    def _fail(
        self, destination: Destination, code: str, why: str, number: int, tally: Tally | None, endpoint: Endpoint | None = None
    ) -> None:
        """Requests got no answer from a pod, be it that there is none or that the one that they went to is silent."""
        slot, version = (endpoint.slot, endpoint.version) if endpoint is not None else (destination.slot, "")
        self._counters.refuse(destination, code, number, slot, version)
        if tally is not None:
            tally.codes[code] += number
            tally.reasons[why] += number
            backend = (destination.namespace, destination.service, slot, version)
            tally.backends.setdefault(backend, Counter())[code] += number

    def _note(self) -> None:
        for name, tally in sorted(self._tallies.items()):
            self._journal.write("traffic", flow=name, requests=tally.requests, failed=tally.failed, codes=dict(sorted(tally.codes.items())))


def _failures(codes: Counter[str]) -> int:
    return sum(number for code, number in codes.items() if int(code) >= _LOWEST_FAILURE)
