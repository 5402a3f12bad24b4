"""`config`: a stack's settings, kept in Pulumi.<stack>.yaml."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from embedded.engine.command.common import JSON, STACK
from embedded.engine.command.flags import Flag, Verb
from embedded.engine.command.terminal import complain, say, say_json, table
from embedded.engine.model.errors import ConfigurationError, EngineError
from embedded.engine.settings.config import ConfigMap, parse_key, pretty_key

if TYPE_CHECKING:
    from embedded.engine.backend.naming import StackName
    from embedded.engine.command.context import Context
    from embedded.engine.settings.config import Cipher
    from embedded.engine.settings.stack import StackSettings


def config(context: Context) -> None:
    """List the configuration."""
    name = context.stack(may_init=True)
    merged, settings = _merged(context, name)
    cipher = _cipher(context, name, settings) if context.given.on("show-secrets") and merged.has_secrets() else None
    if context.json:
        say_json(merged.listing(cipher))
        return
    rows = [(pretty_key(key, context.project.name), merged.plain(key, cipher)) for key in merged]
    say(table(("KEY", "VALUE"), sorted(rows)))


def _merged(context: Context, name: StackName) -> tuple[ConfigMap, StackSettings]:
    """The stack's configuration with what Pulumi.yaml says."""
    from embedded.engine.settings.merge import with_project_config

    settings = context.settings(name)
    settings.refuse_environment()
    return with_project_config(context.project, name.name, settings.config, None, check=False), settings


def _cipher(context: Context, name: StackName, settings: StackSettings) -> Cipher:
    """The stack's secrets; a salt that had to be made is put into `settings` too."""
    session = context.session(name)
    secrets = session.secrets
    settings.encryption_salt = session.settings.encryption_salt
    return secrets


def _key(context: Context, text: str) -> str:
    return parse_key(text, context.project.name, path=context.given.on("path"))


def get(context: Context) -> None:
    """Print one value, decrypted."""
    name = context.stack(may_init=True)
    path = context.given.on("path")
    key = _key(context, context.args[0])
    merged, settings = _merged(context, name)
    value = merged.get(key, path=path)
    if value is None:
        msg = f"configuration key '{pretty_key(key, context.project.name)}' not found for stack '{context.shown(name)}'"
        raise EngineError(msg)
    cipher = _cipher(context, name, settings) if value.secret else None
    if context.json:
        say_json(merged.show(key, cipher, path=path))
    else:
        say(merged.plain(key, cipher, path=path))


def put(context: Context) -> None:
    """Set a value."""
    given = context.given
    if given.on("secret") and given.on("plaintext"):
        msg = "only one of --secret and --plaintext may be given"
        raise ConfigurationError(msg)
    name = context.stack(may_init=True)
    key = _key(context, context.args[0])
    value = context.args[1] if len(context.args) > 1 else _asked(context)
    settings = context.settings(name)
    cipher = _cipher(context, name, settings) if given.on("secret") else None
    settings.config.set(key, value, cipher=cipher, path=given.on("path"), kind=given.text("type"))
    settings.save()


def _asked(context: Context) -> str:
    if not context.interactive:
        text = sys.stdin.read()
        return text if context.given.on("raw") else text.rstrip("\n")
    if context.given.on("secret"):
        import getpass

        return getpass.getpass("value: ")
    return input("value: ")


def set_all(context: Context) -> None:
    """Set several values at once."""
    given = context.given
    name = context.stack(may_init=True)
    settings = context.settings(name)
    if given.given("json"):
        if given.many("plaintext") or given.many("secret") or given.on("path"):
            msg = "the --json option cannot be used with the --plaintext, --secret or --path options"
            raise ConfigurationError(msg)
        _set_json(context, name, settings, given.text("json"))
    for flag in ("plaintext", "secret"):
        for pair in given.many(flag):
            text, equals, value = pair.partition("=")
            if not equals:
                msg = f"config value '{text}' must be in the form [key]=[value]"
                raise ConfigurationError(msg)
            cipher = _cipher(context, name, settings) if flag == "secret" else None
            settings.config.set(_key(context, text), value, cipher=cipher, path=given.on("path"))
    settings.save()


def _set_json(context: Context, name: StackName, settings: StackSettings, text: str) -> None:
    try:
        entries: dict[str, dict[str, Any]] = json.loads(text)
        for key, entry in entries.items():
            full = parse_key(key, context.project.name)
            if "value" not in entry:
                msg = f"value of key '{key}' is missing: show secrets (`pulumi config --show-secrets --json`) to get it"
                raise ConfigurationError(msg)
            cipher = _cipher(context, name, settings) if entry.get("secret") else None
            if entry.get("objectValue") is not None:
                settings.config.set_object(full, entry["value"], cipher=cipher)
            else:
                settings.config.set(full, entry["value"], cipher=cipher)
    except (ValueError, AttributeError, TypeError) as e:
        msg = f"could not parse --json argument: {e}; expected what `pulumi config --json` prints"
        raise ConfigurationError(msg) from e


def rm(context: Context) -> None:
    """Remove a value, or several."""
    name = context.stack(may_init=True)
    settings = context.settings(name)
    for text in context.args:
        settings.config.remove(_key(context, text), path=context.given.on("path"))
    settings.save()


def refresh(context: Context) -> None:
    """Write the configuration of the last update into the settings file."""
    name = context.stack(may_init=True)
    history = context.backend.history(name, 1)
    if not history:
        msg = "getting latest configuration: no previous deployment"
        raise EngineError(msg)
    settings = context.settings(name)
    if settings.file.exists() and not context.given.on("force"):
        backup = settings.file.with_name(settings.file.name + ".bak")
        number = 1
        while backup.exists():
            backup = settings.file.with_name(f"{settings.file.name}.bak.{number}")
            number += 1
        backup.write_bytes(settings.file.read_bytes())
        complain(f"backing up existing configuration file to {backup}")
    settings.config = ConfigMap.from_data(history[0].get("config") or {})
    settings.save()
    say(f"refreshed configuration for stack '{context.shown(name)}'")


def cp(context: Context) -> None:
    """Copy the configuration, or one value, to another stack."""
    source = context.stack(may_init=True)
    wanted = context.given.text("dest")
    if not wanted:
        msg = "the stack to copy to must be given: --dest STACK"
        raise ConfigurationError(msg)
    target = context.stack(wanted)
    if source == target:
        msg = "current stack and destination stack are the same"
        raise ConfigurationError(msg)
    old, new = context.settings(source), context.settings(target)
    config = old.config
    if config.has_secrets():
        config = config.reencrypted(_cipher(context, source, old), _cipher(context, target, new))
    data, kept = config.to_data(), new.config.to_data()
    if context.args:
        key = parse_key(context.args[0], context.project.name)
        if key not in data:
            msg = f"configuration key '{context.args[0]}' not found for stack '{context.shown(source)}'"
            raise EngineError(msg)
        data = {key: data[key]}
    new.config = ConfigMap.from_data(kept | data)
    new.save()


_PATH: Final = Flag("path", "The key contains a path to a property in a map or list")
_FILE: Final = Flag("config-file", "Use the values of that file rather than those of Pulumi.<stack>.yaml", "text")
_OPEN: Final = Flag("open", "Accepted: there are no environments to open")
_CLOUD: Final = "environments need Pulumi Cloud; use the real `pulumi` CLI"
_COMMON: Final = (STACK, _FILE)

VERBS = (
    Verb(
        "config",
        "Manage configuration",
        config,
        (*_COMMON, JSON, _OPEN, Flag("show-secrets", "Show secret values in plaintext")),
        children=(
            Verb("get", "Print one value", get, (*_COMMON, JSON, _OPEN, _PATH), args="<key>", least=1, most=1),
            Verb(
                "set",
                "Set a value",
                put,
                (
                    *_COMMON,
                    _PATH,
                    Flag("plaintext", "Save the value unencrypted"),
                    Flag("secret", "Encrypt the value"),
                    Flag("raw", "Keep trailing newlines of a value that is read from stdin"),
                    Flag("type", "Save the value as string, bool, int or float", "text"),
                ),
                args="<key> [--] [value]",
                least=1,
                most=2,
                about=(
                    "Set a value. Without one on the command line it is read from stdin, or asked for. With --path the key may name a "
                    "property inside a map or list: `--path 'names[0]'`, `--path parent.nested`."
                ),
            ),
            Verb(
                "set-all",
                "Set several values",
                set_all,
                (
                    *_COMMON,
                    _PATH,
                    Flag("plaintext", "A `key=value` to save unencrypted", "list"),
                    Flag("secret", "A `key=value` to encrypt", "list"),
                    Flag("json", "Read values from JSON as `pulumi config --json` prints it", "text"),
                ),
            ),
            Verb("rm", "Remove a value", rm, (*_COMMON, _PATH), args="<key>", least=1, most=1, aliases=("remove", "delete")),
            Verb(
                "rm-all",
                "Remove several values",
                rm,
                (*_COMMON, _PATH),
                args="<key>...",
                least=1,
                most=None,
                aliases=("remove-all", "delete-all"),
            ),
            Verb(
                "refresh",
                "Write the configuration of the last update into the settings file",
                refresh,
                (*_COMMON, Flag("force", "Overwrite the file without a backup", short="f")),
            ),
            Verb(
                "cp",
                "Copy configuration to another stack",
                cp,
                (*_COMMON, Flag("dest", "The stack to copy to", "text", "d"), Flag("path", refused="copy the whole value")),
                args="[key]",
                most=1,
                aliases=("copy",),
            ),
            Verb("env", "", refused=_CLOUD),
        ),
    ),
)
