"""Which Pulumi engine carries out a command: the real `pulumi` CLI, or the embedded one.

The real CLI is taken where there is one, so that a machine that has it behaves as its owner knows it. `TIDEGATE_ENGINE` decides
otherwise. The choice follows from the environment alone, and changes nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["pulumi", "embedded"]

VARIABLE: Final = "TIDEGATE_ENGINE"

# A script of this size or less that speaks of tidegate would call us again; the real CLI is a binary of many megabytes.
_SCRIPT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine of choice. `executable` is the real CLI's path, and None for the embedded engine."""

    kind: Kind
    reason: str
    executable: Path | None = None


def choose(environment: Mapping[str, str]) -> Engine:
    """Say which engine to use in `environment`, and why."""
    wanted = environment.get(VARIABLE, "")
    if wanted == "embedded":
        return Engine("embedded", f"{VARIABLE} is 'embedded'")
    if wanted not in ("", "pulumi"):
        raise ConfigurationError(
            f"{VARIABLE} is '{wanted}'; allowed are 'pulumi' (the real CLI) and 'embedded'; unset it to take the CLI where there is one"
        )
    found = real_cli(environment.get("PATH", os.defpath))
    if wanted and found is None:
        raise ConfigurationError(
            f"{VARIABLE} is 'pulumi', but there is no pulumi CLI on PATH; install it, or use the embedded engine: {VARIABLE}=embedded"
        )
    if found is None:
        return Engine("embedded", "there is no pulumi CLI on PATH")
    return Engine("pulumi", f"{VARIABLE} is 'pulumi'" if wanted else "there is a pulumi CLI on PATH", found)


def real_cli(path: str) -> Path | None:
    """Find the real `pulumi` on `path`. Scripts that lead back to Tidegate are passed over: they would call us for ever."""
    for folder in path.split(os.pathsep):
        candidate = Path(folder or ".").absolute() / "pulumi"
        if candidate.is_file() and os.access(candidate, os.X_OK) and not _leads_back(candidate):
            return candidate
    return None


def _leads_back(candidate: Path) -> bool:
    try:
        with candidate.open("rb") as file:
            start = file.read(_SCRIPT_BYTES)
    except OSError:
        # Executable but not readable: no script could run like this, so it is a binary.
        return False
    return start.startswith(b"#!") and b"tidegate" in start
