"""Which resource needs which: edges, dependents, and the order in which condemned resources go."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from embedded.engine.model.urn import split_provider_ref

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from embedded.engine.model.state import Resource


def provider_urn(resource: Resource) -> str:
    """The URN of the resource's provider, "" for components and providers."""
    return split_provider_ref(resource.provider)[0] if resource.provider else ""


def dependencies(resource: Resource) -> Iterator[str]:
    """The URNs that the resource was told to depend on; neither its parent nor its provider."""
    yield from resource.dependencies
    for urns in resource.property_dependencies.values():
        yield from urns
    if resource.deleted_with:
        yield resource.deleted_with
    yield from resource.replace_with


def references(resource: Resource) -> set[str]:
    """Every URN that must be there before the resource: provider, parent, dependencies."""
    found = {*dependencies(resource), provider_urn(resource), resource.parent}
    return found - {""}


def dependents(
    resources: Sequence[Resource], of: Resource, ignore: Collection[str] = (), *, include_children: bool = False
) -> list[Resource]:
    """The resources after `of` in the snapshot that need it, directly or through one another, in snapshot order."""
    found = []
    urns = {of.urn}
    start = next((i for i, r in enumerate(resources) if r is of), None)
    if start is None:
        return []
    for candidate in resources[start + 1 :]:
        if candidate.urn in ignore:
            continue
        needs = (
            (include_children and candidate.parent in urns)
            or provider_urn(candidate) in urns
            or any(urn in urns for urn in dependencies(candidate))
        )
        if needs:
            found.append(candidate)
            urns.add(candidate.urn)
    return found


class Needs:
    """For each resource of a snapshot, the resources before it that it needs (a component's descendants with the component).

    `renamed`: URN -> the one that has taken its place, by which others may refer to it by now.
    """

    def __init__(self, resources: Sequence[Resource], renamed: Mapping[str, str] = MappingProxyType({})) -> None:
        self._renamed = renamed
        self._index = {id(r): i for i, r in enumerate(resources)}
        self._resources = resources
        self._by_urn: dict[str, list[int]] = {}
        self._children: dict[str, list[int]] = {}
        for i, resource in enumerate(resources):
            self._by_urn.setdefault(self._named(resource.urn), []).append(i)
            if resource.parent:
                self._children.setdefault(self._named(resource.parent), []).append(i)

    def of(self, resource: Resource) -> list[Resource]:
        """What the resource needs."""
        at = self._index[id(resource)]
        found: dict[int, None] = {}
        for urn in {*dependencies(resource), provider_urn(resource)}:
            for i in self._by_urn.get(self._named(urn), ()):
                if i < at:
                    found[i] = None
                    if not self._resources[i].custom:
                        found.update(dict.fromkeys(j for j in self._descendants(urn) if j < at))
        for i in self._by_urn.get(self._named(resource.parent), ()):
            if i < at:
                found[i] = None
        found.pop(at, None)
        return [self._resources[i] for i in found]

    def _descendants(self, urn: str) -> Iterator[int]:
        for i in self._children.get(self._named(urn), ()):
            yield i
            yield from self._descendants(self._resources[i].urn)

    def _named(self, urn: str) -> str:
        return self._renamed.get(urn, urn)

    def transitively(self, resources: Iterable[Resource]) -> set[int]:
        """The ids (of the Python objects) of everything that the resources need, directly or not."""
        seen: set[int] = set()
        todo = [r for r in resources if id(r) in self._index]
        while todo:
            for needed in self.of(todo.pop()):
                if id(needed) not in seen:
                    seen.add(id(needed))
                    todo.append(needed)
        return seen


def deletion_order(
    condemned: Sequence[Resource], resources: Sequence[Resource], renamed: Mapping[str, str] = MappingProxyType({})
) -> list[list[Resource]]:
    """Groups to delete one after the other; inside a group nothing needs anything else of it."""
    needs = Needs(resources, renamed)
    doomed = {id(r) for r in condemned}
    positions = {id(r): i for i, r in enumerate(resources)}
    level: dict[int, int] = {}
    # Everything that a resource needs stands before it, so one pass in snapshot order settles all levels.
    for resource in sorted(condemned, key=lambda r: positions[id(r)]):
        below = [level[id(n)] for n in needs.of(resource) if id(n) in doomed]
        level[id(resource)] = max(below, default=-1) + 1
    groups: list[list[Resource]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for resource in condemned:
        groups[level[id(resource)]].append(resource)
    groups.reverse()
    return groups
