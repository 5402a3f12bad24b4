"""Providers that are Python classes of this process: any ResourceProvider servicer, without a plugin process and without gRPC.

`PluginProviders(in_process={"name": servicers.factory(make)})`. Coroutine methods run on the engine's own loop, so they must not block it;
blocking methods run in threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.hosts.local import LocalConnection
from embedded.engine.hosts.provider import GrpcProvider

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.ports import Log, PackageRef, Provider, RunInfo

THREADS: Final = 32


def factory(make: Callable[[str], Any]) -> Callable[[PackageRef, RunInfo, Log], Provider]:
    """A factory of providers; `make` gets the engine's address and makes a servicer, one for each provider instance."""

    def start(package: PackageRef, run: RunInfo, log: Log) -> Provider:
        executor = ThreadPoolExecutor(THREADS, thread_name_prefix=f"provider-{package.name}")

        def closed() -> None:
            executor.shutdown(wait=False, cancel_futures=True)

        return GrpcProvider(package.name, LocalConnection(make(run.engine_address), executor, closed), log)

    return start
