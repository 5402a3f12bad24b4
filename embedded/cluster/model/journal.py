"""What happened in the cluster, in order, as JSON lines: the same seed and the same requests give the same bytes.

So nothing goes in that hangs on real time, on ports, or on the order of unrelated requests, such as resource versions.
"""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from embedded.cluster.model.clock import Clock

# How many lines are kept: a day of a busy cluster, some tens of megabytes.
KEPT: Final = 200_000


class Journal:
    """The cluster's event log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lines: deque[str] = deque(maxlen=KEPT)

    def write(self, kind: str, **fields: Any) -> None:
        """Note what happened just now."""
        entry = {"t": round(self._clock.elapsed(), 3), "kind": kind, **fields}
        self._lines.append(json.dumps(entry, separators=(",", ":"), sort_keys=False))

    def lines(self) -> list[str]:
        """All of it, oldest first."""
        return list(self._lines)
