"""`stack`: which stacks there are, which is selected, and what is in one."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING, Any

from embedded.engine.command import stack_state, stack_tags
from embedded.engine.command.common import JSON, OUTPUT, REAL, STACK, YES
from embedded.engine.command.context import NoStackNamedError
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.stack_state import outputs_table, root_outputs
from embedded.engine.command.terminal import ago, choose, complain, confirm_name, go_time, json_time, say, say_json, table
from embedded.engine.model import gojson
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError, EngineError, NoSuchStackError, NotSupportedError
from embedded.engine.settings import workspace

if TYPE_CHECKING:
    from embedded.engine.backend.naming import StackName
    from embedded.engine.command.context import Context


def stack(context: Context) -> None:
    """Print the stack with its resources and outputs."""
    name = context.stack(may_init=True)
    if context.given.on("show-name"):
        say(context.shown(name))
        return
    untyped = context.backend.deployment(name)
    latest = untyped.get("deployment") or {}
    resources = latest.get("resources") or []
    if context.json:
        say_json(
            {
                "name": name.full,
                "current": name == context.selected(),
                "resourceCount": len(resources),
                "outputs": root_outputs(context, name),
            }
        )
        return
    say(f"Current stack is {context.shown(name)}:")
    say(f"    Managed by {platform.node()}")
    manifest = latest.get("manifest") or {}
    moment = gojson.parse_time(manifest.get("time") or "")
    if moment:
        say(f"    Last updated: {ago(moment)} ({go_time(manifest['time'])})")
    if manifest.get("version"):
        say(f"    Pulumi version used: {manifest['version']}")
    say(f"Current stack resources ({len(resources)}):")
    say(_tree(resources, urn=context.given.on("show-urns"), ids=context.given.on("show-ids")))
    say()
    if resources:
        say(outputs_table(root_outputs(context, name)))
        say()
    say("Use `pulumi stack select` to change stack; `pulumi stack ls` lists known ones")


def _tree(resources: list[dict[str, Any]], *, urn: bool, ids: bool) -> str:
    if not resources:
        return "    No resources currently in this stack"
    children: dict[str, list[dict[str, Any]]] = {}
    root = next((r for r in resources if r["type"] == urns.STACK_TYPE and not r.get("parent")), None)
    orphans = [r for r in resources if r is not root and not r.get("parent")]
    for resource in resources:
        if resource.get("parent"):
            children.setdefault(resource["parent"], []).append(resource)
    if root is None:
        return table(("TYPE", "NAME"), [(r["type"], urns.name_of(r["urn"])) for r in resources], "    ")
    children[root["urn"]] = children.get(root["urn"], []) + orphans
    rows: list[tuple[str, str, list[str]]] = []
    _branch(root, "", "", children, rows, urn=urn, ids=ids)
    width = max(len("TYPE"), *(len(type_) for type_, *_ in rows))
    lines = [f"    {'TYPE':<{width}}  NAME"]
    for type_, name, details in rows:
        lines += [f"    {type_:<{width}}  {name}", *(f"    {d}" for d in details)]
    return "\n".join(lines)


def _branch(
    resource: dict[str, Any],
    padding: str,
    branch: str,
    children: dict[str, list[dict[str, Any]]],
    rows: list[tuple[str, str, list[str]]],
    *,
    urn: bool,
    ids: bool,
) -> None:
    below = padding + {"├─ ": "│  ", "└─ ": "   "}.get(branch, "")
    # Each URN once: a replaced resource that waits for its deletion shares it with its successor.
    mine = children.pop(resource["urn"], [])
    margin = below + ("│  " if mine else "   ")
    details = ([f"{margin}URN: {resource['urn']}"] if urn else []) + (
        [f"{margin}ID: {resource['id']}"] if ids and resource.get("id") else []
    )
    rows.append((padding + branch + resource["type"], urns.name_of(resource["urn"]), details))
    for i, child in enumerate(mine):
        _branch(child, below, "└─ " if i == len(mine) - 1 else "├─ ", children, rows, urn=urn, ids=ids)


def init(context: Context) -> None:
    """Create a stack."""
    named = context.args[0] if context.args else context.given.text("stack")
    if not named:
        if not context.interactive:
            msg = "missing stack name"
            raise EngineError(msg)
        named = input("Please enter your desired stack name: ").strip()
    _create(context, context.parse(named), select=not context.given.on("no-select"))


def _create(context: Context, name: StackName, *, select: bool) -> None:
    provider = context.given.text("secrets-provider")
    if provider not in ("", "default", "passphrase"):
        what = f"the secrets provider {provider!r}"
        raise NotSupportedError(what, "use the passphrase provider, or " + REAL)
    if context.backend.exists(name):
        msg = f"stack '{name.full}' already exists"
        raise EngineError(msg)
    from embedded.engine.api import Session

    session = Session(context.project, name, context.backend, context.settings(name), context.ask)
    secrets = session.secrets
    secrets.verify()
    source = context.given.text("copy-config-from")
    if source:
        old = context.session(context.stack(source))
        config = old.settings.config
        session.settings.config = config.reencrypted(old.secrets, secrets) if config.has_secrets() else config.copy()
        session.settings.save()
    context.backend.create(name)
    with context.backend.lock(name):
        latest = {
            "manifest": {"time": gojson.timestamp(), "magic": "", "version": ""},
            "secrets_providers": secrets.provider,
            "metadata": {},
        }
        context.backend.write_deployment(name, {"version": 3, "deployment": latest})
    complain(f"Created stack '{context.shown(name)}'")
    if select:
        workspace.select_stack(context.project, context.backend_url, name.full)


def select(context: Context) -> None:
    """Make a stack the current one."""
    named = context.args[0] if context.args else context.given.text("stack")
    if not named:
        if not context.interactive:
            msg = "no stack selected; specify a stack name with --stack"
            raise NoStackNamedError(msg)
        names = [context.shown(n) for n in context.backend.stacks(context.project.name)]
        if not names:
            msg = "no stack is there to select; use `pulumi stack init`"
            raise EngineError(msg)
        named = choose("Please choose a stack", names)
    name = context.parse(named)
    if not context.backend.exists(name):
        if not context.given.on("create"):
            raise NoSuchStackError(named)
        _create(context, name, select=False)
    workspace.select_stack(context.project, context.backend_url, name.full)


def unselect(context: Context) -> None:
    """Have no current stack."""
    workspace.select_stack(context.project, context.backend_url, None)
    complain("Stack was unselected")


def ls(context: Context) -> None:
    """List stacks."""
    given = context.given
    organization = given.text("organization")
    if organization not in ("", "organization"):
        msg = "filtering stacks by organization: this backend's only one is `organization`"
        raise ConfigurationError(msg)
    project = given.text("project") or (None if given.on("all") else context.project_name)
    names = context.backend.stacks(project)
    tag, _, value = given.text("tag").partition("=")
    if tag:
        tags = {n: context.backend.tags(n) for n in names}
        names = [n for n in names if tag in tags[n] and value in ("", tags[n][tag])]
    current = context.selected()
    found = [(n, context.backend.summary(n)) for n in names]
    if context.json:
        say_json([_summary_json(context.shown(n), s, current=n == current) for n, s in found])
        return
    rows = []
    for name, summary in found:
        moment = gojson.parse_time(summary.last_update or "")
        count = "n/a" if summary.resource_count is None else str(summary.resource_count)
        rows.append((context.shown(name) + ("*" if name == current else ""), ago(moment) if moment else "n/a", count))
    say(table(("NAME", "LAST UPDATE", "RESOURCE COUNT"), rows))


def _summary_json(shown: str, summary: Any, *, current: bool) -> dict[str, Any]:
    entry = {"name": shown, "current": current}
    if summary.last_update:
        entry["lastUpdate"] = json_time(summary.last_update)
    if summary.resource_count is not None:
        entry["resourceCount"] = summary.resource_count
    return entry


def rm(context: Context) -> None:
    """Delete a stack that has no resources."""
    given = context.given
    name = context.stack(context.args[0] if context.args else "")
    shown = context.shown(name)
    if not given.on("yes"):
        if not context.interactive:
            msg = "--yes must be passed in to proceed when running in non-interactive mode"
            raise ConfigurationError(msg)
        confirm_name(f"This will permanently remove the '{shown}' stack!", shown)
    was_selected = context.selected() == name
    try:
        context.backend.remove(name, force=given.on("force"), remove_backups=given.on("remove-backups"))
    except EngineError as e:
        if "still has resources" not in str(e):
            raise
        msg = (
            f"'{shown}' still has resources; removal rejected. Possible actions:\n"
            f"- Make sure that '{shown}' is the stack that you want to destroy\n"
            "- Run `pulumi destroy` to delete the resources, then run `pulumi stack rm`\n"
            "- Run `pulumi stack rm --force` to override this error"
        )
        raise EngineError(msg) from None
    if not given.on("preserve-config") and context.maybe_project:
        context.settings_file(name).unlink(missing_ok=True)
    if was_selected:
        workspace.select_stack(context.project, context.backend_url, None)
    say(f"Stack '{shown}' has been removed!")


def rename(context: Context) -> None:
    """Give a stack another name."""
    old = context.stack()
    new = context.parse(context.args[0])
    was_selected = context.selected() == old
    old_file, new_file = context.project.stack_file(old.name), context.project.stack_file(new.name)
    context.backend.rename(old, new)
    if old_file.exists() and old_file != new_file:
        old_file.rename(new_file)
    if was_selected:
        workspace.select_stack(context.project, context.backend_url, new.full)
    say(f"Renamed {context.shown(old)} to {context.shown(new)}")


_SECRETS_PROVIDER = Flag("secrets-provider", "How secrets are encrypted: default or passphrase", "text")
_CLOUD = "it needs Pulumi Cloud; use the real `pulumi` CLI"

VERBS = (
    Verb(
        "stack",
        "Manage stacks and view stack state",
        stack,
        (
            STACK,
            JSON,
            OUTPUT,
            Flag("show-ids", "Display each resource's id", short="i"),
            Flag("show-urns", "Display each resource's URN", short="u"),
            Flag("show-name", "Display only the stack name"),
            Flag("show-secrets", "Display secret outputs in plaintext"),
        ),
        children=(
            Verb(
                "init",
                "Create an empty stack",
                init,
                (
                    STACK,
                    YES,
                    _SECRETS_PROVIDER,
                    Flag("no-select", "Do not select the stack"),
                    Flag("copy-config-from", "The stack to copy configuration from", "text"),
                    Flag("teams", kind="list", refused=_CLOUD),
                    Flag("remote-config", refused=_CLOUD),
                ),
                args="[stack-name]",
                most=1,
                aliases=("new", "create", "setup"),
            ),
            Verb(
                "select",
                "Switch to the given stack",
                select,
                (STACK, _SECRETS_PROVIDER, Flag("create", "Create the stack if it does not exist", short="c")),
                args="[stack]",
                most=1,
            ),
            Verb("unselect", "Reset the stack selection", unselect, (STACK,)),
            Verb(
                "ls",
                "List stacks",
                ls,
                (
                    STACK,
                    JSON,
                    OUTPUT,
                    Flag("all", "List the stacks of all projects", short="a"),
                    Flag("organization", "Only stacks of that organization", "text", "o"),
                    Flag("project", "Only stacks of that project", "text", "p"),
                    Flag("tag", "Only stacks with that tag (`name` or `name=value`)", "text", "t"),
                ),
                aliases=("list",),
            ),
            Verb(
                "rm",
                "Remove a stack and its configuration",
                rm,
                (
                    STACK,
                    YES,
                    Flag("force", "Remove the stack even if it still has resources", short="f"),
                    Flag("preserve-config", "Keep the stack's settings file"),
                    Flag("remove-backups", "Remove the stack's backups too"),
                ),
                args="[stack-name]",
                most=1,
                aliases=("remove", "delete"),
            ),
            Verb("rename", "Rename a stack", rename, (STACK,), args="<new-stack-name>", least=1, most=1),
            *stack_state.VERBS,
            *stack_tags.VERBS,
            Verb("change-secrets-provider", "", refused="this engine has the passphrase provider only; " + REAL),
            Verb("graph", "", refused=REAL),
            Verb("get", "", refused="use `pulumi stack` and `pulumi stack export`"),
            Verb("migrate", "", refused="`pulumi stack export` and `pulumi stack import` carry a stack over"),
            *(Verb(name, "", refused=_CLOUD) for name in ("drift", "schedule", "webhook")),
        ),
    ),
)
