"""A load generator at work, as who measures sees it: answers as they come, and conditions that can be awaited."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Self

from benchmarks.switch.answers import read
from benchmarks.switch.load import arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from benchmarks.switch.answers import Answer
    from benchmarks.switch.load import Load

OFTEN: Final = 0.05
"""Seconds between looks at the answers: more would disturb what is measured."""
STARTING: Final = 30.0
"""Seconds that a busy machine may take to start it."""

ROOT: Final = Path(__file__).resolve().parent.parent.parent


class LoadEndedError(RuntimeError):
    """The load generator stopped before it was told to."""


class Recording:
    """A load generator in a process of its own, from entering to leaving; inside, there is an answer already."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.answers: list[Answer] = []
        """All so far, in the order in which they came."""
        self._begun, self._ended = threading.Event(), threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.switch.load", *arguments(self.load)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()
        self._begun.wait(self.load.timeout + STARTING)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        if process.stdin is not None:
            process.stdin.close()  # it stops asking, waits for what is under way, and ends
        try:
            process.wait(self.load.timeout + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()
        if process.returncode and error is None:
            raise LoadEndedError(f"the load generator ended with {process.returncode}; what it said is above")

    def _read(self, lines: IO[bytes]) -> None:
        with lines:
            for line in lines:
                self.answers.append(read(line))
                self._begun.set()
        self._ended.set()
        self._begun.set()

    def last(self, seconds: float, now: float) -> list[Answer]:
        """The answers of the last so many seconds, the latest first."""
        return list(itertools.takewhile(lambda answer: answer.done >= now - seconds, reversed(self.answers)))

    def wait(self, condition: Callable[[Sequence[Answer]], bool], seconds: float, patience: float) -> bool:
        """Wait until the answers of the last so many seconds, all of which lie after the call, are as wanted; whether they were in time."""
        begun = time.monotonic()
        while (now := time.monotonic()) < begun + patience + seconds:
            if now >= begun + seconds and condition(self.last(seconds, now)):
                return True
            if self._ended.wait(OFTEN):
                raise LoadEndedError("the load generator stopped before the round was over: its time or its count had run out")
        return False
