"""What tests of the port look at: the stack as its state has it, and the cluster as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from embedded.engine.api import Session
from embedded.engine.settings.project import load_project
from embedded.providers.kubernetes.objects import to_object
from tests.local.program.stack import ROUTES, SERVICES, SPACE, changes, event
from tidegate.model.ledger import migrate
from tidegate.planner.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.kubernetes.stack import Run
    from tests.local.program.stack import Config, Place
    from tidegate.cluster.port import KubernetesCluster
    from tidegate.model.health import Health


@dataclass(frozen=True, slots=True)
class Scene:
    """A stack on a cluster, and the port to it."""

    there: Place
    port: KubernetesCluster

    def reading(self) -> Reading:
        """What the last update left."""
        stack = self.there.stack
        snapshot = Session.open(load_project(stack.folder / "Pulumi.yaml"), stack._name, stack.backend).snapshot()
        return Reading(
            migrate(stack.outputs()["ledger"]),
            {r.urn: to_object(r.outputs) for r in snapshot.resources},
            {r.urn: to_object(r.inputs) for r in snapshot.resources},
        )

    def lead(self, *, force: bool = False, **weights: int) -> None:
        """So much for the candidates."""
        self.port.lead(self.reading(), weights, force=force)

    def taken(self, **parts: tuple[int, int]) -> None:
        """Wait until the services' users are divided so: as the gateways have it, blue and green."""
        reading = self.reading()
        self.arrived(
            lambda: {name: tuple(seen.weights.values()) for name, seen in self.port.traffic(reading).items() if name in parts} == parts
        )

    def health(self, service: str = "web") -> Health:
        """How a service is."""
        return self.port.health(self.reading())[service]

    def arrived(self, holds: Callable[[], bool]) -> None:
        """Wait for something."""
        late = time.monotonic() + 30
        while not holds():
            assert time.monotonic() < late
            time.sleep(0.01)

    def ways(self) -> dict[str, Any]:
        """All that sends the users of both services to slots."""
        found = {f"{kind} {name}": obj for kind in (ROUTES, SERVICES) for name, obj in self.there.all(kind).items()}
        return {
            what: (obj["metadata"].get("generation"), obj["metadata"]["annotations"], obj["spec"])
            for what, obj in found.items()
            if what.endswith((" web", " api"))
        }

    def edit(self, kind: str, name: str, patch: Any) -> None:
        """Somebody changes an object by hand."""
        version, _, plural = kind.rpartition("/")
        url = f"{self.there.cluster.url}/apis/{version}/namespaces/{SPACE}/{plural}/{name}"
        form = "merge" if version.startswith("gateway") else "strategic-merge"
        headers = {"Content-Type": f"application/{form}-patch+json"}
        httpx.patch(url, params={"fieldManager": "kubectl-edit"}, json=patch, headers=headers, timeout=10).raise_for_status()

    def follow(self, config: Config, kind: str, **settings: Any) -> Run:
        """The update that records it."""
        return self.there.up(config, event(kind, **settings))

    def still(self, config: Config) -> None:
        """A plain update has nothing to do."""
        assert changes(self.there.up(config).well()) == {}
