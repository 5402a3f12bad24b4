"""Traffic by any commands: so another release tool stands beside ours in the same run.

A command is words as a shell would split them, without a shell. These are put into them: `{weight}` and `{rest}`, the new version's and the
old one's percent; `{old}` and `{new}`, the versions. Other braces stay as they are, so JSON can be written plainly.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Final

from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Final = "status"
NAMES: Final = (*CYCLE, STATUS)


class Commands:
    """A command for each operation that the tool has; `status` prints the new version's percent first, or nothing."""

    def __init__(self, commands: Mapping[str, str], old: str, new: str, timeout: float = 120.0) -> None:
        self.operations: frozenset[Operation] = frozenset(operation for operation in CYCLE if commands.get(operation))
        if missing := {Operation.FLIP, Operation.ROLLBACK} - self.operations:
            raise SwitchError(f"there is no command for {' and '.join(sorted(missing))}; give one: {min(missing)}='COMMAND'")
        self._commands = dict(commands)
        self._said = {"old": old, "new": new}
        self._timeout = timeout

    def prepare(self, operation: Operation) -> None:
        pass

    def shift(self, weight: int) -> None:
        self._run(Operation.SHIFT, weight)

    def abort(self) -> None:
        self._run(Operation.ABORT, 0)

    def flip(self) -> None:
        self._run(Operation.FLIP, 100)

    def rollback(self) -> None:
        self._run(Operation.ROLLBACK, 0)

    def status(self) -> int | None:
        if not self._commands.get(STATUS):
            return None
        number = re.search(r"\d+", self._run(STATUS, 0))
        return int(number[0]) if number else None

    def close(self) -> None:
        pass

    def _run(self, name: str, weight: int) -> str:
        words = filled(self._commands.get(name, ""), self._said | {"weight": str(weight), "rest": str(100 - weight)})
        if not words:
            raise SwitchError(f"there is no command for {name}")
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=self._timeout, check=False, stdin=subprocess.DEVNULL, errors="replace"
            )
        except OSError as error:
            raise SwitchError(f"{name}: {words[0]}: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise SwitchError(f"{name}: `{shlex.join(words)}` took longer than {self._timeout:g} s") from None
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise SwitchError(f"{name}: `{shlex.join(words)}` ended with {done.returncode}" + "".join(f": {line}" for line in last))
        return done.stdout


def filled(command: str, said: Mapping[str, str]) -> list[str]:
    """A command's words, with what is known put into them."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SwitchError(f"`{command}` can't be split into words: {error}") from None
    known = re.compile(r"\{(" + "|".join(map(re.escape, said)) + r")\}")
    return [known.sub(lambda found: said[found[1]], word) for word in words]
