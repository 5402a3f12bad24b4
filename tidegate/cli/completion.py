"""`tidegate completion`: what a shell needs to fill in verbs, flags, stacks and services. And the same for `kubectl tidegate`."""

from __future__ import annotations

import io
import os
import sys
from contextlib import redirect_stdout, suppress
from typing import Annotated, Final

import typer

from tidegate.cli.output import print_text
from tidegate.model.errors import ConfigurationError

PROGRAM: Final = "tidegate"
VARIABLE: Final = "_TIDEGATE_COMPLETE"
"""By this the shell's script asks for what it may fill in."""
NO_SPACE: Final = 2
NO_FILES: Final = 4
"""To kubectl: a word goes on after this; these were all, and files are none of them."""
_END: Final = "    return 0"

EXAMPLES: Final = """\b
Examples:
  tidegate completion bash > /etc/bash_completion.d/tidegate
  tidegate completion zsh > "${fpath[1]}/_tidegate"
  tidegate completion fish > ~/.config/fish/completions/tidegate.fish"""


def completion(shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", show_default=False)]) -> None:
    """Print the script with which a shell completes `tidegate`: verbs, flags, names of stacks and services.

    For `kubectl tidegate` nothing is needed but kubectl's own completion: it asks `kubectl_complete-tidegate`, which is installed with
    Tidegate.
    """
    from typer._completion_shared import get_completion_script

    if shell not in {"bash", "zsh", "fish"}:
        raise ConfigurationError(f"there is no completion for {shell}; there is for bash, zsh and fish")
    script = get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell)
    if shell == "bash":
        # After NAME= the version follows, and no space.
        script = script.replace(_END, f'    [[ "${{COMPREPLY[*]}}" == *= ]] && compopt -o nospace\n{_END}')
    print_text(script)


def prepare() -> None:
    """Make the shells' ways of asking known."""
    from typer._completion_classes import completion_init

    completion_init()


def for_kubectl() -> int:
    """What `kubectl tidegate WORDS...` may go on with: a line each, and what kubectl is to make of them."""
    from tidegate.cli.app import run

    words = sys.argv[1:] or [""]
    os.environ |= {VARIABLE: "complete_bash", "COMP_WORDS": "\n".join([PROGRAM, *words]), "COMP_CWORD": str(len(words))}
    found = io.StringIO()
    with redirect_stdout(found), suppress(Exception):
        run([])
    lines = [line for line in found.getvalue().splitlines() if line]
    told = NO_FILES | (NO_SPACE if lines and all(line.endswith("=") for line in lines) else 0)
    sys.stdout.write("\n".join([*lines, f":{told}"]) + "\n")
    return 0
