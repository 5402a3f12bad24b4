"""What `--help` says of a verb."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.engine.command.flags import Flag, Verb

_WIDTH = 100
_METAVARS = {"text": "string", "list": "stringArray", "csv": "strings", "int": "int", "bool": ""}


def help_text(path: list[Verb], common: tuple[Flag, ...]) -> str:
    """The help of the last verb of the path."""
    verb = path[-1]
    name = " ".join(v.name for v in path)
    parts = [textwrap.fill(verb.about or verb.help, _WIDTH, replace_whitespace=False, drop_whitespace=True)]
    usage = [f"  {name}{' ' + verb.args if verb.args else ''} [flags]"] if verb.run or not verb.children else []
    if verb.children:
        usage.append(f"  {name} [command]")
    parts.append("Usage:\n" + "\n".join(usage))
    if verb.aliases:
        parts.append(f"Aliases:\n  {', '.join([verb.name, *verb.aliases])}")
    here = [v for v in verb.children if not v.refused]
    if here:
        parts.append("Available Commands:\n" + _columns((v.name, v.help) for v in here))
    missing = [v.name for v in verb.children if v.refused]
    if missing:
        listed = textwrap.fill(", ".join(missing), _WIDTH, initial_indent="  ", subsequent_indent="  ")
        parts.append("Not in this engine (refused by name):\n" + listed)
    own = [f for f in verb.flags if not f.hidden and not f.refused]
    parts.append("Flags:\n" + _flags([*own, *_help_flag(name)]))
    taken = {f.name for f in own}
    parts.append("Global Flags:\n" + _flags(f for f in common if not f.hidden and not f.refused and f.name not in taken))
    if here:
        parts.append(f"Use `{name} [command] --help` for more information about a command.")
    return "\n\n".join(parts) + "\n"


def _help_flag(name: str) -> list[Flag]:
    from embedded.engine.command.flags import Flag

    return [Flag("help", f"help for {name.rsplit(' ', 1)[-1]}", short="h")]


def _flags(flags: Iterable[Flag]) -> str:
    rows = []
    for flag in sorted(flags, key=lambda f: f.name):
        short = f"-{flag.short}, " if flag.short else "    "
        metavar = flag.metavar or _METAVARS[flag.kind]
        bare = f'[="{flag.bare}"]' if flag.bare is not None else ""
        default = f" (default {flag.default})" if flag.default else ""
        rows.append((f"{short}--{flag.name}{' ' + metavar if metavar else ''}{bare}", flag.help + default))
    return _columns(rows)


def _columns(rows: Iterable[tuple[str, str]]) -> str:
    listed = list(rows)
    width = max((len(left) for left, _ in listed), default=0)
    return "\n".join(f"  {left:<{width}}   {right}".rstrip() for left, right in listed)
