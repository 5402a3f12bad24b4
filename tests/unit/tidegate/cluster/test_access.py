"""The way to the cluster, where there is none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

import pytest

from tidegate.cluster.access import Access
from tidegate.cluster.api import PODS
from tidegate.model.errors import ConfigurationError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.cluster.api import Api

NOWHERE = """
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: here, context: {cluster: c, user: u}}, {name: there, context: {cluster: other, user: u}}]
"""


async def pods(api: Api) -> object:
    """Any request."""
    return await api.all(PODS, "shop")


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "no Kubernetes cluster is configured"),
        ({"kubernetes:kubeconfig": "missing.yaml"}, "there is no kubeconfig file missing.yaml"),
        ({"kubernetes:kubeconfig": "config.yaml", "kubernetes:context": "nowhere"}, "no context named 'nowhere'"),
        ({"kubernetes:kubeconfig": NOWHERE, "kubernetes:context": "there"}, "no cluster named 'other'"),
    ],
)
def test_no_way_is_a_matter_of_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, texts: dict[str, str], said: str) -> None:
    """What the provider's settings lead to is what is taken; a file is looked for in the project's folder."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    (tmp_path / "config.yaml").write_text(NOWHERE)
    access = Access(texts, tmp_path)
    try:
        with pytest.raises(ConfigurationError, match=said):
            access.run(pods)
    finally:
        access.close()


def test_nobody_there_is_unreachable(tmp_path: Path) -> None:
    """Nor is anybody waited for longer than it is said."""
    (tmp_path / "config.yaml").write_text(NOWHERE)
    access = Access({"kubernetes:kubeconfig": "config.yaml"}, tmp_path)

    async def never(_: Api) -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    try:
        with pytest.raises(UnreachableError, match=r"within 0\.05 s"):
            access.run(pods, 0.05)
        with pytest.raises(UnreachableError, match=r"within 0\.01 s"):
            access.run(never, 0.01)
    finally:
        access.close()
        access.close()
