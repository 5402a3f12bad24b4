"""All that the user wrote, put together, and what must hold between its parts."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tidegate.model.base import Model, Name
from tidegate.model.intent.data import Data, Managed
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.operations import Backup, Gates, Monitoring, Notification, Releases
from tidegate.model.intent.secrets import SecretSet
from tidegate.model.intent.service import Service


class Intent(Model):
    """What is under `tidegate:` in `Pulumi.<stack>.yaml`."""

    environment: Environment
    services: dict[Name, Service] = Field(min_length=1)
    data: dict[Name, Data] = {}
    secrets: dict[Name, SecretSet] = Field(default={}, repr=False)
    monitoring: Monitoring = Monitoring()
    backup: Backup | None = None
    gates: Gates = Gates()
    notifications: dict[Name, Notification] = {}
    releases: Releases = Releases()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [*self._unknown_names(), *self._traffic(), *self._order()]
        if problems:
            raise PydanticCustomError("intent", "{problems}", {"problems": problems})
        return self

    @property
    def order(self) -> tuple[str, ...]:
        """The services, each after those it depends on; as they were written where nothing is said."""
        graph = {name: [d for d in service.depends_on if d in self.services] for name, service in self.services.items()}
        return tuple(TopologicalSorter(graph).static_order())

    def _unknown_names(self) -> list[tuple[tuple[str | int, ...], str]]:
        """References to what isn't there."""
        problems: list[tuple[tuple[str | int, ...], str]] = []
        both = sorted(set(self.services) & set(self.data))
        problems += [(("data", name), f"{name} is a service too; take another name") for name in both]
        callable_ = {*self.services, *self.data}
        for name, service in self.services.items():
            for i, other in enumerate(service.depends_on):
                if other not in callable_:
                    problems.append((("services", name, "depends_on", i), f"there is no {other}; there are {_listed(callable_ - {name})}"))
            problems += [self._no_set(("services", name, "secrets", i), s) for i, s in enumerate(service.secrets) if s not in self.secrets]
            old = service.renamed_from
            if old in self.services:
                problems.append((("services", name, "renamed_from"), f"{old} is still a service; remove it, or this line"))
        for name, data in self.data.items():
            if not isinstance(data, Managed) and data.secret not in self.secrets:
                problems.append(self._no_set(("data", name, "secret"), data.secret))
        named: list[tuple[tuple[str | int, ...], str | None]] = [
            (("environment", "pull_secret"), self.environment.pull_secret),
            (("monitoring", "secret"), self.monitoring.secret),
        ]
        named += [(("notifications", name, "secret"), n.secret) for name, n in self.notifications.items()]
        problems += [self._no_set(path, name) for path, name in named if name is not None and name not in self.secrets]
        if self.monitoring.kind == "own" and self.monitoring.secret is None:
            problems.append((("monitoring",), "kind own needs a secret with grafana-password"))
        return problems

    def _no_set(self, path: tuple[str | int, ...], name: str) -> tuple[tuple[str | int, ...], str]:
        return path, f"tidegate:secrets has no set {name}; there are {_listed(self.secrets)}"

    def _traffic(self) -> list[tuple[tuple[str | int, ...], str]]:
        problems: list[tuple[tuple[str | int, ...], str]] = []
        places: dict[tuple[str, str], str] = {}
        for name, service in self.services.items():
            traffic = service.traffic
            if traffic.kind == "gateway" and self.environment.gateway is None:
                problems.append((("services", name, "traffic", "kind"), "gateway needs environment.gateway"))
            if traffic.host is None:
                continue
            other = places.setdefault((traffic.host, traffic.path), name)
            if other != name:
                problems.append((("services", name, "traffic", "host"), f"{other} has the same host and path"))
        return problems

    def _order(self) -> list[tuple[tuple[str | int, ...], str]]:
        try:
            _ = self.order
        except CycleError as error:
            return [(("services",), f"depends_on goes in a circle: {' -> '.join(reversed(error.args[1]))}")]
        return []


def _listed(names: object) -> str:
    return ", ".join(sorted(names)) or "none" if isinstance(names, set | dict) else "none"
