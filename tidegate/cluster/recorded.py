"""What the last update sent to the cluster for the stack's services, out of the stack's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tidegate.cluster.api import DEPLOYMENTS, ROUTES, SERVICES
from tidegate.model.errors import TidegateError
from tidegate.model.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.providers.kubernetes.discovery import Resource
    from tidegate.planner.reading import Reading

Obj = dict[str, Any]

NAME: Final = "app.kubernetes.io/name"
COMPONENT: Final = "app.kubernetes.io/component"
SERVING: Final = "service"
"""The component of what belongs to a slot."""
LEADING: Final = "traffic"
"""The component of what sends requests to slots."""
_KINDS: Final = {"apps/v1:Deployment": DEPLOYMENTS, "core/v1:Service": SERVICES, "gateway.networking.k8s.io/v1:HTTPRoute": ROUTES}
_MANAGER: Final = "__fieldManager"


@dataclass(frozen=True, slots=True)
class Sent:
    """An object, as the last update sent it, and as it was after that."""

    kind: Resource
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.inputs["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Where it is."""
        return str(self.inputs["metadata"]["namespace"])

    @property
    def manager(self) -> str:
        """As whom the provider applies it."""
        return str(self.outputs.get(_MANAGER) or "")

    @property
    def service(self) -> str:
        """The service that it belongs to."""
        return str((self.inputs["metadata"].get("labels") or {}).get(NAME) or "")


class Recorded:
    """The objects that make up the services' slots and routes."""

    def __init__(self, reading: Reading) -> None:
        self.ledger = reading.ledger or Ledger()
        self._sent = {(sent.kind.kind, sent.name): sent for sent in _sent(reading)}
        self.namespace = next((sent.namespace for sent in self), "")

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._sent)

    def __iter__(self) -> Iterator[Sent]:
        return iter(self._sent.values())

    def find(self, kind: Resource, name: str) -> Sent | None:
        """An object, if the stack has it."""
        return self._sent.get((kind.kind, name))

    def service(self, name: str) -> Sent:
        """The Service that leads to a service's live slot, or to one of its slots: `web`, `web-blue`."""
        found = self.find(SERVICES, name)
        if found is None:
            raise TidegateError(f"the stack's state has no Service {name}: is it a service of this stack?")
        return found

    def has_routes(self) -> bool:
        """Whether any service is reached through a gateway."""
        return any(sent.kind is ROUTES for sent in self)


def _sent(reading: Reading) -> Iterator[Sent]:
    services = reading.ledger.services if reading.ledger is not None else {}
    for urn, inputs in reading.inputs.items():
        group, _, kind = urn.split("::")[2].rpartition("$")[2].removeprefix("kubernetes:").rpartition(":")
        found = _KINDS.get(f"{group}:{kind}")
        labels = (inputs.get("metadata") or {}).get("labels") or {} if found is not None else {}
        if found is not None and labels.get(NAME) in services and labels.get(COMPONENT) in {SERVING, LEADING}:
            yield Sent(found, inputs, reading.outputs.get(urn) or {})
