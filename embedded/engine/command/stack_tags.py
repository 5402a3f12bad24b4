"""`stack tag`: names and values that a stack is known by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.command.common import JSON, OUTPUT, STACK
from embedded.engine.command.flags import Verb
from embedded.engine.command.terminal import say, say_json, table
from embedded.engine.model.errors import EngineError

if TYPE_CHECKING:
    from embedded.engine.command.context import Context


def get(context: Context) -> None:
    """Print a tag's value."""
    name = context.stack()
    tags = context.backend.tags(name)
    if context.args[0] not in tags:
        msg = f"stack tag '{context.args[0]}' not found for stack '{context.shown(name)}'"
        raise EngineError(msg)
    say(tags[context.args[0]])


def ls(context: Context) -> None:
    """List the tags."""
    tags = dict(sorted(context.backend.tags(context.stack()).items()))
    if context.json:
        say_json(tags)
    else:
        say(table(("NAME", "VALUE"), tags.items()))


def put(context: Context) -> None:
    """Set a tag."""
    name = context.stack()
    context.backend.set_tags(name, {**context.backend.tags(name), context.args[0]: context.args[1]})


def rm(context: Context) -> None:
    """Remove a tag."""
    name = context.stack()
    context.backend.set_tags(name, {k: v for k, v in context.backend.tags(name).items() if k != context.args[0]})


VERBS = (
    Verb(
        "tag",
        "Manage stack tags",
        flags=(STACK,),
        children=(
            Verb("get", "Print a tag's value", get, (STACK,), args="<name>", least=1, most=1),
            Verb("list", "List all tags", ls, (STACK, JSON, OUTPUT), aliases=("ls",)),
            Verb("remove", "Remove a tag", rm, (STACK,), args="<name>", least=1, most=1, aliases=("rm", "delete")),
            Verb("set", "Set a tag", put, (STACK,), args="<name> <value>", least=2, most=2),
        ),
    ),
)
