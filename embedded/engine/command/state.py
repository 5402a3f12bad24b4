"""`state`: edits of a stack's state, one resource at a time. No program and no provider is asked.

The edits are made in the checkpoint's JSON: nothing is decrypted, and no passphrase is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from embedded.engine.command.common import REAL, STACK, YES
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import choose, say
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import CancelledError, ConfigurationError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.command.context import Context

Resource = dict[str, Any]

_HINT: Final = (
    "\nTo list the resource URNs in the stack, run `pulumi stack --show-urns`; to inspect the full state, run `pulumi stack export`."
)


def _edit(context: Context, question: str, change: Callable[[list[Resource]], str]) -> None:
    """Change the state's resources under the stack's lock; `change` edits the list and says what to print."""
    name = context.stack()
    if (
        context.interactive
        and not context.given.on("yes")
        and choose(f"This will {question} in the stack's state. Go on?", ("no", "yes")) == "no"
    ):
        msg = "confirmation declined"
        raise CancelledError(msg)
    with context.backend.lock(name):
        untyped = context.backend.deployment(name)
        latest = untyped.get("deployment") or {}
        said = change(latest.setdefault("resources", []))
        if not latest["resources"]:
            del latest["resources"]
        features = set(untyped.pop("features", ())) - {"taint"}
        if any(r.get("taint") for r in latest.get("resources", ())):
            features.add("taint")
        if features:
            untyped = {"version": 4, "features": sorted(features), **{k: v for k, v in untyped.items() if k != "version"}}
        elif untyped["version"] > 3:
            untyped["version"] = 3
        context.backend.backup(name)
        context.backend.write_deployment(name, untyped)
    say(said)


def _flagged(flag: str, done: str, *, on: bool) -> Callable[[Context], None]:
    """The verb that sets or clears a flag of resources."""

    def run(context: Context) -> None:
        everything = context.given.on("all")
        if everything == bool(context.args):
            msg = (
                "must provide a URN corresponding to a resource, or --all" if not everything else "cannot specify URNs together with --all"
            )
            raise ConfigurationError(msg)

        def change(resources: list[Resource]) -> str:
            wanted = resources if everything else [r for urn in context.args for r in _found(resources, urn)]
            for resource in wanted:
                _set(resource, flag, on=on)
            if everything:
                return f"All resources {done}"
            return f"Resource {done}" if len(context.args) == 1 else f"{len(context.args)} resources {done}"

        _edit(context, f"have resources {done}", change)

    return run


def _found(resources: list[Resource], urn: str) -> list[Resource]:
    found = [r for r in resources if r["urn"] == urn]
    if not found:
        msg = f'No such resource "{urn}" exists in the current state{_HINT}'
        raise EngineError(msg)
    return found


def _set(resource: Resource, key: str, *, on: bool) -> None:
    """Set or clear a flag. Keys keep the order that state files have."""
    resource.pop(key, None)
    if on:
        order = ("urn", "custom", "delete", "id", "type", "inputs", "outputs", "parent", "protect", "taint")
        before = {k: resource.pop(k) for k in list(resource) if k in order[: order.index(key)]}
        after = dict(resource)
        resource.clear()
        resource.update(before | {key: True} | after)


def delete(context: Context) -> None:
    """Forget resources, without deleting anything outside the state."""
    given = context.given
    if given.on("all"):
        if context.args:
            msg = "cannot specify a resource URN when deleting all resources"
            raise ConfigurationError(msg)
    elif not context.args:
        msg = "must provide a URN corresponding to a resource, or --all"
        raise ConfigurationError(msg)
    for urn in context.args:
        if not urns.is_valid(urn):
            msg = f'"{urn}" is not a valid resource URN{_HINT}'
            raise EngineError(msg)

    def change(resources: list[Resource]) -> str:
        gone = {r["urn"] for r in resources} if given.on("all") else {r["urn"] for urn in context.args for r in _found(resources, urn)}
        gone = _with_dependents(resources, gone, allowed=given.on("target-dependents"))
        _check_protected([r for r in resources if r["urn"] in gone], force=given.on("force"))
        resources[:] = [r for r in resources if r["urn"] not in gone]
        return "Resource deleted" if len(gone) == 1 else f"{len(gone)} resources deleted"

    _edit(context, "delete resources", change)


def _with_dependents(resources: list[Resource], gone: set[str], *, allowed: bool) -> set[str]:
    dependents: dict[str, str] = {}
    everything = set(gone)
    for resource in resources:  # whatever a resource needs comes before it
        if resource["urn"] not in everything and _needs(resource) & everything:
            dependents[resource["urn"]] = urns.name_of(resource["urn"])
            everything.add(resource["urn"])
    if dependents and not allowed:
        listed = "".join(f'\n * "{name}" ({urn})' for urn, name in dependents.items())
        msg = f"these resources depend on what is to be deleted:{listed}\nDelete them first, or pass --target-dependents"
        raise EngineError(msg)
    return everything


def _needs(resource: Resource) -> set[str]:
    needs = {resource.get("parent"), resource.get("deletedWith"), *resource.get("dependencies", ()), *resource.get("replaceWith", ())}
    if resource.get("provider"):
        needs.add(urns.split_provider_ref(resource["provider"])[0])
    for properties in (resource.get("propertyDependencies") or {}).values():
        needs |= set(properties or ())
    return {n for n in needs if n}


def _check_protected(resources: list[Resource], *, force: bool) -> None:
    protected = [r["urn"] for r in resources if r.get("protect")]
    if protected and not force:
        msg = f"{protected[0]} can't be safely deleted because it is protected; pass --force to delete it all the same"
        raise EngineError(msg)


def rename(context: Context) -> None:
    """Give a resource another name, everywhere in the state."""
    old, name = context.args
    if not urns.is_valid(old):
        msg = f'"{old}" is not a valid resource URN{_HINT}'
        raise EngineError(msg)
    new = old[: len(old) - len(urns.name_of(old))] + name

    def change(resources: list[Resource]) -> str:
        _found(resources, old)
        if any(r["urn"] == new for r in resources):
            msg = f"a resource of the URN {new} exists already"
            raise EngineError(msg)
        for resource in resources:
            _replace(resource, old, new)
        return "Resource renamed"

    _edit(context, "rename a resource", change)


def _replace(resource: Resource, old: str, new: str) -> None:
    def renamed(urn: str) -> str:
        return new if urn == old else urn

    for key in ("urn", "parent", "deletedWith", "viewOf"):
        if resource.get(key):
            resource[key] = renamed(resource[key])
    for key in ("dependencies", "replaceWith"):
        if resource.get(key):
            resource[key] = [renamed(urn) for urn in resource[key]]
    if resource.get("propertyDependencies"):
        resource["propertyDependencies"] = {k: [renamed(urn) for urn in v or ()] for k, v in resource["propertyDependencies"].items()}
    if resource.get("provider"):
        urn, id_ = urns.split_provider_ref(resource["provider"])
        resource["provider"] = urns.provider_ref(renamed(urn), id_)


_ALL: Final = Flag("all", "All resources of the stack")


def _flag_verb(name: str, help_: str, flag: str, done: str, *, on: bool) -> Verb:
    return Verb(name, help_, _flagged(flag, done, on=on), (STACK, YES, _ALL), args="[resource-urn]...", most=None)


VERBS = (
    Verb(
        "state",
        "Edit the current stack's state",
        children=(
            _flag_verb("protect", "Protect resources", "protect", "protected", on=True),
            _flag_verb("unprotect", "Unprotect resources", "protect", "unprotected", on=False),
            _flag_verb("taint", "Have resources replaced by the next update", "taint", "tainted", on=True),
            _flag_verb("untaint", "Take back `taint`", "taint", "untainted", on=False),
            Verb(
                "delete",
                "Delete resources from the state, and only from there",
                delete,
                (STACK, YES, _ALL, Flag("force", "Delete protected resources too"), Flag("target-dependents", "Delete dependents too")),
                args="[resource-urn]...",
                most=None,
                aliases=("remove", "rm"),
            ),
            Verb("rename", "Rename a resource", rename, (STACK, YES), args="<resource-urn> <new-name>", least=2, most=2),
            Verb("get", "", refused="use `pulumi stack export`"),
            *(Verb(name, "", refused=REAL) for name in ("edit", "move", "repair", "upgrade")),
        ),
    ),
)
