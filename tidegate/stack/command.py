"""One command of the engine of choice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tidegate.model.errors import AuthenticationError, NoSuchStackError, TidegateError
from tidegate.stack import installation
from tidegate.stack.engine import choose

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *arguments: str) -> str:
    """One command of the engine of choice, by Pulumi's Automation API; it selects no stack."""
    # The Automation API costs more than half a second to import.
    from pulumi import automation

    root = str(installation.root(choose(os.environ), os.environ))
    try:
        return automation.PulumiCommand(root=root).run(list(arguments), str(folder), {}).stdout
    except automation.StackNotFoundError as error:
        raise NoSuchStackError(_said(error)) from error
    except automation.InvalidVersionError as error:
        raise TidegateError(f"the engine in {root} is not of use: {error}") from error
    except automation.CommandError as error:
        said = _said(error)
        if "passphrase" in said or "PULUMI_ACCESS_TOKEN" in said:
            raise AuthenticationError(said) from error
        raise TidegateError(said) from error


def _said(error: Exception) -> str:
    """What the engine said of its failure."""
    _, _, said = str(error).partition("stderr: ")
    return said.strip().removeprefix("error: ") or str(error)
