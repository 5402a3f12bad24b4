"""What the tests of pods' policies share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.node.errors import NodeError
from embedded.node.needs import tool
from tests.unit.policies.evaluator import kubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.policies.evaluator.kubernetes import Evaluator


@pytest.fixture(scope="session")
def evaluator() -> Iterator[Evaluator]:
    """Kubernetes' own evaluator, where it can be built."""
    if tool("go") is None:
        pytest.skip("no Go here to build Kubernetes' own evaluator with")
    try:
        program = kubernetes.built()
    except NodeError as error:
        pytest.skip(f"Kubernetes' own evaluator can't be built here: {error}")
    yield from kubernetes.running(program)


@pytest.fixture(scope="session")
def kubernetes_pods(evaluator: Evaluator) -> Path:
    """The folder of pods that Kubernetes tests its evaluator with."""
    del evaluator  # where that can be built, its module can be had
    return kubernetes.source() / "test" / "testdata"
