"""What is recorded of a request, and how it goes from the load generator to who reads it: a line of JSON each."""

from __future__ import annotations

import json
import sys
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A request and what became of it. Times are seconds of the monotonic clock, which is the same in all processes."""

    due: float
    """When it was to be sent. Latency counts from here, or a system that stalls would look fast: nobody asks while it does."""
    begun: float
    """When the load generator got to it."""
    done: float
    status: int
    """0: there was no answer."""
    version: str
    """Who answered: the header X-Version, else `version` of a JSON body."""
    error: str
    """Why there was no whole answer."""

    @property
    def latency(self) -> float:
        """Seconds from when it was due to its answer or its failure."""
        return self.done - self.due

    @property
    def late(self) -> float:
        """Seconds that the load generator itself lost."""
        return self.begun - self.due


def written(answer: Answer) -> bytes:
    """A line."""
    due, begun, done, *said = astuple(answer)
    return json.dumps([round(due, 6), round(begun, 6), round(done, 6), *said], separators=(",", ":")).encode() + b"\n"


def read(line: bytes) -> Answer:
    """What a line says."""
    due, begun, done, status, version, error = json.loads(line)
    return Answer(due, begun, done, status, sys.intern(version), sys.intern(error))
