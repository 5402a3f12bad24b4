"""Pulumi providers that come with the engine: Python that runs where the engine runs, and speaks the provider's port without gRPC.

A provider is imported when a program first needs it: what a command doesn't use, it doesn't pay for.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.model.ports import Log, PackageRef, Provider, RunInfo

    Factory = Callable[[PackageRef, RunInfo, Log], Provider]


def _kubernetes(package: PackageRef, run: RunInfo, log: Log) -> Provider:
    from embedded.providers.kubernetes import create

    return create(package, run, log)


EMBEDDED: Final[Mapping[str, Factory]] = MappingProxyType({"kubernetes": _kubernetes})
