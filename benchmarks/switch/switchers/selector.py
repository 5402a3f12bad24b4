"""Traffic by a Service's selector: a label's value says which version's pods it leads to. All or nothing."""

from __future__ import annotations

from lightkube.resources.core_v1 import Service
from lightkube.types import PatchType

from benchmarks.switch.switchers.applying import applied
from benchmarks.switch.switchers.kubernetes import client, named, told
from benchmarks.switch.switchers.switcher import Operation, SwitchError


class Selector:
    """The Service NAMESPACE/NAME, and the values that a label of its selector has for the old and the new version.

    It is patched; or with a field manager, who has applied it, applied again.
    """

    def __init__(self, service: str, label: str, live: str, candidate: str, kubeconfig: str = "", manager: str = "") -> None:
        self.operations: frozenset[Operation] = frozenset({Operation.FLIP, Operation.ROLLBACK})
        self._namespace, self._name = named(service)
        self._label, self._live, self._candidate, self._manager = label, live, candidate, manager
        self._client = client(kubeconfig)

    def prepare(self, operation: Operation) -> None:
        pass

    def shift(self, weight: int) -> None:
        raise SwitchError(f"a selector can't give {weight}% of the traffic to a version")

    def abort(self) -> None:
        self._select(self._live)

    def flip(self) -> None:
        self._select(self._candidate)

    def rollback(self) -> None:
        self._select(self._live)

    def status(self) -> int | None:
        with told(f"get Service {self._namespace}/{self._name}"):
            service = self._client.get(Service, self._name, namespace=self._namespace)
        selected = ((service.spec and service.spec.selector) or {}).get(self._label)
        return {self._live: 0, self._candidate: 100}.get(selected or "")

    def close(self) -> None:
        self._client.close()

    def _select(self, value: str) -> None:
        with told(f"patch Service {self._namespace}/{self._name}"):
            if self._manager:
                service = self._client.get(Service, self._name, namespace=self._namespace).to_dict()
                mine = applied({**service, "apiVersion": "v1", "kind": "Service"}, self._manager)
                mine["spec"]["selector"] = service["spec"]["selector"] | {self._label: value}
                self._client.patch(
                    Service,
                    self._name,
                    mine,
                    namespace=self._namespace,
                    patch_type=PatchType.APPLY,
                    field_manager=self._manager,
                    force=True,
                )
            else:
                patch = {"spec": {"selector": {self._label: value}}}
                self._client.patch(Service, self._name, patch, namespace=self._namespace, patch_type=PatchType.MERGE)
