"""A running cluster, and the clients that talk to it: kubectl, lightkube, and plain HTTP."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from embedded.cluster.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMEOUT = 60


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster in real time, over plain HTTP."""
    with Cluster() as running:
        yield running


@pytest.fixture
def http(cluster: Cluster) -> Iterator[httpx.Client]:
    """Plain HTTP."""
    with httpx.Client(base_url=cluster.url, timeout=_TIMEOUT) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with the cluster's kubeconfig."""

    command: str
    kubeconfig: Path
    home: Path

    def run(self, *arguments: str, given: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        """Run it, whatever comes of it."""
        own = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.home), "PATH": "/usr/bin:/bin", **env}
        return subprocess.run(
            [self.command, *arguments], input=given, env=own, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )

    def __call__(self, *arguments: str, given: str = "", **env: str) -> str:
        """What it prints; it has to succeed."""
        done = self.run(*arguments, given=given, **env)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr or done.stdout}"
        return done.stdout

    def fails(self, *arguments: str, given: str = "", **env: str) -> str:
        """What it prints to stderr; it has to fail."""
        done = self.run(*arguments, given=given, **env)
        assert done.returncode != 0, f"kubectl {' '.join(arguments)} worked: {done.stdout}"
        return done.stderr


def _kubectls() -> list[str]:
    """The one that comes with the tests' dependencies, and the one of this machine, which may be older or newer."""
    found = [shutil.which("kubectl", path=str(Path(sys.executable).parent)), shutil.which("kubectl", path="/usr/local/bin:/usr/bin")]
    return [path for path in found if path]


def _with(command: str, cluster: Cluster, folder: Path) -> Kubectl:
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(cluster.kubeconfig))
    return Kubectl(command, kubeconfig, folder)


@pytest.fixture
def kubectl(cluster: Cluster, tmp_path: Path) -> Kubectl:
    """kubectl, against the cluster."""
    found = _kubectls()
    if not found:
        pytest.skip("there is no kubectl")
    return _with(found[0], cluster, tmp_path)


def _each() -> list[Any]:
    """The first with every `make test`, another with `make test-matrix`."""
    names = [(path, "pinned" if path.startswith(sys.prefix) else "this-machine") for path in _kubectls()]
    return [pytest.param(path, id=name, marks=pytest.mark.matrix if number else ()) for number, (path, name) in enumerate(names)]


@pytest.fixture(params=_each())
def each_kubectl(request: pytest.FixtureRequest, cluster: Cluster, tmp_path: Path) -> Kubectl:
    """Each kubectl that there is, against the cluster."""
    return _with(request.param, cluster, tmp_path)
