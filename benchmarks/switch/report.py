"""What the rounds of a run come to: figures of each series beside their goals, as a table and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.switch.analysis import failure, measured, spread
from benchmarks.switch.switchers.switcher import CYCLE, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.switch.analysis import Figures, Spread
    from benchmarks.switch.rounds import Round, Subject, Way

BEHIND: Final = 0.02
"""Seconds that the load generator may lose, for the 99th of 100, before its figures say more of it than of what it measures."""


@dataclass(frozen=True, slots=True)
class Series:
    """One switcher under one kind of load, so many rounds."""

    subject: Subject
    way: Way
    rounds: tuple[Round, ...]
    figures: tuple[tuple[Figures, ...], ...]
    """A round's moves each."""
    requests: int
    failures: dict[str, int]
    """By reason, over all rounds, from the first request to the last."""
    latency: Spread | None
    late: Spread | None
    """What the load generator lost."""

    @property
    def title(self) -> str:
        """What it is, in a line."""
        kept = "keep-alive" if self.way.connections == "keep-alive" else "a new connection each"
        return f"{self.subject.name}, {self.way.rate:g} requests/s, {kept}"

    @property
    def times(self) -> str:
        """How often it was done."""
        return "once" if len(self.rounds) == 1 else f"{len(self.rounds)} times"

    @property
    def failed(self) -> int:
        """How many requests failed."""
        return sum(self.failures.values())

    def of(self, operation: Operation) -> list[Figures]:
        """An operation's figures, a round each."""
        return [figures for moves in self.figures for figures in moves if figures.operation is operation]


def series(subject: Subject, way: Way, rounds: Sequence[Round]) -> Series:
    """What rounds come to."""
    versions = (subject.old, subject.new)
    answers = [answer for one in rounds for answer in one.answers]
    return Series(
        subject=subject,
        way=way,
        rounds=tuple(rounds),
        figures=tuple(tuple(measured(r.answers, m, subject.old, subject.new, way.quiet / 2) for m in r.moves) for r in rounds),
        requests=len(answers),
        failures=dict(Counter(why for answer in answers if (why := failure(answer, versions)))),
        latency=spread(answer.latency for answer in answers),
        late=spread(answer.late for answer in answers),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: how a figure is spread over the rounds, in seconds."""

    name: str
    spread: Spread
    goal: float | None
    """What the 99th of 100 may be."""

    @property
    def met(self) -> bool:
        """Whether it is as wanted."""
        return self.goal is None or self.spread.p99 <= self.goal


def rows(one: Series) -> list[Row]:
    """The lines of a series."""
    made: list[Row] = []
    for operation in CYCLE:
        done = one.of(operation)
        leaving, arriving = ("old", "new") if operation is Operation.FLIP else ("new", "old")
        times: list[tuple[str, list[float | None], float | None]] = [("the command itself", [f.command for f in done], None)]
        if operation is Operation.SHIFT:
            times += [
                ("first answer of the new", [f.first for f in done], None),
                (f"to {one.way.weight}% of the new", [f.shifted for f in done], one.subject.goal),
            ]
        else:
            times += [
                (f"first answer of the {arriving}", [f.first for f in done], None),
                (f"to 0% of the {leaving}", [f.zero for f in done], one.subject.goal),
                (f"to 100% of the {arriving}", [f.full for f in done], one.subject.goal),
            ]
        made += [Row(f"{operation}: {name}", found, goal) for name, values, goal in times if (found := spread(values))]
    return made


def shortcomings(one: Series) -> list[str]:
    """What isn't as it was wanted, in words; nothing if all is."""
    found = [f"{row.name}: p99 is {shown(row.spread.p99)} s, the goal {row.goal:g} s" for row in rows(one) if not row.met]
    if one.failed:
        reasons = ", ".join(f"{why}: {count}" for why, count in sorted(one.failures.items()))
        found.append(f"{one.failed:,} of {one.requests:,} requests failed ({reasons}), the goal is 0")
    found += [f"round {number}, {figures.operation}: {figures.error}" for number, figures in _numbered(one) if figures.error]
    if one.late and one.late.p99 > BEHIND:
        found.append(
            f"the load generator itself was {shown(one.late.p99)} s behind (p99): the machine is too busy, and latencies say so, too; "
            "take a lower rate"
        )
    return found


def _numbered(one: Series) -> Iterable[tuple[int, Figures]]:
    return ((number, figures) for number, moves in enumerate(one.figures, 1) for figures in moves)


def shown(seconds: float) -> str:
    """Seconds as the table has them."""
    return "never" if math.isinf(seconds) else f"{seconds:.3f}"


def table(all_series: Sequence[Series]) -> str:
    """All figures, beside their goals."""
    lines: list[str] = []
    for one in all_series:
        lines += [
            "",
            f"{one.title}: {one.times}",
            f"  {'seconds':36} {'p50':>8} {'p90':>8} {'p99':>8} {'max':>8}  goal of p99",
        ]
        lines += [_line(row.name, row.spread, row.goal) for row in rows(one)]
        lines += [
            _line(name, found, None) for name, found in (("latency", one.latency), ("the load generator's own delay", one.late)) if found
        ]
        lines.append(f"  failed requests: {one.failed:,} of {one.requests:,} (goal 0)")
        lines += [f"  ! {text}" for text in shortcomings(one)]
    return "\n".join([*lines, *_beside(all_series)]).lstrip("\n")


def _beside(all_series: Sequence[Series]) -> list[str]:
    """When switches were over, switchers side by side, where there is more than one."""
    names = list(dict.fromkeys(one.subject.name for one in all_series))
    if len(names) < 2:
        return []
    lines = ["", "side by side: seconds until a switch was over, p50 / p99; failed requests"]
    width = max(20, *(len(name) + 2 for name in names))
    for way in dict.fromkeys(one.way for one in all_series):
        lines += ["", f"  {f'{way.rate:g} requests/s, {way.connections}':32}" + "".join(f"{name:>{width}}" for name in names)]
        found = {one.subject.name: one for one in all_series if one.way == way}
        for operation in CYCLE:
            ends = [spread(figures.slowest for figures in found[name].of(operation)) for name in names]
            cells = [f"{shown(end.p50)} / {shown(end.p99)}" if end else "-" for end in ends]
            lines.append(f"  {operation:32}" + "".join(f"{cell:>{width}}" for cell in cells))
        lines.append(f"  {'failed':32}" + "".join(f"{found[name].failed:>{width},}" for name in names))
    return lines


def _line(name: str, found: Spread, goal: float | None) -> str:
    figures = " ".join(f"{shown(value):>8}" for value in (found.p50, found.p90, found.p99, found.most))
    beside = "" if goal is None else f"  {goal:g} {'met' if found.p99 <= goal else 'missed'}"
    return f"  {name:36} {figures}{beside}"


def as_json(all_series: Sequence[Series]) -> list[dict[str, Any]]:
    """All figures; what never happened is null."""
    return [
        {
            "switcher": one.subject.name,
            "url": one.subject.url,
            "goal": one.subject.goal,
            **asdict(one.way),
            "requests": one.requests,
            "failures": one.failures,
            "latency": _finite(one.latency),
            "late": _finite(one.late),
            "spreads": {row.name: _finite(row.spread) for row in rows(one)},
            "shortcomings": shortcomings(one),
            "rounds": [[asdict(figures) for figures in moves] for moves in one.figures],
        }
        for one in all_series
    ]


def _finite(found: Spread | None) -> dict[str, float | None]:
    return {key: None if math.isinf(value) else value for key, value in asdict(found).items()} if found else {}
