"""A stack of the program's on a cluster, and the driver's port to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.local.cluster_port.scene import Scene
from tests.local.program.stack import place
from tidegate.cluster.port import KubernetesCluster
from tidegate.model.comparing import Values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """State is stored with a passphrase, as everywhere."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No machine fails here, so nobody waits for its disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A cluster, an empty stack, and the port."""
    values = Values({"kubernetes:kubeconfig": "kubeconfig"})
    with place(tmp_path) as there, KubernetesCluster(values, tmp_path) as port:
        yield Scene(there, port)
