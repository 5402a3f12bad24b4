"""Updates of a part of a stack: --target, --exclude, --replace and their dependents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine.deploy import graph
from embedded.engine.deploy.steps import Same
from embedded.engine.deploy.targets import Targets
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import Bail, EngineError

if TYPE_CHECKING:
    import asyncio

    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.goal import Registered
    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.state import Resource


class Targeting:
    """Which resources the operation is about."""

    def __init__(self, deployment: Deployment) -> None:
        options = deployment.options
        self._deployment = deployment
        self.targets = Targets.parse(options.targets)
        self.excludes = Targets.parse(options.excludes)
        self.replaces = Targets.parse(options.replaces)
        self._target_dependents, self._exclude_dependents = options.target_dependents, options.exclude_dependents
        # Those named, and those that came in (or stayed out) because they depend on one that did.
        self._targeted, self._excluded = self.targets.copy(), self.excludes.copy()
        self._pending: dict[str, Step] = {}

    def check(self, targets: Targets, also: set[str] | None = None) -> None:
        """Refuse names that no resource has."""
        known = {r.urn for r in self._deployment.resources} | (also or set())
        unknown = sorted(t for t in targets.literals if t not in known)
        for target in unknown:
            hint = "" if "$" in target else " Did you forget to escape $ in your shell?"
            self._deployment.log("error", f"Target '{target}' could not be found in the stack.{hint}")
        if unknown:
            msg = "one or more targets could not be found in the stack"
            raise Bail(msg)

    def is_replaced(self, urn: str, old: Resource | None) -> bool:
        """Whether the resource is to be replaced whatever its diff says."""
        return bool((self.replaces and urn in self.replaces) or (old and old.taint))

    def includes(self, resource: Resource) -> bool:
        """Whether the operation is about the resource. Providers and the stack always belong to it."""
        if urns.is_provider_type(resource.type) or resource.type == urns.STACK_TYPE:
            return True
        if self.targets:
            return self._is_targeted(resource)
        return not (self.excludes and self._is_excluded(resource))

    def _is_targeted(self, resource: Resource) -> bool:
        if resource.urn in self.targets:
            return True
        return self._target_dependents and any(u in self._targeted for u in graph.references(resource))

    def _is_excluded(self, resource: Resource) -> bool:
        if resource.urn in self.excludes:
            return True
        return self._exclude_dependents and any(u in self._excluded for u in graph.references(resource))

    def note(self, resource: Resource, *, targeted: bool) -> None:
        """Remember what came in or stayed out, for those that depend on it."""
        if self.excludes and not targeted:
            self._excluded.literals.add(resource.urn)
        elif self.targets and targeted and self._is_targeted(resource):
            self._targeted.literals.add(resource.urn)

    def untouched(self, old: Resource, done: asyncio.Future[Registered] | None) -> list[Step]:
        """Keep a resource as it is, and first everything it needs that the program has not mentioned."""
        deployment = self._deployment
        if old.provider and deployment.registry.get(old.provider) is None:
            urn = urns.split_provider_ref(old.provider)[0]
            msg = (
                f"provider {old.provider} for resource {old.urn} has not been registered yet, this is due to a change of providers mixed "
                "with --target. Change your program back to the original providers"
                if urn in deployment.olds
                else f"could not find provider {old.provider} in old state"
            )
            raise EngineError(msg)
        return self._kept(old, done)

    def _kept(self, old: Resource, done: asyncio.Future[Registered] | None) -> list[Step]:
        deployment, generator = self._deployment, self._deployment.generator
        steps: list[Step] = []
        generator.urns.add(old.urn)
        generator.same.add(old.urn)
        for urn in sorted(graph.references(old)):
            if generator.has_step(urn):
                continue
            needed = deployment.olds.get(urn)
            if needed is None:
                msg = f"{urn}, which untargeted resource {old.urn} needs, has no old state"
                raise Bail(msg)
            steps += self._kept(needed, None)
        return [*steps, Same(old, replace(old, id=""), done, untargeted=True)]

    def untouched_dependencies(self, new: Resource) -> list[Step]:
        """Keep what a targeted resource needs and the program does not mention."""
        if not self.targets:
            return []
        steps: list[Step] = []
        for urn in sorted(graph.references(new)):
            old = self._deployment.olds.get(urn)
            if old and urn not in self._deployment.generator.urns and not self._deployment.generator.has_step(urn):
                steps += self._kept(old, None)
        return steps

    def validated(self, steps: list[Step]) -> list[Step]:
        """Refuse a step whose resource needs one that was not created because it was not targeted."""
        if not self.targets and not self.replaces:
            return steps
        skipped = self._deployment.generator.skipped_creates
        for step in steps:
            if step.new is None or (isinstance(step, Same) and step.skipped_create):
                continue
            for urn in sorted(graph.references(step.new) & skipped):
                message = f"Resource '{step.urn}' depends on '{urn}' which was was not specified in --target list."
                self._deployment.log("error", message, urn=step.urn)
                self._deployment.failed = True
                if not self._deployment.options.dry_run:
                    raise Bail(message)
                skipped.discard(urn)
        return steps
