"""The way to the stack's cluster: the cluster, context, namespace and credentials that the provider of its updates uses.

The provider's connection is asynchronous, so that requests of one call go at the same time; they run in a thread of their own, and whoever
calls waits for them, for a limited time.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from embedded.engine.model.ports import ProviderError
from embedded.providers.kubernetes.cluster import Cluster
from embedded.providers.kubernetes.kubeconfig import KubeconfigError
from embedded.providers.kubernetes.settings import parsed
from tidegate.cluster.api import Api
from tidegate.model.errors import ConfigurationError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    T = TypeVar("T")

_AGENT: Final = "tidegate"
_KEYS: Final = "kubernetes:"
_CALL_SECONDS: Final = 30.0
"""How long a call may take, unless it says otherwise, with all its requests and their repetitions."""
_REQUEST_SECONDS: Final = 10.0
_TIDY_SECONDS: Final = 3.0
_CLOSE_SECONDS: Final = 5.0


class Access:
    """A connection to the API server, opened when it is first needed."""

    def __init__(self, texts: Mapping[str, str], folder: Path) -> None:
        try:
            settings = parsed(_config(texts, folder))
        except ProviderError as error:
            raise ConfigurationError(f"the stack's `kubernetes:*` settings can't be used: {error}") from error
        self._cluster = Cluster(replace(settings, timeout=min(settings.timeout, _REQUEST_SECONDS)), _AGENT)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[Api], Coroutine[Any, Any, T]], limit: float = _CALL_SECONDS) -> T:
        """Do something with the API server."""
        future = asyncio.run_coroutine_threadsafe(self._within(work, limit), self._started())
        try:
            return future.result()
        except KubeconfigError as error:
            raise ConfigurationError(str(error)) from error
        except (KeyboardInterrupt, concurrent.futures.CancelledError):
            future.cancel()
            raise

    def close(self) -> None:
        """Close the connections; nothing that is under way goes on."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._ended(), loop).result(_CLOSE_SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CLOSE_SECONDS)

    async def _within(self, work: Callable[[Api], Coroutine[Any, Any, T]], limit: float) -> T:
        try:
            async with asyncio.timeout(limit):
                return await work(Api(await self._cluster.client()))
        except TimeoutError as error:
            raise UnreachableError(f"the Kubernetes API server didn't do what it was asked for within {limit:g} s") from error

    async def _ended(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            # What has been told to end already may be about to tidy up.
            if not task.cancelling():
                task.cancel()
        if others:
            await asyncio.wait(others, timeout=_TIDY_SECONDS)
        await self._cluster.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                # A driver that is killed, or forgets to close it, isn't kept alive by it.
                self._thread = threading.Thread(target=_serve, args=(self._loop,), name="tidegate-cluster", daemon=True)
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


def _config(texts: Mapping[str, str], folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = {key.removeprefix(_KEYS): text for key, text in texts.items() if key.startswith(_KEYS)}
    named = config.get("kubeconfig", "")
    if named and "\n" not in named and not named.lstrip().startswith("{") and (folder / Path(named).expanduser()).is_file():
        # The engine runs in the project's folder.
        config["kubeconfig"] = str(folder / Path(named).expanduser())
    return config
