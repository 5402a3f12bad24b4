"""`up`, `preview`, `refresh`, `destroy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.command import operation_flags as flags
from embedded.engine.command.flags import Verb
from embedded.engine.command.running import Task, carry_out, check_confirmation
from embedded.engine.command.terminal import say
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError
from embedded.engine.settings.config import parse_key

if TYPE_CHECKING:
    from embedded.engine.api import Session
    from embedded.engine.backend.naming import StackName
    from embedded.engine.command.context import Context
    from embedded.engine.deploy.options import Kind


def up(context: Context) -> None:
    """Bring what the program asks for about."""
    check_confirmation(context, "update")
    _operate(context, "update")


def preview(context: Context) -> None:
    """Say what `up` would do."""
    _operate(context, "preview")


def refresh(context: Context) -> None:
    """Take what is really there into the state."""
    check_confirmation(context, "refresh")
    _operate(context, "refresh")


def destroy(context: Context) -> None:
    """Delete everything."""
    check_confirmation(context, "destroy")
    name = context.stack()
    targets = _unprotected(context, name) if context.given.on("exclude-protected") else None
    if targets == ():
        say(f"There were no unprotected resources to destroy. {_protected_left(context, name)}")
        return
    if not _operate(context, "destroy", targets):
        return
    given = context.given
    if targets is not None:
        say(f"All unprotected resources were destroyed. {_protected_left(context, name)}")
    elif given.on("remove"):
        _remove(context, name)
    elif not (given.many("target") or given.many("exclude") or given.on("json")):
        say(
            "The resources in the stack have been deleted, but the history and configuration associated with the stack are still "
            f"maintained. \nIf you want to remove the stack completely, run `pulumi stack rm {context.shown(name)}`."
        )


def _operate(context: Context, kind: Kind, targets: tuple[str, ...] | None = None) -> bool:
    """Run the operation; whether it changed anything or could have."""
    from embedded.engine.command.hosting import Hosts

    name = context.stack(may_init=True)
    _check_packs(context)
    session = context.session(name)
    _set_config(context, session)
    with Hosts(context, session, needs_program=kind in ("preview", "update")) as hosts:
        return carry_out(context, Task(kind, session, hosts, targets=targets)) is not None


def _check_packs(context: Context) -> None:
    packs, configs = context.given.many("policy-pack"), context.given.many("policy-pack-config")
    if configs and len(packs) != len(configs):
        msg = '"--policy-pack-config" must be specified for each "--policy-pack"'
        raise ConfigurationError(msg)


def _set_config(context: Context, session: Session) -> None:
    for pair in context.given.many("config"):
        key, equals, value = pair.partition("=")
        if not equals:
            msg = f"--config needs `key=value`, not `{pair}`"
            raise ConfigurationError(msg)
        path = context.given.on("config-path")
        session.settings.config.set(parse_key(key, context.project.name, path=path), value, path=path)
    if context.given.many("config"):
        session.settings.save()


def _resources(context: Context, name: StackName) -> list[dict[str, Any]]:
    return (context.backend.deployment(name).get("deployment") or {}).get("resources") or []


def _unprotected(context: Context, name: StackName) -> tuple[str, ...]:
    """The resources that are not protected and that no protected one needs."""
    kept: set[str] = set()
    found = []
    for resource in reversed(_resources(context, name)):
        if resource.get("protect") or resource["urn"] in kept:
            kept |= {resource.get("parent", ""), *resource.get("dependencies", ())}
            kept.add(urns.split_provider_ref(resource["provider"])[0] if resource.get("provider") else "")
        elif resource["type"] != urns.STACK_TYPE and not urns.is_provider_type(resource["type"]):
            found.append(resource["urn"])
    return tuple(reversed(found))


def _protected_left(context: Context, name: StackName) -> str:
    count = sum(1 for r in _resources(context, name) if r.get("protect"))
    return f"There are still {count} protected resources associated with this stack."


def _remove(context: Context, name: StackName) -> None:
    from embedded.engine.settings import workspace

    was_selected = context.selected() == name
    context.backend.remove(name)
    context.settings_file(name).unlink(missing_ok=True)
    if was_selected:
        workspace.select_stack(context.project, context.backend_url, None)
    say(f"The resources in the stack have been deleted, and the stack '{context.shown(name)}' with its configuration has been removed.")


VERBS = (
    Verb("up", "Create or update the resources in a stack", up, flags.UP, aliases=("update",)),
    Verb("preview", "Show a preview of updates to a stack's resources", preview, flags.PREVIEW, aliases=("pre",)),
    Verb("refresh", "Refresh the resources in a stack", refresh, flags.REFRESH),
    Verb("destroy", "Destroy all existing resources in the stack", destroy, flags.DESTROY, aliases=("down", "dn")),
)
