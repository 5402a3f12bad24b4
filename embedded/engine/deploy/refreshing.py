"""Refresh: read what is really there, and make it the old state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.deploy import graph
from embedded.engine.deploy.read_steps import Refresh

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.model.state import Resource


async def refresh(deployment: Deployment) -> None:
    """Read every resource that the operation is about; what is gone leaves the state, what has changed is taken over."""
    targeting = deployment.targeting
    targeting.check(targeting.targets)
    targeting.check(targeting.excludes)
    chosen = _chosen(deployment)
    for resource in chosen:
        if resource.provider:
            await deployment.registry.ensure(resource.provider)
    steps = {id(r): Refresh(r, r) for r in chosen}
    deployment.refreshing = True
    await deployment.executor.group(steps.values())
    deployment.refreshing = False
    rebuilt = _rebuilt(deployment.resources, steps)
    deployment.base_on(rebuilt)
    deployment.journal.rebase(rebuilt)


def _chosen(deployment: Deployment) -> list[Resource]:
    targeting, options = deployment.targeting, deployment.options
    targets, excludes = targeting.targets.copy(), targeting.excludes.copy()
    found = []
    for resource in deployment.resources:
        needs = set(graph.dependencies(resource)) | {resource.parent}
        if excludes:
            if resource.urn in excludes:
                continue
            if options.exclude_dependents and any(u in excludes for u in needs):
                excludes.literals.add(resource.urn)
                continue
        elif resource.urn not in targets:
            if not (options.target_dependents and any(u in targets for u in needs)):
                continue
            targets.literals.add(resource.urn)
        found.append(resource)
    return found


def _rebuilt(resources: list[Resource], steps: dict[int, Refresh]) -> list[Resource]:
    """The state after the refresh: without what is gone, and without references to it."""
    kept: list[Resource] = []
    there: set[str] = set()
    for old in resources:
        step = steps.get(id(old))
        new = old if step is None else step.new
        if new is None:
            continue
        if new.parent not in there:
            new.parent = ""
        new.dependencies = [u for u in new.dependencies if u in there]
        new.property_dependencies = {k: [u for u in us if u in there] for k, us in new.property_dependencies.items()}
        new.replace_with = [u for u in new.replace_with if u in there]
        if new.deleted_with not in there:
            new.deleted_with = ""
        kept.append(new)
        there.add(new.urn)
    return kept
