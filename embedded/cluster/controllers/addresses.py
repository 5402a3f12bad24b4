"""Addresses from outside: those of Services of type LoadBalancer, and of Ingresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import INGRESS, SERVICE
from embedded.cluster.model.objects import is_deleting, name_of, namespace_of, uid_of

if TYPE_CHECKING:
    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj

# What it takes to get one, as long as a small cloud would need.
_DELAY: Final = 0.5
_PREFIX: Final = "172.18.255"
_INGRESS_ADDRESS: Final = f"{_PREFIX}.1"
_FIRST: Final = 2
_LAST: Final = 254


class LoadBalancers(Controller):
    """Gives Services of type LoadBalancer an address, and takes it away from those that are no longer."""

    kind = SERVICE

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._asked: dict[str, float] = {}

    def reconcile(self, namespace: str, name: str) -> None:
        """See to the Service's address."""
        service = self.world.get(SERVICE, namespace, name)
        if service is None or is_deleting(service):
            return
        balancer = (service.get("status") or {}).get("loadBalancer") or {}
        wanted = service["spec"].get("type") == "LoadBalancer" and not service["spec"].get("loadBalancerClass")
        if wanted and not balancer.get("ingress"):
            asked = self._asked.setdefault(uid_of(service), self.world.clock.now())
            wait = asked + _DELAY - self.world.clock.now()
            if wait > 0:
                self.enqueue_after(wait, namespace, name)
                return
            self._asked.pop(uid_of(service))
            self._give(service, {"ingress": [{"ip": self._address(service), "ipMode": "VIP"}]})
            self.world.events.normal(service, "EnsuredLoadBalancer", "Ensured load balancer", source="service-controller")
        elif not wanted and balancer.get("ingress"):
            self._give(service, {})

    def _give(self, service: Obj, balancer: Obj) -> None:
        self.world.set_status(SERVICE, service, (service.get("status") or {}) | {"loadBalancer": balancer})

    def _address(self, service: Obj) -> str:
        wished = service["spec"].get("loadBalancerIP")
        if wished:
            return str(wished)
        taken = {
            ingress.get("ip")
            for other in self.world.all(SERVICE)
            for ingress in ((other.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
        }
        numbers = range(_FIRST, _LAST + 1)
        start = int(self.world.draws.fraction("balancer", namespace_of(service), name_of(service)) * len(numbers))
        free = (f"{_PREFIX}.{n}" for n in [*numbers[start:], *numbers[:start]])
        return next((a for a in free if a not in taken), f"{_PREFIX}.{_LAST}")


class Ingresses(Controller):
    """Gives each Ingress the address of the cluster's one ingress controller."""

    kind = INGRESS

    def reconcile(self, namespace: str, name: str) -> None:
        """Say where the Ingress is reached, some time after it was made."""
        ingress = self.world.get(INGRESS, namespace, name)
        if ingress is None or is_deleting(ingress) or ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress"):
            return
        uid = uid_of(ingress)

        def give() -> None:
            fresh = self.world.get(INGRESS, namespace, name)
            if fresh is not None and uid_of(fresh) == uid:
                self.world.set_status(INGRESS, fresh, {"loadBalancer": {"ingress": [{"ip": _INGRESS_ADDRESS}]}})

        self.world.clock.later(_DELAY, give)
