"""`version` and `about`."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING, Any

from embedded.engine import ENGINE_VERSION
from embedded.engine.command.common import JSON, OUTPUT, STACK
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import say, say_json, table

if TYPE_CHECKING:
    from embedded.engine.command.context import Context


def version(_: Context) -> None:
    """Print the release of the CLI that this engine follows: callers choose their ways by it."""
    say(f"v{ENGINE_VERSION}")


def about(context: Context) -> None:
    """Print what a bug report needs."""
    report = _report(context)
    if context.json:
        say_json(report)
        return
    versions = [("Version", report["cliAbout"]["version"]), ("Engine", "embedded (Python)"), ("Python", platform.python_version())]
    say(table(("CLI", ""), versions))
    say()
    host = report["host"]
    say(table(("Host", ""), [("OS", host["os"]), ("Version", host["version"]), ("Arch", host["arch"])]))
    if report["backend"]:
        say("\n" + table(("Backend", ""), [(title, report["backend"][title.lower()]) for title in ("Name", "URL", "User")]))
    if report["currentStack"]:
        stack = report["currentStack"]
        say(f"\nCurrent Stack: {stack['fullyQualifiedName']}\n")
        say(table(("TYPE", "URN"), [(r["type"], r["urn"]) for r in stack["resources"]]))
    for error in report["errors"] or ():
        say(f"\nwarning: {error}")


def _report(context: Context) -> dict[str, Any]:
    errors: list[str] = []
    return {
        "plugins": None,
        "host": _host(),
        "backend": _tried(errors, lambda: _backend(context)),
        "currentStack": _tried(errors, lambda: _stack(context)),
        "cliAbout": {"version": ENGINE_VERSION, "goVersion": "", "goCompiler": "", "engine": "embedded"},
        "runtime": {"language": "python", "executable": sys.executable, "version": platform.python_version()},
        "dependencies": None,
        "errors": errors or None,
    }


def _tried(errors: list[str], find: Any) -> Any:
    from embedded.engine.model.errors import EngineError

    try:
        return find()
    except EngineError as e:
        errors.append(str(e))
        return None


def _host() -> dict[str, str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    name, version_ = release.get("ID", platform.system().lower()), release.get("VERSION_ID", platform.release())
    return {"os": name, "version": version_, "arch": platform.machine()}


def _backend(context: Context) -> dict[str, Any]:
    from embedded.engine.command.context import user

    return {"name": platform.node(), "url": context.backend_url, "user": user(), "organizations": None}


def _stack(context: Context) -> dict[str, Any] | None:
    if context.maybe_project is None or (not context.given.text("stack") and context.selected() is None):
        return None
    name = context.stack()
    deployment = context.backend.deployment(name).get("deployment") or {}
    pending = deployment.get("pending_operations") or ()
    return {
        "name": name.full,
        "fullyQualifiedName": name.full,
        "resources": [{"type": r["type"], "urn": r["urn"]} for r in deployment.get("resources") or ()],
        "pendingOperations": [{"type": o["resource"]["type"], "urn": o["resource"]["urn"]} for o in pending] or None,
    }


VERBS = (
    Verb("version", "Print the version number", version),
    Verb(
        "about",
        "Print information about the environment",
        about,
        (JSON, OUTPUT, STACK, Flag("transitive", "Accepted: no dependencies are listed", short="t")),
        children=(Verb("env", "", refused="it tells the real CLI's variables; use that"),),
    ),
)
