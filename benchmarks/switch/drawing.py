"""The runs as a drawing: a row a series, a column an operation; in each, the new version's share of the answers since the command.

Each repetition is thin, their mean bold. A dot is where a repetition's switch was over, the dashed line the goal, a red line a failure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.switch.analysis import failure, percentile
from benchmarks.switch.svg import Picture
from benchmarks.switch.switchers.switcher import CYCLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.switch.analysis import Figures, Move
    from benchmarks.switch.report import Series
    from benchmarks.switch.rounds import Round

WIDE, HIGH = 210.0, 110.0
"""A panel."""
LEFT, TOP = 50.0, 64.0
"""Where the first one lies."""
ACROSS, DOWN = 34.0, 74.0
"""What lies between two."""
LEGEND: Final = "thin: each repetition; bold: their mean; dots: when each was over; dashed: the goal; red: failed requests"
BINS: Final = 60
"""Into so many parts a panel's time is cut, each of which has a share."""

BLUE, GREEN, RED, GREY, PALE = "#1f5fa8", "#1b7f4b", "#c0262d", "#888888", "#f4f5f7"


@dataclass(frozen=True, slots=True)
class Panel:
    """Where an operation's picture lies, and how many seconds it is wide."""

    x: float
    y: float
    seconds: float

    def at(self, seconds: float, share: float) -> tuple[float, float]:
        """Where a moment and a share lie."""
        return self.x + WIDE * min(seconds / self.seconds, 1.0), self.y + HIGH * (1 - share)


def drawn(all_series: Sequence[Series]) -> str:
    """The SVG."""
    width = LEFT + len(CYCLE) * (WIDE + ACROSS)
    height = TOP + len(all_series) * (HIGH + DOWN)
    picture = Picture(width, height, "How fast traffic moves from one version to another")
    picture.text(LEFT, 20, "The new version's share of the answers, by seconds since the command", 14, weight="bold")
    picture.text(LEFT, 37, LEGEND, 10.5)
    for row, one in enumerate(all_series):
        y = TOP + row * (HIGH + DOWN)
        heading = f"{one.title}, {one.times}: {one.failed:,} of {one.requests:,} requests failed"
        picture.text(LEFT, y + 6, heading, 12, colour=RED if one.failed else "#333333", weight="bold")
        seconds = _seconds(one)
        for column, operation in enumerate(CYCLE):
            panel = Panel(LEFT + column * (WIDE + ACROSS), y + 28, seconds)
            shown = [
                (played, move, figures)
                for played, mine in zip(one.rounds, one.figures, strict=True)
                for move, figures in zip(played.moves, mine, strict=True)
                if move.operation is operation
            ]
            if shown:
                _frame(picture, panel, str(operation), one.subject.goal)
                _shares(picture, panel, one, [(played, move) for played, move, _ in shown])
                _ends(picture, panel, [figures for _, _, figures in shown])
    return picture.written()


def _seconds(one: Series) -> float:
    """How many seconds a panel has: all that matters, and the goal."""
    slowest = [figures.slowest for moves in one.figures for figures in moves if not math.isinf(figures.slowest)]
    most = max([*slowest, (one.subject.goal or 0) * 1.1, 0.1]) * 1.15
    step: float = 10.0 ** math.floor(math.log10(most))
    return next(step * times for times in (1, 1.5, 2, 3, 4, 5, 7.5, 10) if step * times >= most)


def _frame(picture: Picture, panel: Panel, name: str, goal: float | None) -> None:
    picture.rectangle(panel.x, panel.y, WIDE, HIGH, PALE)
    picture.text(panel.x, panel.y - 6, name, 11, weight="bold")
    for share in (0.0, 0.5, 1.0):
        x, y = panel.at(0, share)
        picture.text(x - 4, y + 4, f"{share:.0%}", 9, "end", GREY)
    for part in (0.0, 0.5, 1.0):
        x, y = panel.at(panel.seconds * part, 0)
        picture.text(x, y + 13, f"{panel.seconds * part:g} s" if part else "0", 9, "middle", GREY)
    if goal is not None:
        picture.line([panel.at(goal, 0), panel.at(goal, 1)], GREY, 1, "4 3")


def _shares(picture: Picture, panel: Panel, one: Series, shown: Sequence[tuple[Round, Move]]) -> None:
    """Each repetition's share, their mean, and what failed."""
    sums = [[0, 0] for _ in range(BINS)]
    for played, move in shown:
        mine = [[0, 0] for _ in range(BINS)]
        for answer in played.answers:
            place = math.floor((answer.done - move.asked) / panel.seconds * BINS)
            if not 0 <= place < BINS or answer.done >= move.until:
                continue
            if failure(answer, (one.subject.old, one.subject.new)):
                x, y = panel.at(answer.done - move.asked, 1)
                picture.line([(x, y), (x, y + HIGH)], RED, 1.5)
                continue
            for bins in (mine, sums):
                bins[place][0] += 1
                bins[place][1] += answer.version == one.subject.new
        picture.line(_points(panel, mine), BLUE, 0.6, opacity=0.4)
    picture.line(_points(panel, sums), BLUE, 2)


def _points(panel: Panel, bins: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
    """Where the line bends: most of it is flat, and needn't be written."""
    points = [panel.at((place + 0.5) / BINS * panel.seconds, new / count) for place, (count, new) in enumerate(bins) if count]
    flat = [before[1] == here[1] == after[1] for before, here, after in zip(points, points[1:], points[2:], strict=False)]
    return [point for point, dull in zip(points, [False, *flat, False], strict=False) if not dull]


def _ends(picture: Picture, panel: Panel, figures: Sequence[Figures]) -> None:
    """When each repetition was over, below the picture, and in words."""
    ends = [each.slowest for each in figures]
    for end in ends:
        if not math.isinf(end):
            x, y = panel.at(end, 0)
            picture.circle(x, y + 20, 2, GREEN)
    if never := sum(map(math.isinf, ends)):
        picture.text(panel.x + WIDE, panel.y - 6, f"{never} never over", 10, "end", RED)
        return
    said = f"p50 {percentile(ends, 0.5):.3f} s, p99 {percentile(ends, 0.99):.3f} s"
    picture.text(panel.x + WIDE, panel.y - 6, said, 10, "end")
