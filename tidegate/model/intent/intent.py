"""All that the user wrote, put together, and what must hold between its parts."""

from __future__ import annotations

from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

from pydantic import Field

from tidegate.model.base import SLOTS, Finding, Model, Name
from tidegate.model.intent.data import Data, Managed
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.gates import Gates
from tidegate.model.intent.notifications import CALLED, NOTIFIED, Incident, Notification
from tidegate.model.intent.operations import SERVERS, Backup, Monitoring
from tidegate.model.intent.policies import Policies
from tidegate.model.intent.releases import Releases
from tidegate.model.intent.secrets import SecretSet
from tidegate.model.intent.service import Service

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tidegate.model.base import Path

_ENDINGS: Final = (*SLOTS, "preview")
"""How the names of a service's slots end, and of what leads to the candidate."""


class Intent(Model):
    """What is under `tidegate:` in `Pulumi.<stack>.yaml`."""

    environment: Environment
    """Where this is, whose it is, and how big things are by default."""
    services: dict[Name, Service] = Field(min_length=1)
    """What runs here, by name."""
    data: dict[Name, Data] = {}
    """Where the services keep their data, by name."""
    secrets: dict[Name, SecretSet] = Field(default={}, repr=False)
    """Sets of secrets, by name: complete before anything is changed."""
    monitoring: Monitoring = Monitoring()
    """How it is watched."""
    backup: Backup | None = None
    """How data is backed up; without it, it isn't."""
    gates: Gates = Gates()
    """What must hold before a release goes on."""
    notifications: dict[Name, Notification] = {}
    """Who is told what happens, by name."""
    incidents: dict[Name, Incident] = {}
    """Who is called when a release leaves something that a person must see to, by name."""
    releases: Releases = Releases()
    """How releases behave that others get in the way of."""
    policies: Policies = Policies()
    """How strictly policies are enforced, what they are set to, and what is let off."""

    @property
    def order(self) -> tuple[str, ...]:
        """The services, each after those it depends on; as they were written where nothing is said."""
        graph = {name: [d for d in service.depends_on if d in self.services] for name, service in self.services.items()}
        return tuple(TopologicalSorter(graph).static_order())

    def findings(self) -> Iterable[Finding]:
        """What doesn't fit together between its parts."""
        yield from self._taken()
        yield from self._names()
        yield from self._secrets()
        yield from self._variables()
        yield from self._traffic()
        yield from self._order()

    def _taken(self) -> Iterator[Finding]:
        """Names that something else has."""
        for name in self.data:
            if name in self.services:
                yield Finding(("data", name), "there is a service of that name; take another")
        for kind, names in (("services", self.services), ("data", self.data)):
            for name in names:
                service, _, ending = name.rpartition("-")
                if ending in _ENDINGS and service in self.services:
                    yield Finding((kind, name), f"the service {service} has objects of that name; take another", (("services", service),))
                if name in SERVERS and self.monitoring.kind == "own":
                    yield Finding((kind, name), "monitoring has a server of that name; take another", (("monitoring", "kind"),))

    def _names(self) -> Iterator[Finding]:
        """Services and data services that aren't there, and former names."""
        known = [*self.services, *self.data]
        former: dict[str, str] = {}
        for name, service in self.services.items():
            for i, other in enumerate(service.depends_on):
                path: Path = ("services", name, "depends_on", i)
                if other == name:
                    yield Finding(path, "a service can't depend on itself")
                elif other not in known:
                    yield Finding(path, absent(f"no service or data service {other}", other, [n for n in known if n != name]))
            old = service.renamed_from
            if old is None:
                continue
            if old in self.services:
                yield Finding(("services", name, "renamed_from"), f"{old} is still a service: remove it, or this line")
            elif old in former:
                yield Finding(("services", name, "renamed_from"), f"{former[old]} was called that too: only one can take its slots over")
            former[old] = name

    def _secrets(self) -> Iterator[Finding]:
        """Sets that aren't there, and keys that aren't in them."""
        named: list[tuple[Path, str | None, tuple[str, ...]]] = [
            (("services", name, "secrets", i), s, ()) for name, service in self.services.items() for i, s in enumerate(service.secrets)
        ]
        named += [(("data", name, "secret"), d.secret, d.keys[:1]) for name, d in self.data.items() if not isinstance(d, Managed)]
        named += [(("notifications", name, "secret"), n.secret, NOTIFIED[n.kind]) for name, n in self.notifications.items()]
        named += [(("incidents", name, "secret"), one.secret, CALLED[one.kind]) for name, one in self.incidents.items()]
        named.append((("environment", "pull_secret"), self.environment.pull_secret, ("username", "password")))
        named.append((("monitoring", "secret"), self.monitoring.secret, ("grafana-password",) if self.monitoring.kind == "own" else ()))
        for path, name, keys in named:
            if name is None:
                continue
            if name not in self.secrets:
                yield Finding(path, absent(f"no set {name} in tidegate:secrets", name, self.secrets), (("secrets", name),))
                continue
            missing = [key for key in keys if key not in self.secrets[name].required]
            if missing:
                needs: tuple[Path, ...] = (("secrets", name, "required"), (*path[:-1], "kind"))
                yield Finding(path, f"the set {name} must have {' and '.join(missing)} among its required keys", needs)

    def _variables(self) -> Iterator[Finding]:
        """Variables that two places give."""
        for name, service in self.services.items():
            givers = dict.fromkeys(service.env, "env")
            for i, s in enumerate(service.secrets):
                if s not in self.secrets or s in service.secrets[:i]:
                    continue
                for key in dict.fromkeys(self.secrets[s].required):
                    other = givers.setdefault(key, f"the set {s}")
                    if other != f"the set {s}":
                        needs: tuple[Path, ...] = (("secrets", s, "required"),)
                        yield Finding(("services", name, "secrets", i), f"the variable {key} is in {other} too", needs)

    def _traffic(self) -> Iterator[Finding]:
        places: dict[tuple[str, str], str] = {}
        for name, service in self.services.items():
            traffic, domain = service.traffic, self.environment.domain
            if traffic.kind == "gateway" and self.environment.gateway is None:
                yield Finding(("services", name, "traffic", "kind"), "gateway needs environment.gateway", (("environment", "gateway"),))
            for field, path in (("host", traffic.path), ("preview_host", "/")):
                host = getattr(traffic, field)
                if host is None:
                    continue
                here: Path = ("services", name, "traffic", field)
                if host == domain or host.endswith(f".{domain}"):
                    short = host.removesuffix(domain).removesuffix(".")
                    said = f'write "@", which is {domain}' if not short else f"write {short}: the domain {domain} is put behind it"
                    yield Finding(here, said, (("environment", "domain"),))
                other = places.setdefault((host, path), name)
                if other != name:
                    needs = (("services", other, "traffic", "host"), ("services", name, "traffic", "path"))
                    yield Finding(here, f"{other} has the same host and path", needs)

    def _order(self) -> Iterator[Finding]:
        try:
            _ = self.order
        except CycleError as error:
            circle = list(reversed(error.args[1]))
            if len(set(circle)) > 1:
                path: Path = ("services", circle[0], "depends_on")
                needs = tuple(("services", name, "depends_on") for name in circle)
                yield Finding(path, f"services depend on each other in a circle: {' -> '.join(circle)}", needs)


def absent(what: str, name: str, known: Collection[str]) -> str:
    """That there is no such thing, and what there is."""
    close = get_close_matches(name, known, n=1)
    if close:
        return f"there is {what}; did you mean {close[0]}?"
    return f"there is {what}; there are {', '.join(sorted(known))}" if known else f"there is {what}, nor any other"
