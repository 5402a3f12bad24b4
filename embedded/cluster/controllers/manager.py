"""All controllers, started together, and what can be done to pods and nodes by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.addresses import Ingresses, LoadBalancers
from embedded.cluster.controllers.autoscalers import Autoscalers
from embedded.cluster.controllers.certificates import Certificates, ClusterIssuers, IngressCertificates, Issuers
from embedded.cluster.controllers.claims import Claims
from embedded.cluster.controllers.cronjobs import CronJobs
from embedded.cluster.controllers.daemonsets import DaemonSets
from embedded.cluster.controllers.definitions import Definitions
from embedded.cluster.controllers.deployments import Deployments
from embedded.cluster.controllers.disruption import DisruptionBudgets
from embedded.cluster.controllers.endpoints import EndpointSlices
from embedded.cluster.controllers.external_secrets import ClusterStores, ExternalSecrets, Stores
from embedded.cluster.controllers.garbage import Garbage
from embedded.cluster.controllers.gateways import CONTROLLER, MANAGER, GatewayClasses, Gateways, GRPCRoutes, HTTPRoutes
from embedded.cluster.controllers.jobs import Jobs
from embedded.cluster.controllers.kinds import GATEWAY_CLASS, NODE
from embedded.cluster.controllers.kubelet import Kubelets
from embedded.cluster.controllers.namespaces import Namespaces
from embedded.cluster.controllers.nodes import Nodes, NodeSpec
from embedded.cluster.controllers.quotas import Quotas
from embedded.cluster.controllers.replicasets import ReplicaSets
from embedded.cluster.controllers.scheduler import Scheduler
from embedded.cluster.controllers.statefulsets import StatefulSets
from embedded.cluster.controllers.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.cluster.controllers.base import Controller
    from embedded.cluster.controllers.errands import Pages
    from embedded.cluster.controllers.metrics import Usage
    from embedded.cluster.model.clock import Clock
    from embedded.cluster.model.draws import Draws
    from embedded.cluster.model.journal import Journal
    from embedded.cluster.registry.registry import Registry

DEFAULT_NODES: Final = (NodeSpec("node-1"), NodeSpec("node-2"), NodeSpec("node-3"))
# The class of the gateway that the cluster has.
GATEWAY_CLASS_NAME: Final = "local"
# ReplicaSets come before Deployments: pods that are too many go before a Deployment makes others in their place.
_CONTROLLERS: Final[tuple[type[Controller], ...]] = (
    Scheduler, Namespaces, ReplicaSets, Deployments, StatefulSets, DaemonSets, Jobs, CronJobs, EndpointSlices, LoadBalancers, Ingresses,
    Claims, GatewayClasses, Gateways, HTTPRoutes, GRPCRoutes, Quotas, DisruptionBudgets, Definitions,
    Stores, ClusterStores, ExternalSecrets, Issuers, ClusterIssuers, Certificates, IngressCertificates,
)  # fmt: skip


class Manager:
    """The running controllers. The methods are what faults do to pods and nodes."""

    def __init__(self, world: World, usage: Usage | None = None, pages: Pages | None = None) -> None:
        self.world: Final = world
        self._garbage = Garbage(world)
        self._nodes = Nodes(world)
        self._kubelets = Kubelets(world, pages)
        self._autoscalers = Autoscalers(world, usage)
        self._controllers = [controller(world) for controller in _CONTROLLERS]

    def begin(self, nodes: Iterable[NodeSpec]) -> None:
        """Register the nodes, and see to what there is already."""
        for number, node in enumerate(nodes, 1):
            if self.world.get(NODE, "", node.name) is None:
                self._nodes.register(node, number)
        if self.world.get(GATEWAY_CLASS, "", GATEWAY_CLASS_NAME) is None:
            body = {"metadata": {"name": GATEWAY_CLASS_NAME}, "spec": {"controllerName": CONTROLLER}}
            self.world.create(GATEWAY_CLASS, body, manager=MANAGER)
        for controller in (self._nodes, self._kubelets, self._autoscalers, *self._controllers):
            controller.enqueue_all()

    def close(self) -> None:
        """Hear of no further changes."""
        self.world.close()

    def use(self, usage: Usage) -> None:
        """Where autoscalers learn what pods use."""
        self._autoscalers.usage = usage

    def crash_pod(self, namespace: str, name: str) -> None:
        """The pod's first container ends with an error, and is started again if its policy says so."""
        self._note("crash", namespace, name)
        self._kubelets.crash(namespace, name)

    def oom_pod(self, namespace: str, name: str) -> None:
        """The pod's first container is killed because it needs too much memory."""
        self._note("oom", namespace, name)
        self._kubelets.oom(namespace, name)

    def unready_pod(self, namespace: str, name: str, seconds: float | None = None) -> None:
        """The pod's readiness probes fail: until `ready_pod`, or for so long."""
        self._note("unready", namespace, name)
        self._kubelets.unready(namespace, name, seconds)

    def ready_pod(self, namespace: str, name: str) -> None:
        """The pod's readiness probes say again what they find."""
        self._note("ready", namespace, name)
        self._kubelets.ready(namespace, name)

    def evict_pod(self, namespace: str, name: str) -> None:
        """The pod's node runs short of memory and ends the pod; its controller makes another."""
        self._note("evict", namespace, name)
        self._kubelets.evict(namespace, name)

    def lose_node(self, name: str) -> None:
        """A node can't be reached any more; after 40 seconds the cluster notices, after 5 more minutes its pods are replaced."""
        self._nodes.lose(name)

    def restore_node(self, name: str) -> None:
        """A lost node is back, with the pods that it had."""
        self._nodes.restore(name)

    def _note(self, what: str, namespace: str, name: str) -> None:
        self.world.journal.write("fault", what=what, namespace=namespace, name=name)


def start(
    registry: Registry,
    clock: Clock,
    draws: Draws,
    journal: Journal,
    nodes: Iterable[NodeSpec] = DEFAULT_NODES,
    usage: Usage | None = None,
    pages: Pages | None = None,
) -> Manager:
    """Start all controllers on a registry that has been populated."""
    manager = Manager(World(registry, clock, draws, journal), usage, pages)
    manager.begin(nodes)
    return manager
