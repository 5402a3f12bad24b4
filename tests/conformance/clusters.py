"""What the tests of this folder run Kubernetes programs with: an engine's command, its PATH, and a cluster to talk to."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Final

OURS: Final = (sys.executable, "-m", "embedded.engine.command")
PLUGIN: Final = "pulumi-resource-kubernetes"
REAL: Final = shutil.which("pulumi")
# A real API server to test against, when somebody gives one. The tests make and delete namespaces and a CRD of their own there.
GIVEN: Final = os.environ.get("TIDEGATE_TEST_KUBECONFIG")
# Time in the local cluster runs this much faster than ours, so that nobody waits for pods.
RATE: Final = 20.0
# The real provider misses what happens faster than it can look.
REAL_RATE: Final = 2.0


def path(*, plugin: bool) -> str:
    """A PATH with this environment's kubectl first; with or without the folders where the real provider is, which would be preferred."""
    folders = [str(Path(sys.executable).parent), *os.get_exec_path()]
    return os.pathsep.join(f for f in folders if plugin or not (Path(f) / PLUGIN).exists())


def ours(repository: Path, kubeconfig: Path | str) -> dict[str, str]:
    """The environment in which the embedded engine uses the embedded provider."""
    return {"PYTHONPATH": str(repository), "PATH": path(plugin=False), "KUBECONFIG": str(kubeconfig)}


def installed(folder: Path) -> Path:
    """The real provider in a folder of plugins, from where the real CLI takes it without a word; from PATH it does with a warning."""
    place = folder / f"resource-kubernetes-v{version('pulumi-kubernetes')}"
    place.mkdir(parents=True)
    (place / PLUGIN).symlink_to(str(shutil.which(PLUGIN)))
    return folder


def real(repository: Path, kubeconfig: Path | str) -> dict[str, str]:
    """The environment in which the real CLI uses the real provider."""
    return {**ours(repository, kubeconfig), "PATH": path(plugin=True)}
