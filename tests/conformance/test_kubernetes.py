"""The embedded engine and provider do what the real CLI and provider did on a real API server, on the local cluster.

Recordings 20 to 24 are of provider 4.34 on a real node; 25 to 27 are of a development build before it, on a real API server with simulated
pods. The first runs with every `make test`, the others with `make test-matrix`.

Where `TIDEGATE_TEST_KUBECONFIG` names a kubeconfig, they also do it on that cluster's API server: the scenarios that need no running pods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from embedded.cluster.cluster import Cluster
from tests.conformance.clusters import GIVEN, OURS, RATE, ours
from tests.conformance.comparer import differences
from tests.conformance.recorder import SCENARIOS, Recorder
from tests.conformance.test_recordings import LIKE_THE_REAL_ONE, RECORDINGS, cheaply

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = sorted(d.name for d in RECORDINGS.iterdir() if d.name >= "20")
USUAL: Final = "20-slots"
NEED_PODS: Final = ("20-slots", "24-never-ready", "27-workloads")
_INPUTS: Final = "kubernetes:apps/v1:Deployment::web outputs.__inputs.spec.template.spec.containers[0]"
# Where this provider does otherwise, and why. An entry that does not occur any more fails the test.
KNOWN: Final[dict[str, list[str]]] = {
    # After a refused update the state keeps the inputs that the object has, so that a preview shows what is still to be done.
    "26-refusals": [
        f'02.state.json: {_INPUTS}.image: "docker.io/local/app:1", not "docker.io/local/app:2"',
        f"04.state.json: {_INPUTS}.ports[0].containerPort: 8080, not 99999",
    ],
}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.matrix] if n > USUAL else []) for n in NAMES])
def test_agrees_with_the_real_provider(name: str, tmp_path: Path, repository: Path) -> None:
    """Steps, inputs, outputs, reasons of failure and error texts are those of the recording."""
    with Cluster(rate=RATE) as cluster:
        kubeconfig = tmp_path / "kubeconfig"
        cluster.kubeconfig_file(kubeconfig)
        environment = {**LIKE_THE_REAL_ONE, **ours(repository, kubeconfig), "PYTHONPATH": cheaply(repository)}
        Recorder(SCENARIOS / name, tmp_path, list(OURS), environment).run()
    assert differences(RECORDINGS / name, tmp_path / name) == KNOWN.get(name, [])


@pytest.mark.timeout(400)
@pytest.mark.skipif(GIVEN is None, reason="TIDEGATE_TEST_KUBECONFIG is not set: the provider is not tested against a real API server")
@pytest.mark.parametrize("name", [n for n in NAMES if n not in NEED_PODS])
def test_agrees_on_a_real_api_server(name: str, tmp_path: Path, repository: Path) -> None:
    """The embedded provider does the same on a real API server."""
    Recorder(SCENARIOS / name, tmp_path, list(OURS), {**LIKE_THE_REAL_ONE, **ours(repository, str(GIVEN))}).run()
    assert differences(RECORDINGS / name, tmp_path / name) == KNOWN.get(name, [])
