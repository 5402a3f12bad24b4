"""Import without a program: existing resources become part of the stack, as `pulumi import` is told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from embedded.engine.deploy.default_providers import DefaultProviders, default_name
from embedded.engine.deploy.goal import Goal
from embedded.engine.deploy.read_steps import Import
from embedded.engine.deploy.registry import VERSION
from embedded.engine.deploy.steps import Create, Same, is_default_provider
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import PackageRef
from embedded.engine.model.state import Resource

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.deploy.options import ImportSpec
    from embedded.engine.deploy.steps import Step


async def import_resources(deployment: Deployment) -> None:
    """Keep what is there, make the stack and the default providers where they are missing, then read each resource."""
    for resource in deployment.resources:
        deployment.generator.urns.add(resource.urn)
        deployment.generator.same.add(resource.urn)
    kept: list[Step] = [Same(r, _copy(r)) for r in deployment.resources if not r.delete]
    await deployment.executor.chain(kept)
    root = urns.root(deployment.stack, deployment.project)
    if root not in deployment.olds:
        deployment.generator.urns.add(root)
        await deployment.executor.chain([Create(None, Resource(root, urns.STACK_TYPE, custom=False))])
        await deployment.executor.outputs(root, {})
    defaults = DefaultProviders(deployment)
    for group in _by_parent(deployment, root):
        steps = [await _step(deployment, defaults, spec, root) for spec in group]
        await deployment.executor.group(steps)
        if deployment.executor.failed:
            return


def _copy(resource: Resource) -> Resource:
    from dataclasses import replace

    return replace(resource, id="")


def _by_parent(deployment: Deployment, root: str) -> list[list[ImportSpec]]:
    """The specs in groups: each group's parents are there, or in a group before."""
    known = {r.urn for r in deployment.resources} | {root}
    waiting = list(deployment.options.imports)
    groups = []
    while waiting:
        ready = [s for s in waiting if (s.parent or root) in known]
        if not ready:
            spec = waiting[0]
            msg = f"unknown parent '{spec.parent}' for resource '{spec.name}'"
            raise EngineError(msg)
        groups.append(ready)
        known |= {_urn(deployment, s, root) for s in ready}
        waiting = [s for s in waiting if s not in ready]
    return groups


def _urn(deployment: Deployment, spec: ImportSpec, root: str) -> str:
    return urns.make(deployment.stack, deployment.project, spec.parent or root, spec.type, spec.name)


async def _step(deployment: Deployment, defaults: DefaultProviders, spec: ImportSpec, root: str) -> Step:
    urn = _urn(deployment, spec, root)
    if urn in deployment.generator.urns:
        msg = f"resource '{urn}' already exists"
        raise EngineError(msg)
    deployment.generator.urns.add(urn)
    deployment.goals[urn] = Goal(spec.type, spec.name, custom=not spec.component, properties={})
    provider = ""
    if not spec.component:
        if spec.provider:
            old = deployment.olds.get(spec.provider)
            if old is None:
                msg = f"unknown provider '{spec.provider}' for resource '{spec.name}'"
                raise EngineError(msg)
            provider = urns.provider_ref(spec.provider, old.id)
        else:
            provider = await _default_provider(deployment, defaults, spec)
    new = Resource(
        urn, spec.type, custom=not spec.component, parent=spec.parent or root, provider=provider, protect=spec.protect, import_id=spec.id
    )
    return Import(None, new, planned=True, properties=spec.properties, seed=os.urandom(32))


async def _default_provider(deployment: Deployment, defaults: DefaultProviders, spec: ImportSpec) -> str:
    """The reference of the package's default provider: the one that the stack has already, as it is, or a new one."""
    name = urns.package_of(spec.type)
    package = PackageRef(name, spec.version or _version_in_use(deployment, name))
    old = deployment.olds.get(
        urns.make(deployment.stack, deployment.project, "", urns.PROVIDER_PREFIX + package.name, default_name(package))
    )
    return urns.provider_ref(old.urn, old.id) if old else await defaults.reference(package, spec.type)


def _version_in_use(deployment: Deployment, package: str) -> str:
    """The version of the package that the stack's default provider has; "" if there is none."""
    providers = [r for r in deployment.olds.values() if r.type == urns.PROVIDER_PREFIX + package and is_default_provider(r)]
    return str(providers[-1].inputs.get(VERSION, "")) if providers else ""
