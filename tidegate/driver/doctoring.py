"""What would keep a release from being driven here: everything is asked once, and what is wrong is said."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tidegate.driver import wellness
from tidegate.driver.results import Finding
from tidegate.driver.whereabouts import torn
from tidegate.model.base import seconds
from tidegate.model.errors import TidegateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tidegate.driver.ports import Ports
    from tidegate.model.told import Told
    from tidegate.planner.reading import Reading


def findings(ports: Ports) -> Iterator[Finding]:
    """One after the other; what others need comes first."""
    told: Told | None = None
    try:
        told = ports.stack.told({}, {})
        yield Finding("configuration", well=True, text=f"{told.origin} is right")
    except TidegateError as error:
        yield Finding("configuration", well=False, text=str(error))
    try:
        reading = ports.stack.read()
    except TidegateError as error:
        yield Finding("state", well=False, text=str(error))
        return
    if reading.ledger is None:
        yield Finding("state", well=True, text="it can be read; nothing was ever brought up")
        return
    left_open = torn(reading)
    text = f"an update failed while traffic of {', '.join(left_open)} moved: `tidegate resume` closes that"
    yield Finding("state", well=not left_open, text=text if left_open else "it can be read, and no update was left half done")
    yield _asked("history", lambda: _counted(len(ports.stack.past())))
    yield _asked("cluster", lambda: _health(ports, reading))
    yield _asked("traffic", lambda: _traffic(ports, reading))
    yield _asked("drift", lambda: _none(ports.cluster.drift(reading)))
    if told is not None:
        yield from _metrics(ports, told, reading)


class _UnwellError(TidegateError):
    """Something isn't well."""


def _asked(what: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(what, well=True, text=ask())
    except TidegateError as error:
        return Finding(what, well=False, text=str(error))


def _counted(updates: int) -> str:
    return "1 update" if updates == 1 else f"{updates} updates"


def _none(texts: object) -> str:
    found = list(map(str, texts)) if isinstance(texts, list | tuple) else []
    if found:
        raise _UnwellError("; ".join(found))
    return "none"


def _health(ports: Ports, reading: Reading) -> str:
    health, ledger = ports.cluster.health(reading), reading.ledger
    assert ledger is not None  # noqa: S101 - the caller has asked
    ills = [one for name, record in ledger.services.items() if (one := wellness.ill(ledger, health, name, record.live)) is not None]
    if ills:
        raise _UnwellError("; ".join(one.text for one in ills))
    return f"what is live of {len(ledger.services)} services is well"


def _traffic(ports: Ports, reading: Reading) -> str:
    traffic, ledger = ports.cluster.traffic(reading), reading.ledger
    assert ledger is not None  # noqa: S101 - the caller has asked
    wrong = [n for n, record in ledger.services.items() if (seen := traffic.get(n)) is not None and not seen.agrees(record)]
    if wrong:
        raise _UnwellError(f"users of {', '.join(wrong)} aren't where the ledger says")
    return "users are where the ledger says"


def _metrics(ports: Ports, told: Told, reading: Reading) -> Iterator[Finding]:
    """One look at what is live, of the first service that is measured."""
    for name, service in told.intent.services.items():
        if service.analysis is not None and reading.ledger is not None and name in reading.ledger.services:
            at = ports.clock.now()
            since = at - timedelta(seconds=seconds(service.analysis.window))
            yield _asked("metrics", partial(_look, ports, told, reading, name, since, at))
            return


def _look(ports: Ports, told: Told, reading: Reading, name: str, since: datetime, at: datetime) -> str:
    return ports.judge.look(told, reading, name, since, at).text
