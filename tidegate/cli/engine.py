"""`tidegate engine`: which Pulumi engine is used here, and why."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from tidegate.cli.output import print_json, show
from tidegate.stack import installation
from tidegate.stack.engine import choose


def engine(*, json: Annotated[bool, typer.Option("--json", help="Print engine, version, root and reason as JSON.")] = False) -> None:
    """Say which Pulumi engine is used here, and why.

    `root` is what `pulumi.automation.PulumiCommand(root=...)` takes.
    """
    choice = choose(os.environ)
    answer = {
        "engine": choice.kind,
        "version": installation.version(choice),
        "root": str(installation.root(choice, os.environ)),
        "reason": choice.reason,
    }
    if json:
        print_json(answer)
    else:
        for label, value in answer.items():
            show(label, value)
