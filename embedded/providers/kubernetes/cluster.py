"""The cluster that a provider is configured for: found in a kubeconfig at once, connected to when it is first needed.

A kubeconfig that can't be used is no error before something must be sent: programs are previewed, and YAML is decoded, without a cluster.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from embedded.providers.kubernetes import kubeconfig
from embedded.providers.kubernetes.client import Client
from embedded.providers.kubernetes.connection import connect
from embedded.providers.kubernetes.discovery import Discovery
from embedded.providers.kubernetes.kubeconfig import KubeconfigError

if TYPE_CHECKING:
    from embedded.providers.kubernetes.kubeconfig import Target
    from embedded.providers.kubernetes.settings import Settings

USER_AGENT: Final = "embedded-pulumi-kubernetes"
_NONE: Final = (
    "no Kubernetes cluster is configured: set `kubernetes:kubeconfig` (content or path), $KUBECONFIG, or have a ~/.kube/config; "
    "`tidegate local up` starts a cluster on this machine"
)


class Cluster:
    """A cluster, as far as it is known. `agent` is how its users are called, in the API server's log."""

    def __init__(self, settings: Settings, agent: str = USER_AGENT) -> None:
        self._settings, self._agent = settings, agent
        self._target: Target | None = None
        self._problem: KubeconfigError | None = None
        try:
            self._target = _found(settings)
        except KubeconfigError as error:
            self._problem = error
        self._client: Client | None = None
        self._connecting = asyncio.Lock()
        self.missed = False  # Whether the user knows that a preview did without the cluster.
        self.discovery = Discovery(self.client)

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self._target.namespace if self._target else self._settings.choice.namespace

    async def client(self) -> Client:
        """The client; UnreachableError if there is no way to a cluster."""
        if self._client is None:
            if self._target is None:
                raise self._problem or KubeconfigError(_NONE)
            async with self._connecting:
                if self._client is None:
                    self._client = Client(await connect(self._target, self._agent, self._settings.timeout))
        return self._client

    def cancel(self) -> None:
        """Try nothing again."""
        if self._client:
            self._client.cancel()

    async def close(self) -> None:
        """Close the connections."""
        if self._client:
            await self._client.close()


def _found(settings: Settings) -> Target | None:
    if settings.kubeconfig:
        return kubeconfig.chosen(kubeconfig.load(settings.kubeconfig), settings.choice)
    config = kubeconfig.ambient()
    return kubeconfig.chosen(config, settings.choice) if config else kubeconfig.in_cluster()
