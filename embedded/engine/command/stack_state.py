"""`stack output`, `history`, `export` and `import`: a stack's state and its past, out and in."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from embedded.engine.command.common import JSON, OUTPUT, STACK
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import ago, say, say_json, table, unix_time
from embedded.engine.model import gojson
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import ConfigurationError, EngineError
from embedded.engine.model.values import SECRET_SIGNATURE, SIGNATURE

if TYPE_CHECKING:
    from embedded.engine.api import Session
    from embedded.engine.backend.naming import StackName
    from embedded.engine.command.context import Context
    from embedded.engine.settings.config import Cipher


# Outputs


def root_outputs(context: Context, name: StackName) -> dict[str, Any]:
    """The stack's outputs as plain JSON; secrets are masked unless `--show-secrets` was given."""
    latest = context.backend.deployment(name).get("deployment") or {}
    root = next((r for r in latest.get("resources") or () if r["type"] == urns.STACK_TYPE and not r.get("parent")), None)
    outputs = (root or {}).get("outputs") or {}
    if context.given.on("show-secrets") and _has_secret(outputs):
        from embedded.engine.backend import propertyjson

        secrets = _secrets_of(context.session(name), latest)
        outputs = propertyjson.encode_value(propertyjson.decode_value(outputs, secrets), secrets, show_secrets=True)
    plain: dict[str, Any] = _plain(outputs)
    return dict(sorted(plain.items()))


def _secrets_of(session: Session, latest: dict[str, Any]) -> Any:
    """What the state was encrypted with: not always what the settings file says now."""
    from embedded.engine.backend.crypto import open_provider, read_passphrase

    provider = latest.get("secrets_providers")
    if provider and (provider.get("state") or {}).get("salt") != session.settings.encryption_salt:
        return open_provider(provider, read_passphrase) or session.secrets
    return session.secrets


def _has_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get(SIGNATURE) == SECRET_SIGNATURE or any(map(_has_secret, value.values()))
    return isinstance(value, list) and any(map(_has_secret, value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET_SIGNATURE:
            return _plain(json.loads(value["plaintext"])) if "plaintext" in value else "[secret]"
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else gojson.dumps(value)


def outputs_table(outputs: dict[str, Any]) -> str:
    """The outputs for people."""
    title = f"Current stack outputs ({len(outputs)}):\n"
    if not outputs:
        return title + "    No output values currently in this stack"
    return title + table(("OUTPUT", "VALUE"), [(k, _text(v)) for k, v in outputs.items()], "    ")


def output(context: Context) -> None:
    """Print the stack's outputs, or one of them."""
    given = context.given
    if context.json and given.on("shell"):
        msg = "only one of --json and --shell may be set"
        raise ConfigurationError(msg)
    outputs = root_outputs(context, context.stack())
    if context.args:
        name = context.args[0]
        if name not in outputs:
            msg = f"current stack does not have output property '{name}'"
            raise EngineError(msg)
        if given.on("shell"):
            say(_assignment(name, outputs[name]))
        else:
            say(gojson.dumps(outputs[name], indent=2) if context.json else _text(outputs[name]))
    elif context.json:
        say_json(outputs)
    elif given.on("shell"):
        for name, value in outputs.items():
            say(_assignment(name, value))
    else:
        say(outputs_table(outputs))


def _assignment(name: str, value: Any) -> str:
    return f"{name}={shlex.quote(_text(value))}"


# History


def history(context: Context) -> None:
    """Print the stack's updates, newest first."""
    given = context.given
    name = context.stack()
    page, page_size = max(given.number("page"), 1), given.number("page-size")
    entries = context.backend.history(name, page_size, page)
    if context.json:
        cipher = context.session(name).secrets if given.on("show-secrets") and any(_has_secure(e.get("config")) for e in entries) else None
        say_json([_history_json(e, cipher, show=given.on("show-secrets")) for e in entries])
    elif not entries:
        say(f"No stack updates found on page '{page}'" if page > 1 else "Stack has never been updated")
    for entry in () if context.json else entries:
        _say_entry(entry, full=given.on("full-dates"))


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(map(_has_secure, value.values()))
    return isinstance(value, list) and any(map(_has_secure, value))


def _history_json(entry: dict[str, Any], cipher: Cipher | None, *, show: bool) -> dict[str, Any]:
    from embedded.engine.settings.config import ConfigMap

    config = ConfigMap.from_data(entry.get("config") or {}).listing(cipher if show else None)
    return {
        "version": entry.get("version") or 0,
        "kind": entry.get("kind", ""),
        "startTime": unix_time(entry.get("startTime") or 0),
        "message": entry.get("message", ""),
        "environment": dict(sorted((entry.get("environment") or {}).items())),
        "config": config,
        "result": entry.get("result", ""),
        "endTime": unix_time(entry.get("endTime") or 0),
        "resourceChanges": dict(sorted((entry.get("resourceChanges") or {}).items())),
    }


def _say_entry(entry: dict[str, Any], *, full: bool) -> None:
    changes = entry.get("resourceChanges") or {}
    started = datetime.fromtimestamp(entry.get("startTime") or 0, UTC)
    when = started.strftime("%Y-%m-%d %H:%M:%S +0000 UTC") if full else ago(started)
    took = (entry.get("endTime") or 0) - (entry.get("startTime") or 0)
    say(f"Version: {entry.get('version') or 0}\nUpdateKind: {entry.get('kind', '')}\nStatus: {entry.get('result', '')}")
    say(f"Message: {entry.get('message', '')}")
    counts = "".join(f"{mark}{changes.get(op, 0)}" for mark, op in (("+", "create"), ("-", "delete"), ("~", "update"), (" ", "same")))
    say(f"{counts} Updated {when} took {took}s")
    for key, value in sorted((entry.get("environment") or {}).items()):
        if str(value).strip():
            say(f"    {key}: {value}")
    say()


# Export and import


def export(context: Context) -> None:
    """Print the stack's state."""
    given = context.given
    name = context.stack()
    if given.text("version"):
        msg = f"the current backend ({context.backend_url}) does not provide the ability to export previous deployments"
        raise EngineError(msg)
    untyped = context.backend.deployment(name)
    if given.on("show-secrets") and untyped.get("deployment"):
        untyped = _with_plaintext(context.session(name), untyped)
    text = gojson.dumps(untyped, indent=4) + "\n"
    if not given.text("file"):
        sys.stdout.write(text)
        return
    try:
        Path(given.text("file")).write_text(text, encoding="utf-8")
    except OSError as e:
        msg = f"could not open file: open {given.text('file')}: {(e.strerror or str(e)).lower()}"
        raise EngineError(msg) from e


def _with_plaintext(session: Session, untyped: dict[str, Any]) -> dict[str, Any]:
    from embedded.engine.backend import codec

    latest = untyped["deployment"]
    secrets = _secrets_of(session, latest)
    shown = codec.encode_snapshot(codec.decode_snapshot(untyped, secrets), secrets, show_secrets=True)
    return untyped | {"deployment": {**shown["deployment"], "manifest": latest.get("manifest") or shown["deployment"]["manifest"]}}


def import_(context: Context) -> None:
    """Replace the stack's state."""
    name = context.stack()
    untyped = _read(context.given.text("file"))
    from embedded.engine.backend import codec, integrity

    codec.check_version(untyped)
    latest = untyped.get("deployment")
    if latest is not None:
        _check_names(latest, name, force=context.given.on("force"))
        session = context.session(name)
        snapshot = codec.decode_snapshot(untyped, _secrets_of(session, latest))
        if session.check_integrity and not context.given.on("force"):
            integrity.verify(snapshot)
        untyped = codec.encode_snapshot(snapshot, session.secrets)
    with context.backend.lock(name):
        context.backend.backup(name)
        context.backend.write_deployment(name, untyped)
    say("Import complete.")


def _read(file: str) -> dict[str, Any]:
    try:
        text = Path(file).read_text(encoding="utf-8") if file else sys.stdin.read()
    except OSError as e:
        msg = f"could not open file: open {file}: {(e.strerror or str(e)).lower()}"
        raise EngineError(msg) from e
    try:
        data = json.loads(text)
    except ValueError as e:
        msg = f"could not read the deployment{f' in {file}' if file else ''}: {e}"
        raise EngineError(msg) from e
    if not isinstance(data, dict) or not isinstance(data.get("deployment"), dict | None):
        msg = f"could not read the deployment{f' in {file}' if file else ''}: expected what `pulumi stack export` writes"
        raise EngineError(msg)
    return data


def _check_names(latest: dict[str, Any], name: StackName, *, force: bool) -> None:
    for resource in latest.get("resources") or ():
        stack = urns.stack_of(resource["urn"])
        if stack != name.name and not force:
            msg = (
                f"resource '{resource['urn']}' is from a different stack ({stack} != {name.name})\n"
                "The deployment is of another stack; use --force to import it all the same"
            )
            raise EngineError(msg)


_SHOW = Flag("show-secrets", "Show secrets in plaintext")

VERBS = (
    Verb(
        "output",
        "Show a stack's outputs",
        output,
        (STACK, JSON, OUTPUT, _SHOW, Flag("shell", "Emit output as a shell script")),
        args="[property-name]",
        most=1,
    ),
    Verb(
        "history",
        "Display history for a stack",
        history,
        (
            STACK,
            JSON,
            OUTPUT,
            _SHOW,
            Flag("full-dates", "Show full dates, instead of relative dates"),
            Flag("page", "Which page to show", "int", default="1"),
            Flag("page-size", "How many updates a page has", "int", default="10"),
        ),
        aliases=("hist",),
        children=(Verb("events", "", refused="give `--event-log FILE` to an operation"),),
    ),
    Verb(
        "export",
        "Export a stack's state",
        export,
        (STACK, _SHOW, Flag("file", "A file to write to", "text"), Flag("version", "Not available for DIY backends", "text")),
    ),
    Verb(
        "import",
        "Import a state into an existing stack",
        import_,
        (STACK, Flag("file", "A file to read from", "text"), Flag("force", "Import even if something looks wrong", short="f")),
    ),
)
