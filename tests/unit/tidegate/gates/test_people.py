"""Identities of the intent: those that would be anybody's are refused before they prove anything."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.unit.tidegate.gates.world import key_of, public
from tidegate.gates.begun import beginners
from tidegate.model.intent.people import Identity, Oidc, Person

IDENTITY: TypeAdapter[Identity] = TypeAdapter(Identity)
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"
KEY = public(key_of("ada"))
ARMOUR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDME\n-----END PGP PUBLIC KEY BLOCK-----\n"


def oidc(issuer: str, **claims: str) -> dict[str, Any]:
    """A token."""
    return {"kind": "oidc", "issuer": issuer, "claims": claims}


@pytest.mark.parametrize(
    "identity",
    [
        oidc(GITHUB, repository="team/shop", environment="production"),
        oidc(GITHUB, repository="team/*", environment="production"),
        oidc(GITHUB, sub="repo:team/shop:environment:production"),
        oidc(GITHUB, sub="repo:team/*"),
        oidc(GITHUB, repository_owner="team", actor="*"),
        oidc(GITHUB, repository_id="12345"),
        oidc(GITLAB, project_path="team/shop", ref_protected="true"),
        oidc("https://accounts.google.com", email="ada@example.org"),
        oidc("https://login.example.org/realms/team", email="*@example.org"),
        oidc("http://127.0.0.1:8080", sub="ada"),
        oidc("http://[::1]:8080/issuer", sub="ada"),
        {"kind": "ssh", "key": KEY},
        {"kind": "ssh", "key": " ".join(KEY.split(" ")[:2])},
        {"kind": "gpg", "fingerprint": "0F" * 20, "key": ARMOUR},
    ],
)
def test_identities_that_are_somebodys(identity: dict[str, Any]) -> None:
    """Of one repository, one team, one key."""
    IDENTITY.validate_python(identity)


@pytest.mark.parametrize(
    ("identity", "said"),
    [
        (oidc(GITHUB), "claims"),
        (oidc(GITHUB, sub="*"), "anybody who has a token of"),
        (oidc(GITHUB, sub="**", repository="*"), "anybody who has a token of"),
        (oidc(GITHUB, environment="production"), "everybody has tokens of"),
        (oidc(GITHUB, actor="ada"), "everybody has tokens of"),
        (oidc(GITHUB, sub="repo:*"), "without * before the /"),
        (oidc(GITHUB, sub="*/shop:environment:production"), "without * before the /"),
        (oidc(GITHUB, repository="*/shop"), "without * before the /"),
        (oidc(GITHUB, repository_owner="te*"), "without * before the /"),
        (oidc(GITLAB, ref="main"), "everybody has tokens of"),
        (oidc(f"{GITLAB}/", ref="main"), "everybody has tokens of"),
        (oidc("http://issuer.example", sub="ada"), "issuer"),
        (oidc("http://localhost@evil.example", sub="ada"), "issuer"),
        (oidc("http://localhost.evil.example", sub="ada"), "issuer"),
        (oidc("https://ada:secret@issuer.example", sub="ada"), "issuer"),
        (oidc("https://issuer.example?x=1", sub="ada"), "issuer"),
        (oidc("https://іssuer.example", sub="ada"), "issuer"),
        (oidc("file:///issuer", sub="ada"), "issuer"),
        ({"kind": "ssh", "key": KEY.replace("ssh-ed25519", "ssh-rsa")}, "is no key of ssh-rsa"),
        ({"kind": "ssh", "key": f"cert-authority {KEY}"}, "key"),
        ({"kind": "ssh", "key": "ssh-dss AAAAB3NzaC1kc3MAAA"}, "key"),
        ({"kind": "ssh", "key": KEY.split(" ")[1]}, "key"),
        ({"kind": "ssh", "key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"}, "is cut off"),
        ({"kind": "ssh", "key": f"{KEY}\n{KEY}"}, "key"),
        ({"kind": "gpg", "fingerprint": "0F" * 8, "key": ARMOUR}, "fingerprint"),
        ({"kind": "gpg", "fingerprint": "0F" * 20, "key": "ada"}, "must be an armoured public key"),
        ({"kind": "name", "name": "ada"}, "kind"),
    ],
)
def test_identities_that_are_anybodys_or_nobodys(identity: dict[str, Any], said: str) -> None:
    """Tokens that everybody has, issuers that anybody can be, keys that are none."""
    with pytest.raises(ValidationError) as error:
        IDENTITY.validate_python(identity)
    assert said in str(error.value)


def test_who_began_a_release_is_told_by_names_and_by_what_provers_say() -> None:
    """A name, another of theirs, a token's subject; two who may both be it are both."""
    people = {
        "ada": Person(
            names=("ada@example.org",), identities=(Oidc(kind="oidc", issuer="https://a.example", claims={"sub": "repo:team/shop:*"}),)
        ),
        "ben": Person(identities=(Oidc(kind="oidc", issuer="https://a.example", claims={"sub": "repo:team/*"}),)),
        "eve": Person(identities=(Oidc(kind="oidc", issuer="https://b.example", claims={"sub": "repo:team/*"}),)),
    }
    people["zoe"] = Person(identities=(Oidc(kind="oidc", issuer="https://a.example", claims={"email": "zoe@example.org"}),))
    assert beginners(people, "Ada").people == {"ada"}
    assert beginners(people, "ADA@example.org").people == {"ada"}
    assert beginners(people, "oidc:https://a.example:repo:team/shop:ref:main").people == {"ada", "ben"}
    assert beginners(people, "oidc:https://c.example:repo:team/shop:ref:main").known is False
    assert beginners(people, "eve").include("ada", ("EVE",))
