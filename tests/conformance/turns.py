"""A scenario's program with a backend of its own, that engines run in turns."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from tests.conformance.recorder import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SECONDS: Final = 120


class Program:
    """A copy of a scenario's program in `folder`."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._program, backend = folder / "program", folder / "backend"
        backend.mkdir()
        shutil.copytree(SCENARIOS / name, self._program)
        shutil.copy(SCENARIOS / "toy.py", self._program)
        (self._program / "Pulumi.yaml").write_text("name: scenario\nruntime: python\n")
        self._environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{backend}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "password",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            **environment,
        }

    def run(
        self, command: Sequence[str], step: str, args: Sequence[str], more: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """What the command did, which must be a success."""
        done = subprocess.run(
            [*command, *args, "--non-interactive"],
            cwd=self._program,
            env={**self._environment, "STEP": step, **(more or {})},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, (command, args, done.stdout, done.stderr)
        return done
