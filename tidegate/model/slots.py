"""What a slot runs, in full: a service and its environment's part in it, frozen when the slot was staged.

While a release is under way the live slot runs what the intent no longer says, down to its configuration and secrets. So the slots'
specs are kept in a stack output of their own, `slots`, which is a secret as a whole; the ledger has their hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from tidegate.model.base import Model, Name, Slot, digest_of
from tidegate.model.intent.environment import Resources
from tidegate.model.intent.secrets import External
from tidegate.model.intent.service import Check, Container, Egress, Metrics, Probes, entry_of

if TYPE_CHECKING:
    from tidegate.model.intent.intent import Intent


class SlotSpec(Model):
    """Everything that a slot's pods are made from. How many there are is not part of it."""

    version: str
    image: str
    """With registry, tag, and digest if it is pinned."""
    digest: str | None = None
    ports: dict[Name, int]
    command: tuple[str, ...]
    args: tuple[str, ...]
    env: dict[str, str]
    config: dict[str, str]
    secrets: dict[Name, dict[str, str]] = Field(repr=False)
    """Values, by set and key."""
    external: dict[Name, tuple[External, tuple[str, ...]]]
    """Sets that a store outside has, and their keys."""
    resources: Resources
    probes: Probes
    smoke: Check | None = None
    init: dict[Name, Container]
    sidecars: dict[Name, Container]
    writable: tuple[str, ...]
    scratch: str
    user: int
    drain: str
    grace: str
    ready_within: str
    metrics: Metrics | None = None
    labels: dict[str, str]
    """Of everything: team, cost centre and so on. Without version, slot and release."""
    annotations: dict[str, str]
    pull_secret: str | None = None
    migration: str | None = None
    contract: bool = False
    depends_on: tuple[Name, ...] = ()
    """What the pods call. What they may reach stays with them: a version that needs less must not cut off the one that is live."""
    egress: tuple[Egress, ...] = ()
    autoscaled: bool = False
    """Whether an autoscaler says how many pods there are. Another who says it is another release: in place it would cost pods."""

    @property
    def config_hash(self) -> str:
        """Of the configuration's files and variables."""
        return digest_of([self.config, self.env])

    @property
    def secrets_hash(self) -> str:
        """Of the secrets' values, or of their versions outside."""
        outside = {name: [external.model_dump(mode="json"), keys] for name, (external, keys) in self.external.items()}
        return digest_of([self.secrets, outside])

    @property
    def hash(self) -> str:
        """Of everything. What a later Tidegate adds, and nobody has set, is not in it: an upgrade is no release."""
        return digest_of(self.model_dump(mode="json", exclude_defaults=True))

    @property
    def entry(self) -> Name:
        """The port where requests go."""
        return entry_of(self.ports)


Slots = dict[Name, dict[Slot, SlotSpec]]
"""A stack's slots."""


def desired(intent: Intent, name: str) -> SlotSpec:
    """What the intent says a service's pods are to be made from."""
    environment, service = intent.environment, intent.services[name]
    sets = {s: intent.secrets[s] for s in service.secrets}
    return SlotSpec(
        version=service.version,
        image=image_of(environment.registry, service.image, service.version, service.digest),
        digest=service.digest,
        ports=service.ports,
        command=service.command,
        args=service.args,
        env=service.env,
        config=service.config,
        secrets={s: {k: found.values[k] for k in sorted(found.values)} for s, found in sets.items() if found.external is None},
        external={s: (found.external, found.required) for s, found in sets.items() if found.external is not None},
        resources=service.resources or environment.defaults.resources,
        probes=service.probes,
        smoke=service.checks.smoke,
        init=service.init,
        sidecars=service.sidecars,
        writable=service.writable,
        scratch=service.scratch,
        user=service.user,
        drain=service.drain,
        grace=service.grace,
        ready_within=service.ready_within,
        metrics=service.metrics,
        labels={"app.kubernetes.io/name": name, **environment.labels},
        annotations=service.annotations,
        pull_secret=environment.pull_secret,
        migration=service.migrations.revision if service.migrations else None,
        contract=service.migrations.contract if service.migrations else False,
        depends_on=service.depends_on,
        egress=service.egress,
        autoscaled=service.autoscaling is not None,
    )


def image_of(registry: str, image: str, version: str, digest: str | None) -> str:
    """The image's whole name: below the registry unless it names a host itself."""
    first, slash, _ = image.partition("/")
    full = image if slash and ("." in first or ":" in first or first == "localhost") else f"{registry}/{image}"
    return f"{full}:{version}" + (f"@{digest}" if digest else "")
