"""The entrance: finds the verb, reads its flags, runs it, and turns errors into text and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from embedded.engine.command.common import COMMON, GROUPS, REFUSED, ROOT_ABOUT
from embedded.engine.command.flags import ArgumentCountError, UsageError, Verb, check_count, find, parse
from embedded.engine.model.errors import Bail, EngineError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERNAL: Final = 255
_CANCELLED: Final = 8


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code is the CLI's."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = run(words)
        sys.stdout.flush()
    except Bail as error:
        code = error.code
    except EngineError as error:
        code = _report(str(error), error.code)
    except KeyboardInterrupt:
        code = _report("canceled", _CANCELLED)
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be said, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except Exception as error:  # noqa: BLE001 - whatever it is, it has an exit code of its own
        import traceback

        traceback.print_exc()
        code = _report(f"internal error: {type(error).__name__}: {error}", INTERNAL)
    return code


def _report(text: str, code: int) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"error: {text}\n")
    return code


def run(words: list[str]) -> int:
    """Run one command line; raises EngineError."""
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    path, rest = find(tree(words), words, COMMON)
    verb = path[-1]
    if verb.refused:
        what = f"`{' '.join(v.name for v in path)}`"
        raise NotSupportedError(what, verb.refused)
    if _asks_help(rest):
        return _help(path)
    given = parse(verb, rest, COMMON)
    if verb.run is None:
        if given.args:
            name = " ".join(v.name for v in path)
            msg = f'unknown command "{given.args[0]}" for "{name}"\nRun \'{name} --help\' for usage.'
            raise UsageError(msg)
        return _help(path)
    try:
        check_count(verb, len(given.args))
    except ArgumentCountError:
        _help(path)
        raise
    if given.text("cwd"):
        try:
            os.chdir(given.text("cwd"))
        except OSError as e:
            msg = f"chdir {given.text('cwd')}: {(e.strerror or str(e)).lower()}"
            raise UsageError(msg) from e
    from embedded.engine.command.context import Context

    return verb.run(Context(given)) or 0


def tree(words: Sequence[str]) -> Verb:
    """The root verb. Only the groups that the words may mean are imported: most verbs need no other."""
    modules = {module for module, names in GROUPS.items() if any(name in words for name in names)} or set(GROUPS)
    known = tuple(verb for module in GROUPS if module in modules for verb in import_module(f"embedded.engine.command.{module}").VERBS)
    refused = tuple(Verb(name, "", refused=instead) for name, instead in REFUSED.items())
    return Verb("pulumi", ROOT_ABOUT, children=known + refused)


def _asks_help(rest: list[str]) -> bool:
    before = rest[: rest.index("--")] if "--" in rest else rest
    return "--help" in before or "-h" in before


def _help(path: list[Verb]) -> int:
    from embedded.engine.command.help import help_text

    if len(path) == 1:
        path = [tree([])]
    sys.stdout.write(help_text(path, COMMON))
    return 0
