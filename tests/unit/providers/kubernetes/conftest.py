"""A provider on a stand-in for an API server, with no pauses between tries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import stamina

from embedded.providers.kubernetes import cluster, making
from embedded.providers.kubernetes.provider import KubernetesProvider
from tests.unit.providers.kubernetes.fakeapi import FakeApi

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    import httpx

    from embedded.engine.model.events import Severity

T = TypeVar("T")
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:kubernetes::default"
KUBECONFIG = """\
current-context: main
clusters: [{name: c, cluster: {server: https://api.test}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: main, context: {cluster: c, user: u}}]
"""


@dataclass
class Rig:
    """A provider, its API server, and what it said."""

    api: FakeApi
    provider: KubernetesProvider
    said: list[tuple[str, str]] = field(default_factory=list)

    def run(self, work: Coroutine[Any, Any, T], **config: Any) -> T:
        """Do something with the configured provider."""

        async def main() -> T:
            await self.provider.configure(PROVIDER, "id", {"kubeconfig": KUBECONFIG, **config})
            try:
                return await work
            finally:
                await self.provider.close()

        return asyncio.run(main())


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(making, "_PAUSES", (0, 0, 0, 0, 0))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    stamina.set_testing(True, attempts=7, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture
def api() -> FakeApi:
    """The API server, with the namespace `shop`."""
    found = FakeApi()
    for name in ("shop", "default"):
        found.add(f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return found


@pytest.fixture
def rig(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The provider on it."""

    async def connect(*_: Any) -> httpx.AsyncClient:
        return api.client()

    monkeypatch.setattr(cluster, "connect", connect)
    said: list[tuple[str, str]] = []

    def log(severity: Severity, message: str, *, urn: str = "", stream_id: int = 0, ephemeral: bool = False) -> None:
        del urn, stream_id, ephemeral
        said.append((severity, message))

    return Rig(api, KubernetesProvider(log), said)
