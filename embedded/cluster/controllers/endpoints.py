"""Endpoints: the pods behind a Service, as EndpointSlices, and as the Endpoints object that came before them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from embedded.cluster.controllers.base import Controller
from embedded.cluster.controllers.kinds import ENDPOINT_SLICE, ENDPOINTS, NODE, POD, SERVICE
from embedded.cluster.controllers.podstate import is_finished, is_ready
from embedded.cluster.model.objects import Selector, controller_of, is_deleting, labels_of, name_of, namespace_of, owner_reference, uid_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.cluster.controllers.world import World
    from embedded.cluster.model.objects import Obj
    from embedded.cluster.store.store import Change

MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME: Final = "kubernetes.io/service-name"
SOURCE: Final = "endpointslice-controller.k8s.io"
_HEADLESS: Final = "service.kubernetes.io/headless"
_LARGEST: Final = 100
_ZONE: Final = "topology.kubernetes.io/zone"
Ports = tuple[tuple[str, str, int], ...]


class EndpointSlices(Controller):
    """Keeps the slices of a Service in step with its pods."""

    kind = SERVICE

    def __init__(self, world: World) -> None:
        super().__init__(world)
        world.on(POD, self._pod_changed)
        world.on(ENDPOINT_SLICE, self._slice_changed)

    def _pod_changed(self, change: Change) -> None:
        old = change.old
        if old is not None and change.type == "MODIFIED" and _seen_by_services(old) == _seen_by_services(change.obj):
            return
        if not (change.obj.get("status") or {}).get("podIP"):
            return  # it is in no slice, nor can it be yet
        for service in self.world.all(SERVICE, change.namespace):
            labels = [labels_of(change.obj), *([labels_of(old)] if old is not None else [])]
            selector = service["spec"].get("selector")
            if selector and any(_selects(selector, each) for each in labels):
                self.enqueue_gently(change.namespace, name_of(service))

    def _slice_changed(self, change: Change) -> None:
        """Somebody else may have deleted or changed one."""
        if labels_of(change.obj).get(MANAGED_BY) == SOURCE and (service := labels_of(change.obj).get(SERVICE_NAME)):
            self.enqueue(change.namespace, service)

    def reconcile(self, namespace: str, name: str) -> None:
        """Make the slices what the pods say they should be."""
        service = self.world.get(SERVICE, namespace, name)
        if service is None:
            self.sizes.pop((namespace, name), None)
            old = self.world.get(ENDPOINTS, namespace, name)
            if old is not None and labels_of(old).get("endpoints.kubernetes.io/managed-by") == "endpoint-controller":
                self.world.delete(ENDPOINTS, old)
            return
        selector = service["spec"].get("selector")
        if not selector or service["spec"].get("type") == "ExternalName" or is_deleting(service):
            return
        if self.world.is_ending(namespace):
            return
        pods = [p for p in self.world.all(POD, namespace, Selector.of_labels(selector)) if _address(p) and not is_finished(p)]
        self.sizes[namespace, name] = len(pods)
        groups: dict[Ports, list[Obj]] = {}
        for pod in pods:
            groups.setdefault(_ports(service, pod), []).append(self._endpoint(service, pod))
        if not groups:
            groups[()] = []
        self._slices(service, groups)
        self._endpoints(service, pods, groups)

    def _slices(self, service: Obj, groups: Mapping[Ports, list[Obj]]) -> None:
        namespace, world = namespace_of(service), self.world
        there = [s for s in world.controlled(ENDPOINT_SLICE, service) if labels_of(s).get(MANAGED_BY) == SOURCE and not is_deleting(s)]
        labels = labels_of(service) | {SERVICE_NAME: name_of(service), MANAGED_BY: SOURCE}
        if service["spec"].get("clusterIP") == "None":
            labels[_HEADLESS] = ""
        for ports, endpoints in groups.items():
            listed = [{"name": n, "protocol": protocol, "port": number} for n, protocol, number in ports]
            for at in range(0, max(len(endpoints), 1), _LARGEST):
                content: Obj = {"endpoints": endpoints[at : at + _LARGEST], "ports": listed}
                own = next((s for s in there if (s.get("ports") or []) == listed), there[0] if there else None)
                if own is None:
                    metadata: Obj = {"generateName": f"{name_of(service)}-", "namespace": namespace, "labels": labels}
                    metadata["ownerReferences"] = [owner_reference(service)]
                    world.create(ENDPOINT_SLICE, {"metadata": metadata, "addressType": "IPv4", **content})
                    continue
                there.remove(own)

                def change(fresh: Obj, content: Obj = content) -> None:
                    fresh.update(content)
                    fresh["metadata"]["labels"] = labels

                world.change(ENDPOINT_SLICE, own, change)
        for left in there:
            world.delete(ENDPOINT_SLICE, left)

    def _endpoints(self, service: Obj, pods: list[Obj], groups: Mapping[Ports, list[Obj]]) -> None:
        """The old form: addresses that are ready, and those that aren't."""
        nodes = {_address(p): p["spec"].get("nodeName") for p in pods}
        subsets = []
        for ports, endpoints in groups.items():
            sides: dict[str, list[Obj]] = {"addresses": [], "notReadyAddresses": []}
            for endpoint in endpoints:
                if endpoint["conditions"]["terminating"]:
                    continue
                address = endpoint["addresses"][0]
                entry = {"ip": address, "nodeName": nodes[address], "targetRef": endpoint["targetRef"]}
                sides["addresses" if endpoint["conditions"]["ready"] else "notReadyAddresses"].append(entry)
            listed = [
                {"name": n, "port": number, "protocol": protocol} if n else {"port": number, "protocol": protocol}
                for n, protocol, number in ports
            ]
            if any(sides.values()):
                subsets.append({k: v for k, v in sides.items() if v} | ({"ports": listed} if listed else {}))
        namespace, name = namespace_of(service), name_of(service)
        labels = labels_of(service) | {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
        there = self.world.get(ENDPOINTS, namespace, name)
        if there is None:
            body: Obj = {"metadata": {"name": name, "namespace": namespace, "labels": labels}}
            self.world.create(ENDPOINTS, body | ({"subsets": subsets} if subsets else {}))
            return

        def change(fresh: Obj) -> None:
            fresh["metadata"]["labels"] = labels
            fresh["subsets"] = subsets
            if not subsets:
                del fresh["subsets"]

        self.world.change(ENDPOINTS, there, change)

    def _endpoint(self, service: Obj, pod: Obj) -> Obj:
        serving = is_ready(pod)
        ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not is_deleting(pod))
        node = pod["spec"].get("nodeName", "")
        zone = labels_of(self.world.get(NODE, "", node) or {}).get(_ZONE)
        target = {"kind": "Pod", "namespace": namespace_of(pod), "name": name_of(pod), "uid": uid_of(pod)}
        endpoint: Obj = {
            "addresses": [_address(pod)],
            "conditions": {"ready": ready, "serving": serving, "terminating": is_deleting(pod)},
            "targetRef": target,
            "nodeName": node,
        }
        owner = controller_of(pod)
        if (owner is not None and owner["kind"] == "StatefulSet" and pod["spec"].get("hostname")) and (
            pod["spec"].get("subdomain") == name_of(service)
        ):
            endpoint["hostname"] = pod["spec"]["hostname"]
        return endpoint | ({"zone": zone} if zone else {})


def _seen_by_services(pod: Obj) -> tuple[object, ...]:
    return (_address(pod), is_ready(pod), is_finished(pod), is_deleting(pod), labels_of(pod))


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(labels.get(k) == v for k, v in selector.items())


def _address(pod: Obj) -> str:
    return str((pod.get("status") or {}).get("podIP") or "")


def _ports(service: Obj, pod: Obj) -> Ports:
    """The pod's ports behind those of the Service; one that the pod doesn't have by that name is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        target = port.get("targetPort") or port["port"]
        number = _named_port(pod, target, protocol) if isinstance(target, str) and not target.isdecimal() else int(target)
        if number is not None:
            found.append((port.get("name", ""), protocol, number))
    return tuple(found)


def _named_port(pod: Obj, name: str, protocol: str) -> int | None:
    for container in pod["spec"].get("containers") or ():
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                return int(port["containerPort"])
    return None
