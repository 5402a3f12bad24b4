"""`tidegate approve` and `reject`: a person's word on what is to come, signed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from tidegate.cli import completing, verbs
from tidegate.cli.output import print_json, print_text

if TYPE_CHECKING:
    from tidegate.gates.provers import Prover
    from tidegate.model.approval import Decision

APPROVE: Final = """\b
Examples:
  tidegate approve -s production --ssh-key ~/.ssh/id_ed25519.pub
  tidegate approve -s production --before stage --yes       (in GitHub Actions)
  tidegate approve -s production web=v1.4.2 --before stage --ssh-key ~/.ssh/id
  tidegate approve -s production --gpg-key 3AA5C343 --incident 813 -r 'fire'"""
REJECT: Final = """\b
Examples:
  tidegate reject -s production --ssh-key ~/.ssh/id_ed25519.pub -r 'audit'"""

Versions = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="NAME=VERSION...",
        autocompletion=completing.versions,
        help="What is to be released, where the file here doesn't have it yet.",
        show_default=False,
    ),
]
Before = Annotated[Literal["stage", "shift", "promote", "migrate"], typer.Option("--before", help="The step that it is for.")]
Token = Annotated[
    str | None,
    typer.Option("--token", metavar="VARIABLE", help="The variable with an OIDC token for a statement that was prepared (--prepare)."),
]
TokenCommand = Annotated[
    str | None, typer.Option("--token-command", metavar="COMMAND", help="What prints an OIDC token for {audience}, which it is told.")
]
SshKey = Annotated[Path | None, typer.Option("--ssh-key", metavar="FILE", help="The SSH key to sign with, as ssh-keygen -Y takes it.")]
GpgKey = Annotated[str | None, typer.Option("--gpg-key", metavar="FINGERPRINT", help="The GPG key to sign with.")]
InFile = Annotated[
    bool, typer.Option("--file", help="Put it into the repository's file (gates.approvals_file), not into the stack's state.")
]
Prepare = Annotated[
    bool, typer.Option("--prepare", help="Sign nothing: print the variables that another job needs for its token (--token).")
]


def approve(
    *,
    versions: Versions = None,
    stack: verbs.Stack = None,
    before: Before = "promote",
    reason: verbs.Why = "",
    incident: verbs.Incident = "",
    token: Token = None,
    token_command: TokenCommand = None,
    ssh_key: SshKey = None,
    gpg_key: GpgKey = None,
    file: InFile = False,
    prepare: Prepare = False,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Say yes to a step of the release under way, or of the one that the stack's file plans. It is signed, and kept with the stack.

    It is for exactly this: other versions, settings or secrets need another yes. In a job of GitHub Actions the job's own token proves who
    you are; elsewhere name a key. Who may approve is in `tidegate:gates`.
    """
    if prepare:
        _prepare(stack, before, "approve", reason, incident, versions, json=json)
        return
    prover = _prover(token, token_command, ssh_key, gpg_key)
    verbs.agree(f"Say yes to what comes before {before}?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.approve(before, reason, prover, incident, Path.cwd() if file else None, _named(versions))
    verbs.finish(ended, json=json)


def reject(
    *,
    versions: Versions = None,
    stack: verbs.Stack = None,
    before: Before = "promote",
    reason: verbs.Reason,
    token: Token = None,
    token_command: TokenCommand = None,
    ssh_key: SshKey = None,
    gpg_key: GpgKey = None,
    file: InFile = False,
    prepare: Prepare = False,
    yes: verbs.Yes = False,
    json: verbs.Json = False,
) -> None:
    """Say no to a step of a release: it is taken back. Signed, like a yes."""
    if prepare:
        _prepare(stack, before, "reject", reason, "", versions, json=json)
        return
    prover = _prover(token, token_command, ssh_key, gpg_key)
    verbs.agree(f"Say no to what comes before {before}?", yes=yes)
    with verbs.releases(stack, json=json) as found:
        ended = found.reject(before, reason, prover, Path.cwd() if file else None, _named(versions))
    verbs.finish(ended, json=json)


def _prepare(
    stack: str | None, before: Before, decision: Decision, reason: str, incident: str, versions: list[str] | None, *, json: bool
) -> None:
    """Print what is to be signed, as variables of a dotenv file."""
    from tidegate.gates.provers import preparation

    with verbs.releases(stack, json=json, quiet=True) as found:
        variables = preparation(found.statement(before, decision, reason, incident, _named(versions)))
    if json:
        print_json(variables)
    else:
        print_text("\n".join(f"{name}={value}" for name, value in variables.items()))


def _named(versions: list[str] | None) -> dict[str, str]:
    return verbs.pairs(versions, "NAME=VERSION: web=v1.4.2")


def _prover(token: str | None, token_command: str | None, ssh_key: Path | None, gpg_key: str | None) -> Prover:
    from tidegate.gates.provers import at_hand

    return at_hand(os.environ, token=token, token_command=token_command, ssh_key=ssh_key, gpg_key=gpg_key)
