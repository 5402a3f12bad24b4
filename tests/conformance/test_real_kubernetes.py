"""The real CLI with the real Kubernetes provider, where they are installed: on the local cluster, and in turns with the embedded ones.

Left out, and said so, where there is no real `pulumi`, or no `pulumi-resource-kubernetes` on PATH.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

from embedded.cluster.cluster import Cluster
from tests.conformance.clusters import GIVEN, OURS, PLUGIN, REAL, REAL_RATE, installed, ours, real
from tests.conformance.comparer import differences
from tests.conformance.recorder import SCENARIOS, Recorder
from tests.conformance.test_kubernetes import NAMES, NEED_PODS
from tests.conformance.test_recordings import RECORDINGS
from tests.conformance.turns import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Programs, and the values of STEP that make them change.
PROGRAMS: Final = {
    "20-slots": ("1", "3", "4"),
    "21-names-and-replaces": ("1", "4"),
    "23-custom-and-yaml": ("1", "2"),
    "25-provider-and-patches": ("1", "6"),
    "27-workloads": ("1", "2"),
}

pytestmark = [
    pytest.mark.skipif(REAL is None, reason="no real `pulumi` on PATH: the local cluster is not tested with it"),
    pytest.mark.skipif(shutil.which(PLUGIN) is None, reason=f"no `{PLUGIN}` on PATH: the local cluster is not tested with it"),
    pytest.mark.slow,
    pytest.mark.timeout(400),
]


@pytest.fixture(params=["local", "given"])
def kubeconfig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The local cluster's kubeconfig, then that of the given cluster."""
    if request.param == "given":
        if GIVEN is None:
            pytest.skip("TIDEGATE_TEST_KUBECONFIG is not set: taking turns is not tested on a real API server")
        if request.getfixturevalue("name") in NEED_PODS:
            pytest.skip("needs pods that run: only the local cluster has them for sure")
        yield str(GIVEN)
        return
    with Cluster(rate=REAL_RATE) as cluster:
        cluster.kubeconfig_file(tmp_path / "kubeconfig")
        yield str(tmp_path / "kubeconfig")


@pytest.mark.parametrize("name", NAMES)
def test_the_real_provider_finds_a_real_cluster(name: str, tmp_path: Path, repository: Path) -> None:
    """On the local cluster the real CLI and provider do what they did on a real API server."""
    with Cluster(rate=REAL_RATE) as cluster:
        cluster.kubeconfig_file(tmp_path / "kubeconfig")
        environment = ours(repository, tmp_path / "kubeconfig")
        Recorder(SCENARIOS / name, tmp_path, [str(REAL)], environment, installed(tmp_path / "plugins")).run()
    assert differences(RECORDINGS / name, tmp_path / name) == []


@pytest.mark.parametrize("first", ["ours", "real"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_takes_turns_with_the_real_provider(name: str, first: str, kubeconfig: str, tmp_path: Path, repository: Path) -> None:
    """What one engine and provider made, the others find unchanged, refresh without a change, change further, and destroy."""
    program = Program(name, tmp_path, {})
    engines = [(OURS, ours(repository, kubeconfig)), ((str(REAL),), real(repository, kubeconfig))]
    if first == "real":
        engines.reverse()

    def call(turn: int, step: str, *args: str) -> str:
        command, environment = engines[turn % 2]
        return program.run(command, step, args, environment).stdout

    call(0, "0", "stack", "init", "dev")
    for turn, step in enumerate(PROGRAMS[name]):
        call(turn, step, "up", "--yes", "--skip-preview")
        call(turn + 1, step, "preview", "--expect-no-changes")
        call(turn + 1, step, "refresh", "--yes", "--skip-preview")
        call(turn, step, "preview", "--expect-no-changes")
        assert len({call(t, step, "stack", "output", "--json", "--show-secrets") for t in (0, 1)}) == 1
    call(len(PROGRAMS[name]), "0", "destroy", "--yes", "--skip-preview")
    call(0, "0", "stack", "rm", "--yes")
