"""Pulumi's kubernetes provider in Python: all kinds that an API server serves, over HTTP, in the engine's process.

State is exchanged with Pulumi's own provider: ids, inputs, outputs and the names of field managers are alike. What is different: nothing
is created twice when an answer is lost, no table of kinds is needed, and client-side apply, Helm releases, kustomize and rendering to
files are refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded.engine.model.ports import Log, PackageRef, Provider, RunInfo


def create(package: PackageRef, run: RunInfo, log: Log) -> Provider:
    """A provider, not configured yet."""
    # The client is of use without an engine.
    from embedded.engine.model.ports import ProviderError
    from embedded.providers.kubernetes.provider import KubernetesProvider

    del run
    if package.parameter:
        raise ProviderError(
            f"the package '{package.parameter[0]}' is made of CustomResourceDefinitions by the kubernetes plugin, which has to be "
            "installed for it; without it, use kubernetes:apiextensions.k8s.io:CustomResource"
        )
    return KubernetesProvider(log)
