"""`import`: takes existing resources into a stack, one named on the command line or several listed in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.command import operation_flags as flags
from embedded.engine.command.common import REAL
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.running import Task, carry_out, check_confirmation
from embedded.engine.command.terminal import complain
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError

if TYPE_CHECKING:
    from embedded.engine.backend.naming import StackName
    from embedded.engine.command.context import Context
    from embedded.engine.deploy.options import ImportSpec

_KNOWN: Final = {
    "type",
    "name",
    "id",
    "parent",
    "provider",
    "version",
    "properties",
    "component",
    "logicalName",
    "pluginDownloadUrl",
    "remote",
}


def import_(context: Context) -> None:
    """Import resources."""
    check_confirmation(context, "import")
    from embedded.engine.command.hosting import Hosts

    name = context.stack(may_init=True)
    specs = _from_file(context, name) if context.given.text("file") else (_from_arguments(context),)
    session = context.session(name)
    with Hosts(context, session, needs_program=False) as hosts:
        outcome = carry_out(context, Task("import", session, hosts, specs))
    if outcome is not None and context.given.on("generate-code") and not context.given.on("json"):
        complain(
            "No code was generated: declare the imported resources in your program (`protect` too), then `pulumi preview` shows no changes."
        )


def _protect(context: Context) -> bool:
    return context.given.on("protect")


def _from_arguments(context: Context) -> ImportSpec:
    from embedded.engine.deploy.options import ImportSpec

    if len(context.args) != 3:
        msg = "an inline resource must be specified: `pulumi import TYPE NAME ID`, or --file FILE"
        raise ConfigurationError(msg)
    type_, name, id_ = context.args
    given = context.given
    return ImportSpec(
        type_,
        name,
        id_,
        parent=_named_urn(given.text("parent"), "--parent"),
        provider=_named_urn(given.text("provider"), "--provider"),
        protect=_protect(context),
        properties=given.many("properties"),
    )


def _named_urn(text: str, flag: str) -> str:
    """The URN of a `name=urn`."""
    if not text:
        return ""
    _, equals, urn = text.partition("=")
    if not equals or not urns.is_valid(urn):
        msg = f"{flag} needs `name=urn`, not `{text}`"
        raise ConfigurationError(msg)
    return urn


def _from_file(context: Context, stack: StackName) -> tuple[ImportSpec, ...]:
    if context.args:
        msg = "an inline resource may not be specified in conjunction with an import file"
        raise ConfigurationError(msg)
    file = context.given.text("file")
    try:
        data = json.loads(Path(file).read_text(encoding="utf-8"))
        entries = list(data["resources"])
        table = dict(data.get("nameTable") or {})
    except OSError as e:
        msg = f"could not read import file: open {file}: {(e.strerror or str(e)).lower()}"
        raise ConfigurationError(msg) from e
    except (ValueError, KeyError, TypeError) as e:
        msg = f"could not read import file {file}: expected {{nameTable?, resources: [{{type, name, id, ...}}]}}: {e!r}"
        raise ConfigurationError(msg) from e
    for entry in entries:
        _check_entry(file, entry)
    return tuple(_spec(context, file, e, _urns(stack, file, entries, table)) for e in entries)


def _check_entry(file: str, entry: Any) -> None:
    if (
        not isinstance(entry, dict)
        or not entry.get("type")
        or not entry.get("name")
        or (not entry.get("id") and not entry.get("component"))
    ):
        msg = f"{file}: each resource needs a type, a name and (unless it is a component) an id: {json.dumps(entry)}"
        raise ConfigurationError(msg)
    unknown = sorted(entry.keys() - _KNOWN)
    if unknown or entry.get("remote"):
        msg = f"{file}: resource '{entry['name']}' uses {', '.join(unknown) or 'remote'}, which this engine does not know; {REAL}"
        raise ConfigurationError(msg)


def _urns(stack: StackName, file: str, entries: list[dict[str, Any]], table: dict[str, str]) -> dict[str, str]:
    """The URN of every name that a parent or provider may be given by: the name table's, and the file's own resources'."""
    found = dict(table)
    waiting = list(entries)
    while waiting:
        ready = [e for e in waiting if not e.get("parent") or e["parent"] in found]
        if not ready:
            msg = f"{file}: the parent '{waiting[0]['parent']}' of '{waiting[0]['name']}' is no resource of the file, nor in its nameTable"
            raise ConfigurationError(msg)
        for entry in ready:
            parent = found[entry["parent"]] if entry.get("parent") else ""
            name = entry.get("logicalName") or entry["name"]
            found.setdefault(entry["name"], urns.make(stack.name, stack.project, parent, entry["type"], name))
        waiting = [e for e in waiting if e not in ready]
    return found


def _spec(context: Context, file: str, entry: dict[str, Any], found: dict[str, str]) -> ImportSpec:
    from embedded.engine.deploy.options import ImportSpec

    provider = entry.get("provider") or ""
    if provider and provider not in found:
        msg = f"{file}: the provider '{provider}' of '{entry['name']}' is neither in the nameTable nor a resource of the file"
        raise ConfigurationError(msg)
    return ImportSpec(
        entry["type"],
        entry.get("logicalName") or entry["name"],
        entry.get("id") or "",
        parent=found[entry["parent"]] if entry.get("parent") else "",
        provider=found[provider] if provider else "",
        version=entry.get("version") or "",
        protect=_protect(context),
        properties=tuple(entry.get("properties") or ()),
        component=bool(entry.get("component")),
    )


VERBS = (
    Verb(
        "import",
        "Import resources into an existing stack",
        import_,
        (
            *flags.COMMON,
            Flag("yes", "Approve without asking", short="y"),
            Flag("skip-preview", "Do not preview first"),
            *flags.PREVIEW_ONLY,
            Flag("file", "A JSON file that lists the resources", "text", "f"),
            Flag("parent", "The parent, as `name=urn`", "text"),
            Flag("provider", "The provider, as `name=urn`", "text"),
            Flag("properties", "Names of the properties to import", "csv"),
            Flag("protect", "Protect the imported resources", default="true"),
            Flag("generate-code", "Accepted; no code is generated", default="true"),
            Flag("out", kind="text", short="o", refused="write the code by hand, or " + REAL),
            Flag("from", kind="text", refused=REAL),
            Flag("generate-resources", kind="text", refused=REAL),
        ),
        args="[TYPE NAME ID]",
        most=None,
    ),
)
