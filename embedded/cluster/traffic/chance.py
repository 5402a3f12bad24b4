"""How many of many: draws for whole groups of requests at once, so that a thousand requests cost no more than ten."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

# Prometheus clients' default buckets, in seconds.
BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
# The spread of answers' times around their median: the slowest in a hundred take three times as long.
SPREAD: Final = 0.5
# From this many expected hits on, the bell curve is as good as counting.
_MANY: Final = 30.0
_NORMAL: Final = NormalDist()


def binomial(random: Random, number: int, chance: float) -> int:
    """How many of so many come out, each with this chance."""
    if number <= 0 or chance <= 0.0:
        return 0
    if chance >= 1.0:
        return number
    if chance > 0.5:  # noqa: PLR2004 - the rarer side is the cheaper to count
        return number - binomial(random, number, 1.0 - chance)
    mean = number * chance
    if mean >= _MANY:
        drawn = round(random.gauss(mean, math.sqrt(mean * (1.0 - chance))))
        return min(max(drawn, 0), number)
    odds = chance / (1.0 - chance)
    left, probability = random.random(), (1.0 - chance) ** number
    hits = 0
    while left > probability and hits < number:
        left -= probability
        hits += 1
        probability *= odds * (number - hits + 1) / hits
    return hits


def multinomial(random: Random, number: int, weights: Sequence[float]) -> list[int]:
    """How many go to each, by weight. Weights that are all zero take nothing."""
    remaining, last = math.fsum(weights), max((i for i, weight in enumerate(weights) if weight > 0), default=-1)
    result = []
    for i, weight in enumerate(weights):
        if weight <= 0:
            taken = 0
        elif i == last:
            taken = number
        else:
            taken = binomial(random, number, weight / remaining if weight < remaining else 1.0)
        result.append(taken)
        number -= taken
        remaining -= weight
    return result


@dataclass(frozen=True, slots=True)
class Profile:
    """How answers' times fall into the buckets: the chance of each, and the mean of those that do."""

    chances: tuple[float, ...]
    means: tuple[float, ...]


@lru_cache(maxsize=1024)
def profile(median: float) -> Profile:
    """The log-normal profile of a median."""
    centre, mean = math.log(max(median, 1e-6)), max(median, 1e-6) * math.exp(SPREAD * SPREAD / 2)
    edges = [-math.inf, *((math.log(bound) - centre) / SPREAD for bound in BOUNDS)]
    below = [_NORMAL.cdf(edge) for edge in edges]
    weighted = [_NORMAL.cdf(edge - SPREAD) for edge in edges]
    chances = tuple(high - low for low, high in pairwise(below))
    means = tuple(
        mean * (high - low) / chance if chance > 0 else 0.0 for (low, high), chance in zip(pairwise(weighted), chances, strict=True)
    )
    return Profile(chances, means)
