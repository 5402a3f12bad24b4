"""Former URNs: those that a program gives, and those that a child has because its parent was renamed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.model import urn as urns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.deploy.goal import Goal
    from embedded.engine.model.ports import Alias
    from embedded.engine.model.urn import URN


def former_urns(goal: Goal, stack: str, project: str, renamed: Mapping[str, str]) -> list[URN]:
    """The URNs that the resource may have had, in the order in which they are tried. `renamed`: new URN -> the alias it matched."""
    found = [_whole(alias, goal, stack, project, renamed) for alias in goal.aliases]
    if goal.parent and (parent_alias := renamed.get(goal.parent)):
        inherited = [(goal.type, goal.name), *((urns.type_of(a), urns.name_of(a)) for a in found)]
        found += [_inherited(type_, name, goal.parent, parent_alias, stack, project) for type_, name in inherited]
    return list(dict.fromkeys(found))


def _whole(alias: Alias, goal: Goal, stack: str, project: str, renamed: Mapping[str, str]) -> URN:
    if alias.urn:
        return urns.URN(alias.urn)
    parent = renamed.get(alias.parent, alias.parent) if alias.parent else goal.parent
    if alias.no_parent or (parent and urns.qualified_type(parent) == urns.STACK_TYPE):
        parent = ""
    return urns.make(alias.stack or stack, alias.project or project, parent, alias.type or goal.type, alias.name or goal.name)


def _inherited(type_: str, name: str, parent: str, parent_alias: str, stack: str, project: str) -> URN:
    """A child named after its parent was named after the parent's old name."""
    old_parent = urns.name_of(parent)
    if name.startswith(old_parent):
        name = urns.name_of(parent_alias) + name.removeprefix(old_parent)
    return urns.make(stack, project, parent_alias, type_, name)
