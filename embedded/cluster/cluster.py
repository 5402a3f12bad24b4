"""The whole cluster: all parts put together, and served in a thread.

    with Cluster() as cluster:                    # plain HTTP, real time
        KubeConfig.from_dict(cluster.kubeconfig)

    with Cluster(rate=0, seed=7) as cluster:      # time by hand: the same seed and the same requests give the same journal
        ...
        cluster.advance(30)

With `tls` its API is served by HTTPS to whoever has its token; without, by HTTP to every program of this machine, which is for tests.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from embedded.cluster import certificates, kubeconfig, private
from embedded.cluster.api.app import Api
from embedded.cluster.control.app import Control
from embedded.cluster.control.app import app as control_app
from embedded.cluster.controllers import manager
from embedded.cluster.controllers.nodes import NodeSpec
from embedded.cluster.door import Door
from embedded.cluster.faults.book import Faults
from embedded.cluster.faults.disruptions import World
from embedded.cluster.faults.gate import FaultGate
from embedded.cluster.model.clock import Clock
from embedded.cluster.model.draws import Draws
from embedded.cluster.model.journal import Journal
from embedded.cluster.model.objects import is_true, name_of
from embedded.cluster.registry import bootstrap
from embedded.cluster.registry.registry import Registry
from embedded.cluster.schema.catalogue import Catalogue
from embedded.cluster.server import Listener, ServerThread, bind
from embedded.cluster.store.store import Store
from embedded.cluster.traffic.endpoints import Api as PrometheusApi
from embedded.cluster.traffic.model import Traffic
from embedded.cluster.traffic.usage import Measures

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from starlette.types import ASGIApp, Receive, Scope, Send

    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

T = TypeVar("T")

_CONTROL: Final = "/control/"


class Cluster:
    """A Kubernetes cluster in this process. `rate` is how many seconds pass in it in a second, `start` when its time begins.

    Its parts are for the cluster's own thread: `call` gets there. `on_end` is called there when the server ends, for whatever reason.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        rate: float = 1.0,
        start: float | None = None,
        nodes: int = 3,
        port: int = 0,
        prometheus_port: int = 0,
        tls: bool = False,
        name: str = "local",
        on_end: Callable[[], None] | None = None,
    ) -> None:
        self.name, self.seed = name, seed
        self.clock: Final = Clock(start, rate)
        self.journal: Final = Journal(self.clock)
        self.store: Final = Store()
        draws = Draws(seed)
        self.registry: Final = Registry(self.store, Catalogue.load(), self.clock, draws, self.journal)
        bootstrap.populate(self.registry)
        self.traffic: Final = Traffic(self.store, self.clock, draws, self.journal)
        machines = [NodeSpec(f"node-{number}") for number in range(1, nodes + 1)]
        measures = Measures(self.traffic, self.clock)
        self.manager: Final = manager.start(self.registry, self.clock, draws, self.journal, machines, measures, self.traffic)
        self.faults: Final = Faults(World(self.store, self.manager, self.clock, draws, self.journal))
        # After the controllers' own listeners, so that a pod has begun to run on its node when faults hear of it.
        self.store.subscribe(self._changed)
        self._ports, self._on_end = (port, prometheus_port), on_end
        self._identity = certificates.make() if tls else None
        self.token: Final = secrets.token_urlsafe(32) if tls else None
        self.url = ""
        self.prometheus = ""
        self._server: ServerThread | None = None

    @property
    def authority(self) -> str | None:
        """The PEM that proves the server, if it serves HTTPS."""
        return None if self._identity is None else self._identity.authority

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """How clients find the cluster. As long as its token is worth anything, this is a secret."""
        return kubeconfig.kubeconfig(self.name, self.url, self.authority, self.token)

    def kubeconfig_file(self, path: Path) -> Path:
        """Write the kubeconfig, for its owner's eyes only, and return its path."""
        private.write(path, kubeconfig.text(self.kubeconfig))
        return path

    def start(self) -> None:
        """Serve, and let time pass."""
        port, prometheus_port = self._ports
        tls = None if self._identity is None else self._identity.context
        api = Listener(bind(port), Door(self._routed(), self.clock.now, self.token), tls)
        try:
            metrics = Listener(bind(prometheus_port), Door(PrometheusApi(self.traffic.series, self.clock.now).app(), self.clock.now))
        except BaseException:
            api.socket.close()
            raise
        self.url, self.prometheus = api.url, metrics.url
        self._server = ServerThread([api, metrics], self._started, self._ended)
        self._server.start()

    def stop(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def call(self, what: Callable[[], T]) -> T:
        """Do something in the cluster's thread, between two requests."""
        if self._server is None:
            return what()
        return self._server.call(what)

    def advance(self, seconds: float) -> None:
        """Let time pass, in one go."""
        self.call(lambda: self.clock.advance(seconds))

    def about(self) -> dict[str, Any]:
        """What the cluster is and how it is, in a few words."""
        nodes = {name_of(node): "ready" if is_true(node, "Ready") else "not ready" for node in self.store.all("/nodes")}
        pods = [is_true(pod, "Ready") for pod in self.store.all("/pods")]
        version = self.registry.catalogue.version
        return {
            "name": self.name,
            "version": version,
            "seed": self.seed,
            "prometheus": self.prometheus,
            "nodes": nodes,
            "pods": {"all": len(pods), "ready": sum(pods)},
        }

    def _changed(self, change: Change) -> None:
        """Tell faults of pods that have come to a node."""
        if change.storage == "/pods" and change.type != "DELETED" and _node(change.obj) and not _node(change.old):
            self.clock.soon(lambda: self.faults.appeared(change.obj))

    def _started(self, loop: asyncio.AbstractEventLoop) -> None:
        self.clock.attach(loop)
        self.traffic.start()

    def _ended(self) -> None:
        self.traffic.stop()
        self.clock.detach()
        if self._on_end is not None:
            self._on_end()

    def _routed(self) -> ASGIApp:
        """The control API beside Kubernetes' own; faults are for the latter alone."""
        api = FaultGate(Api(self.registry), self.faults)
        control = control_app(Control(self.clock, self.faults, self.traffic, self.journal, self.about))

        async def routed(scope: Scope, receive: Receive, send: Send) -> None:
            await (control if scope["type"] == "http" and scope["path"].startswith(_CONTROL) else api)(scope, receive, send)

        return routed

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def _node(pod: Obj | None) -> str:
    return "" if pod is None else pod.get("spec", {}).get("nodeName") or ""
