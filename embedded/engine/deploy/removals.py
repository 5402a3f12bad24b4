"""The resources of the old state that the program does not want any more, and the order in which they go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine.deploy import graph, replacements
from embedded.engine.deploy.steps import Delete, RemovePendingReplace, Same
from embedded.engine.model.errors import Bail

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.steps import Step
    from embedded.engine.model.state import Resource


async def remove_unwanted(deployment: Deployment) -> None:
    """Delete what is left over: replaced resources, and those that nobody registered."""
    kept, condemned = await _decide(deployment)
    await deployment.executor.chain(kept)
    steps = {id(s.resource): s for s in condemned}
    # What was replaced under another name still has its old one, while those that need it already know the new one.
    renamed = deployment.generator.aliased
    needs = graph.Needs(deployment.resources, renamed)
    for group in graph.deletion_order([s.resource for s in condemned], deployment.resources, renamed):
        # What a resource needs stays as long as the resource could not be deleted.
        needed = needs.transitively(r for s in deployment.executor.errored for r in (s.old, s.resource) if r)
        await deployment.executor.group(steps[id(r)] for r in group if id(r) not in needed)


async def _decide(deployment: Deployment) -> tuple[list[Step], list[Step]]:
    generator = deployment.generator
    allowed = await _allowed(deployment)
    kept: list[Step] = []
    condemned: list[Step] = []
    for resource in deployment.resources:
        if allowed is not None and resource.urn not in allowed:
            if not generator.is_operated_on(resource.urn):
                kept.append(Same(resource, replace(resource, id=""), untargeted=True))
            continue
        if resource.delete:
            if id(resource) not in generator.condemned:
                condemned.append(Delete(resource, None, replacing=True))
        elif not generator.is_operated_on(resource.urn):
            condemned.append(RemovePendingReplace(resource, None) if resource.pending_replacement else Delete(resource, None))
    _refuse_untargeted(deployment, condemned)
    deployment.deletes.update(s.urn for s in condemned)
    for step in condemned:
        if step.resource.custom and step.resource.provider and not isinstance(step, RemovePendingReplace):
            await deployment.registry.ensure(step.resource.provider)
    return kept, condemned


def _refuse_untargeted(deployment: Deployment, condemned: list[Step]) -> None:
    targeting = deployment.targeting
    if deployment.options.target_dependents:
        return
    refused = [s for s in condemned if s.urn not in targeting.targets]
    for step in refused:
        message = (
            f"Resource '{step.urn}' will be destroyed but was not specified in --target list.\n"
            "Either include resource in --target list or pass --target-dependents to proceed."
        )
        deployment.log("error", message, urn=step.urn)
        deployment.failed = True
    if refused and not deployment.options.dry_run:
        msg = "delete untargeted resource"
        raise Bail(msg)


async def _allowed(deployment: Deployment) -> set[str] | None:
    """The URNs that may be deleted; None for all."""
    targeting = deployment.targeting
    if targeting.targets:
        return await _with_dependents(deployment)
    if targeting.excludes:
        return {r.urn for r in deployment.resources} - _with_dependencies(deployment)
    return None


async def _with_dependents(deployment: Deployment) -> set[str]:
    found: set[str] = set()
    for resource in deployment.resources:
        if resource.urn in deployment.targeting.targets:
            found.add(resource.urn)
            found.update(d.urn for d in graph.dependents(deployment.resources, resource, include_children=True))
            found.update(d.urn for d, _ in await replacements.dependents(deployment, resource))
    return found


def _with_dependencies(deployment: Deployment) -> set[str]:
    """The excluded resources, and all that they need (and, as asked, all that needs them)."""
    needs = graph.Needs(deployment.resources)
    excluded: list[Resource] = [r for r in deployment.resources if r.urn in deployment.targeting.excludes]
    if deployment.options.exclude_dependents:
        for resource in list(excluded):
            excluded += graph.dependents(deployment.resources, resource, include_children=True)
    needed = needs.transitively(excluded)
    return {r.urn for r in excluded} | {r.urn for r in deployment.resources if id(r) in needed}
