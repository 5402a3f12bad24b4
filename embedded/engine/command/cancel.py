"""`cancel`: breaks a stack's locks, after a command was killed on another machine or hangs for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.command.common import STACK, YES
from embedded.engine.command.flags import Verb
from embedded.engine.command.terminal import confirm_name, say

if TYPE_CHECKING:
    from embedded.engine.command.context import Context


def cancel(context: Context) -> None:
    """Break the stack's locks."""
    name = context.stack(context.args[0] if context.args else "")
    shown = context.shown(name)
    if context.interactive and not context.given.on("yes"):
        confirm_name(f"This will irreversibly cancel the currently running update for '{shown}'!", shown)
    context.backend.break_locks(name)
    say(f"The currently running update for '{shown}' has been canceled!")


VERBS = (
    Verb(
        "cancel",
        "Cancel a stack's currently running update, if any",
        cancel,
        (STACK, YES),
        args="[stack-name]",
        most=1,
        about=(
            "Break the stack's locks. Do this only when no other process works on the stack any more: the state of one that "
            "does would be overwritten. The lock of a dead process on this machine is taken over without it."
        ),
    ),
)
