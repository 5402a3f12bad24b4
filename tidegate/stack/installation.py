"""Where `pulumi.automation` finds the engine: a folder with `bin/pulumi`, as `PulumiCommand(root=...)` takes it.

The real CLI mostly lives in such a folder already. For the embedded engine the folder is made in the user's cache, one for each pair of
interpreter and place of the package, so that several checkouts do not tread on each other.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import embedded
from tidegate.model.errors import ConfigurationError, TidegateError, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.stack.engine import Engine

_VERSION_TIMEOUT: Final = 30.0

# A program for sh and for Python at once: sh starts the interpreter on this very file, and Python sees a string there. A plain `#!` line
# breaks on an interpreter whose path is long or has spaces. The engine's place goes last on the path: it must hide no program's modules.
_EMBEDDED: Final = """\
#!/bin/sh
'''exec' {interpreter} "$0" "$@"
' '''
# Tidegate's embedded engine, as `pulumi`. Made by `tidegate engine`, which writes it anew when it is out of date.
import sys

if {place!r} not in sys.path:
    sys.path.append({place!r})

from embedded.engine.command.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""

_REAL: Final = """\
#!/bin/sh
exec {executable} "$@"
"""


def version(engine: Engine) -> str:
    """Say which release of Pulumi `engine` is, or behaves as."""
    if engine.executable is None:
        from embedded.engine import ENGINE_VERSION

        return ENGINE_VERSION
    try:
        done = subprocess.run(
            [engine.executable, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT,
            check=True,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"`{engine.executable} version` did not answer within {_VERSION_TIMEOUT:.0f} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        raise TidegateError(f"`{engine.executable} version` failed ({error}); mend it, or set TIDEGATE_ENGINE=embedded") from error
    return done.stdout.strip().removeprefix("v")


def root(engine: Engine, environment: Mapping[str, str]) -> Path:
    """Return the folder whose `bin/pulumi` is `engine`; makes it when there is none yet, or an outdated one."""
    if engine.executable is not None and engine.executable.parent.name == "bin":
        return engine.executable.parent.parent
    place = str(Path(embedded.__file__).parent.parent)
    if engine.executable is None:
        identity, script = f"{sys.executable}\0{place}", _EMBEDDED.format(interpreter=shlex.quote(sys.executable), place=place)
    else:
        identity, script = str(engine.executable), _REAL.format(executable=shlex.quote(str(engine.executable)))
    folder = _cache(environment) / "engine" / hashlib.sha256(os.fsencode(identity)).hexdigest()[:16]
    try:
        _install(folder / "bin" / "pulumi", os.fsencode(script))
    except OSError as error:
        raise ConfigurationError(f"can't write to {folder} ({error.strerror}); set XDG_CACHE_HOME to a folder that you own") from error
    return folder


def _cache(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CACHE_HOME", "")
    # The XDG rules: a relative path is to be ignored.
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "tidegate"


def _install(target: Path, script: bytes) -> None:
    """Write `script` so that whoever starts it meanwhile gets the former one or this one, never half of it."""
    if target.is_file() and target.read_bytes() == script and os.access(target, os.X_OK):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".pulumi-")
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(script)
        fresh.chmod(0o755)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
