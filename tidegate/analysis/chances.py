"""How likely counts are by chance alone: exact tests, for errors are few and far between.

Means, intervals and ranks see nothing where five of a thousand requests fail and none of the others: a normal approximation needs more
errors than anybody wants to see.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# A term that adds less than this to the sum adds nothing, nor does any after it.
_NOTHING: Final = 1e-15


def above(errors: int, requests: int, share: float) -> float:
    """How likely so many errors or more are where each request fails with the chance `share`: the binomial distribution's upper end.

    1 where there are no more than is to be expected.
    """
    if errors <= requests * share:
        return 1.0

    def log_chance(k: int) -> float:
        return _choose(requests, k) + k * math.log(share) + (requests - k) * math.log1p(-share)

    return _upper(errors, requests, log_chance)


def more(errors: int, requests: int, other_errors: int, other_requests: int) -> float:
    """How likely one side has so many of all the errors, or more, where both are equally good: Fisher's exact test, one-sided.

    1 where it has no more than its part.
    """
    both, of_both = errors + other_errors, requests + other_requests
    if not of_both or errors * of_both <= both * requests:
        return 1.0
    ways = _choose(of_both, both)
    return _upper(errors, min(both, requests), lambda k: _choose(requests, k) + _choose(other_requests, both - k) - ways)


def _upper(first: int, last: int, log_chance: Callable[[int], float]) -> float:
    """The sum of the chances from `first` on, which is past the likeliest, so that each is smaller than the one before it."""
    total = 0.0
    for k in range(first, last + 1):
        chance = math.exp(log_chance(k))
        total += chance
        if chance <= total * _NOTHING:
            break
    return min(total, 1.0)


def _choose(n: int, k: int) -> float:
    """The logarithm of the number of ways to choose k of n; none where there are too few."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) if 0 <= k <= n else -math.inf
