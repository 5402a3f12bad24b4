"""What has to be replaced with a resource that is deleted before its replacement is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.deploy import differ, graph
from embedded.engine.deploy.steps import diff_of
from embedded.engine.model import urn as urns
from embedded.engine.model.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from embedded.engine.deploy.deployment import Deployment
    from embedded.engine.model.ports import Diff
    from embedded.engine.model.state import Resource


async def dependents(deployment: Deployment, root: Resource) -> list[tuple[Resource, tuple[str, ...]]]:
    """The old resources that cannot live without `root`, in snapshot order, with the keys that make each replace."""
    generator = deployment.generator
    decided = (
        generator.read | generator.created | generator.same | generator.updated | deployment.deletes | (generator.replaced - {root.urn})
    )
    doomed = {root.urn}
    found: list[tuple[Resource, tuple[str, ...]]] = []
    for resource in graph.dependents(deployment.resources, root, decided):
        keys = await _must_go(deployment, resource, doomed)
        if keys is not None:
            found.append((resource, keys))
            doomed.add(resource.urn)
    for resource in deployment.olds.values():
        with_root = root.urn in resource.replace_with or resource.deleted_with == root.urn
        if with_root and resource.urn not in doomed and resource.urn not in decided:
            found.append((resource, ()))
            doomed.add(resource.urn)
    return found


async def _must_go(deployment: Deployment, resource: Resource, doomed: set[str]) -> tuple[str, ...] | None:
    """The keys that make the resource replace when everything in `doomed` is; None if it can stay."""
    if not resource.custom or resource.external:
        return None
    if graph.provider_urn(resource) in doomed or resource.deleted_with in doomed:
        return ()
    inputs = dict(resource.inputs)
    touched = [key for key in inputs if any(u in doomed for u in resource.property_dependencies.get(key, ()))]
    if not touched:
        return None
    for key in touched:
        inputs[key] = UNKNOWN
    if urns.is_provider_type(resource.type):
        await deployment.registry.load(resource)
        diff = await deployment.registry.diff(resource, inputs, resource.ignore_changes)
    else:
        provider = await deployment.registry.ensure(resource.provider)
        diff = await diff_of(deployment, provider, resource, inputs, resource.ignore_changes)
    diff = differ.replacing(diff, resource.replace_on_changes, init_errors=False)
    return diff.replaces or None


def protected_message(urn: str) -> str:
    """Why a protected resource is not replaced."""
    return (
        f'unable to replace resource "{urn}"\nas it is currently marked for protection. To unprotect the resource, '
        "remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`"
    )


def protected_dependent_message(urn: str, root: str) -> str:
    """Why a resource is not replaced whose protected dependent would have to go first."""
    return (
        f'unable to replace resource "{urn}" as part of replacing "{root}" as it is currently marked for protection. '
        "To unprotect the resource, remove the `protect` flag from the resource in your Pulumi program and run `pulumi up`, "
        "or use the command:\n"
        f"`pulumi state unprotect '{urn}'`"
    )


def imported_message(old: Resource, new: Resource, diff: Diff) -> str:
    """Why a resource that still names an import id is not replaced."""

    def shown(resource: Resource, key: str) -> str:
        value = resource.inputs.get(key)
        return "[secret]" if isinstance(value, Secret) else str(value)

    changes = "\n".join(f"{key}: {shown(old, key)} => {shown(new, key)}" for key in diff.replaces)
    return (
        "previously-imported resources that still specify an ID may not be replaced; "
        f"please remove the `import` declaration from your program;\n{changes}"
    )
