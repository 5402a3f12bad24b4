"""Traffic by Tidegate's driver, from one process that stays: a release is driven in it as in any, and what it waits for is said from here.

Its steps wait for this side's word, so that a command's time begins with it. To take back is to have the candidate judged as bad: the time
is that from the verdict's moment, looking and deciding included. Metrics and people are left out; everything else is what it always is.
"""

from __future__ import annotations

import os
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import yaml

from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError
from benchmarks.switch.switchers.up import ROOT, intent
from tidegate.cluster.port import KubernetesCluster
from tidegate.driver.ports import Ports
from tidegate.driver.releases import Releases
from tidegate.gates.overriding import Override
from tidegate.model.analysis import Look, Measured
from tidegate.model.errors import CancelledError, ExitCode, TidegateError
from tidegate.model.ledger import Held
from tidegate.stack.port import PulumiStack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.switch.switchers.up import Stack
    from tidegate.driver.results import Ended
    from tidegate.model.events import Event
    from tidegate.model.happening import Happening
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading

_ACTOR: Final = "benchmark"
_AGAIN: Final = Override(_ACTOR, skips=("taken-back",))
"""The same version comes again and again, and goes."""
_STEPS: Final = frozenset({"shift", "promote"})
"""The events that move traffic forward."""
_NEXT_LOOK: Final = timedelta(seconds=2)


class Driver:
    """A service of a stack whose file has the old version, and for the service an analysis; `digests` pin the versions' images."""

    def __init__(self, stack: Stack, service: str, versions: tuple[str, str], digests: tuple[str, str] = ("", "")) -> None:
        self._stack, self._service, self._new = stack, service, versions[1]
        settings = stack.settings()
        services = settings["config"].get("tidegate:services") or {}
        if service not in services:
            raise SwitchError(f"{stack.file} has no service {service}; it has {', '.join(services) or 'none'}")
        if not services[service].get("analysis"):
            raise SwitchError(
                f"{stack.file} has no analysis for {service}, so nobody would judge it; give it one: analysis: {{interval: 1s}}"
            )
        self.canary = services[service].get("strategy") == "canary"
        self._weights = [int(step["weight"]) for step in services[service].get("steps") or ()]
        self.operations: frozenset[Operation] = frozenset(CYCLE if self.canary else (Operation.FLIP, Operation.ROLLBACK))
        self._before = stack.file.read_text()
        config = intent(settings["config"], service, versions[1], digests[1])
        self._after = yaml.safe_dump({**settings, "config": config}, sort_keys=False)
        self._environment = {name: os.environ.get(name) for name in ("PYTHONPATH", "KUBECONFIG")}
        os.environ |= {"PYTHONPATH": str(ROOT)} | ({"KUBECONFIG": stack.kubeconfig} if stack.kubeconfig else {})
        self._run: _Run | None = None

    def prepare(self, operation: Operation) -> None:
        if operation not in {Operation.SHIFT, Operation.FLIP}:
            return
        self._stack.file.write_text(self._after)
        self._begin(lambda releases: releases.release(reason=_ACTOR, override=_AGAIN))
        if operation is Operation.FLIP and self.canary:
            # It stands staged; another driver gives it everything.
            self._over()
            self._begin(lambda releases: releases.switch(_ACTOR))

    def shift(self, weight: int) -> None:
        if not self._weights or weight != self._weights[0]:
            raise SwitchError(f"the first step of {self._service} gives {self._weights[:1]}%, not {weight}%")
        self._under_way().step("shift")

    def abort(self) -> None:
        self._back()

    def flip(self) -> None:
        self._under_way().step("promote")

    def rollback(self) -> None:
        if self._run is not None:
            self._back()
        elif self.status():
            with _Run(self._stack) as run:
                run.back()

    def status(self) -> int | None:
        with _Run(self._stack) as run:
            ledger = run.read().ledger
        if ledger is None:
            return None
        record = ledger.services[self._service]
        return 100 if record.slots[record.live].version == self._new else record.weight

    def close(self) -> None:
        self._over()
        self._stack.file.write_text(self._before)
        for name, text in self._environment.items():
            if text is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = text

    def _begin(self, verb: Callable[[Releases], Ended]) -> None:
        self._run = _Run(self._stack)
        self._run.begin(verb)

    def _under_way(self) -> _Run:
        if self._run is None:
            raise SwitchError(f"no release of {self._service} is under way")
        return self._run

    def _back(self) -> None:
        run, self._run = self._under_way(), None
        with run:
            run.fail()
        self._stack.file.write_text(self._before)

    def _over(self) -> None:
        if self._run is not None:
            self._run.close()
            self._run = None


class _Run:
    """A driver in a thread of its own."""

    def __init__(self, stack: Stack) -> None:
        self._timeout, self._open = stack.timeout, ExitStack()
        self._gate = _Gate(stack.folder, stack.name)
        told = self._gate.told({}, {})
        cluster = self._open.enter_context(KubernetesCluster(told.values, stack.folder))
        self._judge, self._clock, self._teller = _Judge(), _Clock(), _Teller()
        self._releases = Releases(Ports(self._gate, cluster, self._judge, _Nobody(), _Nothing(), self._clock, self._teller), _ACTOR)
        self._thread: threading.Thread | None = None
        self._ended: Ended | BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self) -> Reading:
        """What the last update left."""
        return self._gate.read()

    def begin(self, verb: Callable[[Releases], Ended]) -> None:
        """Drive, up to the first step that moves traffic."""

        def run() -> None:
            try:
                self._ended = verb(self._releases)
            except BaseException as error:  # noqa: BLE001 - whoever waits is told
                self._ended = error
            finally:
                self._gate.wake()

        self._thread = threading.Thread(target=run, name="tidegate-driver", daemon=True)
        self._thread.start()
        self._await(self._gate.reached, "its first step")

    def step(self, kind: str) -> None:
        """Let it take its steps, and wait until one of this kind is taken."""
        self._gate.go.set()
        self._await(self._gate.taken[kind], kind)

    def fail(self) -> None:
        """What it judges is bad: it takes it back."""
        self._gate.go.set()
        self._judge.fails = True
        self._clock.skip(_NEXT_LOOK)
        if self._thread is not None:
            self._thread.join(self._timeout)
        if isinstance(self._ended, BaseException) or self._ended is None or self._ended.code != ExitCode.ROLLED_BACK:
            raise SwitchError(f"what was judged as bad wasn't taken back: {self._how()}")

    def back(self) -> None:
        """Take back what nobody drives any more."""
        try:
            self._releases.rollback(_ACTOR)
        except TidegateError as error:
            raise SwitchError(f"it can't be taken back: {error}") from error

    def close(self) -> None:
        """End it, wherever it is."""
        self._gate.gone = True
        self._gate.go.set()
        self._clock.skip(timedelta())
        if self._thread is not None:
            self._thread.join(self._timeout)
        self._open.close()

    def _await(self, event: threading.Event, what: str) -> None:
        if not event.wait(self._timeout):
            raise SwitchError(f"the driver didn't come to {what} within {self._timeout:g} s: {self._teller.last}")
        if self._ended is not None:
            raise SwitchError(f"the driver ended before {what}: {self._how()}")

    def _how(self) -> str:
        return str(self._ended if isinstance(self._ended, BaseException) or self._ended is None else self._ended.text) or self._teller.last


class _Gate(PulumiStack):
    """A stack whose steps wait for a word."""

    def __init__(self, folder: Path, stack: str) -> None:
        super().__init__(folder, stack)
        self.reached, self.go = threading.Event(), threading.Event()
        self.taken = {kind: threading.Event() for kind in _STEPS}
        self.gone = False

    def update(self, told: Told, event: Event, line: Callable[[str], None], look: Callable[[], None] = lambda: None) -> None:
        if event.kind in _STEPS:
            self.reached.set()
            self.go.wait()
        if self.gone:
            raise CancelledError("the benchmark has ended")
        super().update(told, event, line, look)
        if event.kind in _STEPS:
            self.taken[event.kind].set()

    def wake(self) -> None:
        """Nobody waits for a driver that has ended."""
        for event in (self.reached, *self.taken.values()):
            event.set()


class _Judge:
    """Everything is as good as it gets, until it isn't."""

    fails = False

    def look(self, told: Told, reading: Reading, service: str, since: datetime, at: datetime) -> Look:
        measured = Measured("benchmark", "fail" if self.fails else "pass", "told so", critical=True)
        return Look(service, at.isoformat(), measured.verdict, 0 if self.fails else 100, (measured,))


class _Clock:
    """Time, which may be skipped up to the next look."""

    def __init__(self) -> None:
        self._skipped, self._woken = timedelta(), threading.Event()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._skipped

    def sleep(self, seconds: float) -> None:
        if self._woken.wait(seconds):
            self._woken.clear()

    def skip(self, time: timedelta) -> None:
        """Let so much time have passed."""
        self._skipped += time
        self._woken.set()


class _Nobody:
    """Nobody is asked."""

    def standing(self, *_: Any) -> Held:
        return Held(gate="approval", verdict="pass", text="nobody is asked")

    def unheard(self, *_: Any) -> str:
        return "nobody is asked"


class _Nothing:
    """Nobody wants reports of scanners."""

    def held(self, *_: Any) -> tuple[Held, ...]:
        return ()


class _Teller:
    """Remembers the last word."""

    last = ""

    def tell(self, happening: Happening) -> None:
        if happening.kind != "progress":
            self.last = happening.text

    def incident(self, happening: Happening) -> str | None:
        self.last = happening.text
        return None
