"""`tidegate release` and the other verbs as they are typed, on a place's stack."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.node.program import Place

_LONGEST: Final = 240


def verb(there: Place, *arguments: str, code: int = 0) -> Any:
    """Run a verb to its end, which must be this one; its JSON."""
    command = _command(arguments)
    done = subprocess.run(
        [*command, "--json"],
        cwd=there.stack.folder,
        env=there.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


@contextmanager
def running(there: Place, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A verb that goes on meanwhile; afterwards it is gone."""
    log = there.stack.folder / "told"
    with (
        log.open("w") as told,
        subprocess.Popen(
            _command(arguments),
            cwd=there.stack.folder,
            env=there.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
            text=True,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def said(there: Place) -> str:
    """What the verb has told so far that goes on, or did last."""
    return (there.stack.folder / "told").read_text()


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "tidegate.cli.main", *arguments, "--stack", "dev"]
