"""Proving who one is by a token: a job's own, one that a command prints, or one that was made for a statement that was prepared."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.local.gates.issuer import OTHER, SECRET, TEXT, people
from tests.unit.tidegate.gates.world import BRINGS, NOW, RELEASE, SERVICES, STACK, ask, gates, say
from tidegate.gates.proofs import Proofs
from tidegate.gates.provers import GitHub, Token, TokenCommand, at_hand, preparation, signed
from tidegate.gates.statements import audience, statement
from tidegate.model.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.gates.issuer import Issuer
    from tidegate.model.approval import Approval


def test_a_job_of_github_proves_itself_and_counts(issuer: Issuer) -> None:
    """From the job's variables to the gate: the token asked for is for this statement, and its job's environment is who counts."""
    issuer.now = NOW
    environ = {"ACTIONS_ID_TOKEN_REQUEST_URL": f"{issuer.address}/token?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}
    approval = signed(TEXT, at_hand(environ))
    assert approval.by == f"oidc:{issuer.address}:repo:team/shop:environment:production"
    assert f"audience={audience(TEXT).replace(':', '%3A')}" in issuer.asked[0]
    identity = {"kind": "oidc", "issuer": issuer.address, "claims": {"repository": "team/shop", "environment": "production"}}
    intent = gates(
        people={"production": {"identities": [identity]}, "eve": {}, "ada": {}},
        roles={},
        approvals={"release": {"approvers": ["production"]}},
    )
    assert ask([approval], intent).kind == "granted"
    # Whoever began the release can't approve it through an environment that many use.
    assert ask([approval], intent, began_by="ada").kind == "waiting"
    assert ask([approval], intent, before="stage", began_by="eve").asked is False


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({}, "needs `permissions: id-token: write`"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://github.example/t", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}, "by https only"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "{address}/token", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wrong"}, "it answers 401"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "{address}/jwks", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}, "its answer has none"),
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": SECRET}, "ConnectError"),
    ],
)
def test_a_job_without_a_token_says_what_it_lacks(issuer: Issuer, environ: dict[str, str], said: str) -> None:
    """And never the secret that it has."""
    told = {name: value.replace("{address}", issuer.address) for name, value in environ.items()}
    with pytest.raises(AuthenticationError, match=said) as error:
        GitHub(told).prove(TEXT)
    assert SECRET not in str(error.value)


def later(**other: Any) -> str:
    """What would be said a while after the statement was prepared."""
    told: dict[str, Any] = {
        "services": SERVICES,
        "before": "promote",
        "decision": "approve",
        "reason": "",
        "at": NOW + timedelta(minutes=20),
    }
    return statement(**{"stack": STACK, "brings": BRINGS, "release": RELEASE, **told, **other})


def test_a_statement_may_be_prepared_for_a_token_that_is_made_before_its_job(issuer: Issuer) -> None:
    """As in GitLab: one job says what the token is to be for, a person starts another, and what that one says is what was prepared."""
    variables = preparation(TEXT)
    assert variables["TIDEGATE_AUDIENCE"] == audience(TEXT)
    assert re.fullmatch("[-_A-Za-z0-9]+", variables["TIDEGATE_STATEMENT"])
    environ = {**variables, "TOKEN": issuer.token("", NOW + timedelta(minutes=20), aud=variables["TIDEGATE_AUDIENCE"])}
    approval = signed(later(), at_hand(environ, token="TOKEN"))
    assert approval.statement == TEXT
    assert ask_for(approval, issuer) == "ada"


@pytest.mark.parametrize(
    ("other", "environ", "said"),
    [
        ({}, {"TIDEGATE_STATEMENT": ""}, "has no statement"),
        ({}, {"TIDEGATE_STATEMENT": "x"}, "has no statement"),
        ({}, {"TIDEGATE_STATEMENT": "eyJhIjoxfQ"}, "has no statement"),
        ({"before": "stage"}, {}, "for something else"),
        ({"brings": "ab" * 32}, {}, "for something else"),
        ({"release": "r9"}, {}, "for something else"),
        ({"reason": "another"}, {}, "for something else"),
        ({"reason": "fire", "incident": "INC-7"}, {}, "for something else"),
        ({"decision": "reject", "reason": "it is well"}, {}, "for something else"),
        ({}, {"TOKEN": ""}, "no token in the variable TOKEN"),
        ({}, {"TOKEN": "x"}, "that is no token"),
        ({}, {"TOKEN": "other"}, "is for 'https://gitlab.example', and must be for this statement"),
    ],
)
def test_what_was_prepared_for_something_else_is_not_said(
    issuer: Issuer, other: dict[str, Any], environ: dict[str, str], said: str
) -> None:
    """Another step, release, reason or incident than would be said now; nothing that was prepared; a token for something else."""
    true = {**preparation(TEXT), "TOKEN": issuer.token(TEXT, NOW)}
    changed = {
        name: issuer.token(TEXT, NOW, aud="https://gitlab.example") if value == "other" else value for name, value in environ.items()
    }
    with pytest.raises(AuthenticationError, match=said):
        signed(later(**other), Token("TOKEN", {**true, **changed}))


def test_a_command_may_print_the_token(issuer: Issuer, tmp_path: Path) -> None:
    """It is told what for; what it says when it can't is passed on, and a token for something else isn't."""
    printer = tmp_path / "print-token"
    printer.write_text(
        f'#!/bin/sh\n[ "$1" = "{audience(TEXT)}" ] && echo {issuer.token(TEXT, NOW)} || {{ echo no such audience >&2; exit 3; }}\n'
    )
    printer.chmod(0o700)
    assert ask_for(signed(TEXT, at_hand({}, token_command=f"{printer} {{audience}}")), issuer) == "ada"
    with pytest.raises(AuthenticationError, match=r"couldn't get a token by .*print-token: no such audience"):
        TokenCommand(f"{printer} {{audience}}").prove(OTHER)
    with pytest.raises(AuthenticationError, match="must be for this statement"):
        TokenCommand(f"sh -c 'echo {issuer.token(OTHER, NOW)}' {{audience}}").prove(TEXT)
    for wrong in ("print-token", "print-token '{audience}", ""):
        with pytest.raises(ConfigurationError, match="--token-command"):
            TokenCommand(wrong).prove(TEXT)


def ask_for(approval: Approval, issuer: Issuer) -> str:
    """Whose word it is."""
    return Proofs().word(approval, people(issuer)).person


def test_without_anything_at_hand_it_is_said_what_could_be() -> None:
    """And of two things, which to leave out."""
    with pytest.raises(AuthenticationError, match="--ssh-key FILE"):
        at_hand({})
    with pytest.raises(ConfigurationError, match="give one of --token and --gpg-key"):
        at_hand({}, token="A", gpg_key="B")


def test_tokens_and_keys_are_counted_together(issuer: Issuer) -> None:
    """One person's token and their key are one person."""
    identity = {"kind": "oidc", "issuer": issuer.address, "claims": {"repository": "team/shop", "actor": "ada"}}
    whole = gates().model_dump(mode="json")
    whole["people"]["ada"]["identities"].append(identity)
    intent = gates(people=whole["people"])
    token = issuer.approval(TEXT, NOW)
    assert ask([token, say("ada")], intent).kind == "waiting"
    assert ask([token, say("ben")], intent).kind == "granted"
