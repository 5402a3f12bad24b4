"""`tidegate pulumi <anything>`: the arguments, streams, signals and exit code are the engine's own."""

from __future__ import annotations

import os
import sys

from tidegate.model.errors import TidegateError
from tidegate.stack.engine import choose


def pulumi(arguments: list[str]) -> int:
    """Hand `arguments` to the engine of choice. The real CLI takes this process's place; the embedded one runs within it."""
    try:
        engine = choose(os.environ)
    except TidegateError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - rich would take longer to import than the whole command takes
        return error.code
    if engine.executable is not None:
        os.execv(engine.executable, ["pulumi", *arguments])  # noqa: S606 - no shell is wanted
    from embedded.engine.command.main import main

    return main(arguments)
