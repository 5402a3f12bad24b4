"""Tokens of an issuer that runs: those that sign a statement, and everything that somebody might hand in instead."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.local.gates.issuer import OTHER, TEXT, issuing, jwk, made, people, plain
from tests.unit.tidegate.gates.world import NOW
from tidegate.gates import oidc
from tidegate.gates.proofs import Proofs
from tidegate.gates.statements import audience
from tidegate.gates.verifying import UnprovenError
from tidegate.model.approval import Approval, Proof
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.gates.issuer import Issuer


def word(issuer: Issuer, token: str, text: str = TEXT, **claims: str) -> str:
    """Whose word it is."""
    approval = Approval(decision="approve", by="ada", statement=text, proof=Proof(kind="oidc", text=token))
    return Proofs().word(approval, people(issuer, **claims)).person


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_for_a_statement_is_a_signature_of_it(algorithm: str) -> None:
    """By each algorithm that is taken; its issuer is asked for its keys once, however many tokens there are."""
    with issuing(algorithm) as issuer:
        proofs = Proofs()
        for actor in ("ada", "ben", "ada"):
            found = proofs.word(issuer.approval(TEXT, NOW, actor=actor), people(issuer))
            assert found.person == actor
            assert actor in found.names
        assert issuer.asked == ["/.well-known/openid-configuration", "/jwks"]


def forged_with_public_key(issuer: Issuer) -> str:
    """HS256, with the issuer's public key for the secret."""
    (key,) = issuer.keys.values()
    secret = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return resigned(issuer, {"alg": "HS256"}, lambda part: hmac.new(secret, part, hashlib.sha256).digest())


def resigned(issuer: Issuer, header: dict[str, Any], sign: Callable[[bytes], bytes], **claims: Any) -> str:
    """A token with another header and signature."""
    _, payload, _ = issuer.token(TEXT, NOW, **claims).split(".")
    part = f"{encoded(json.dumps({'typ': 'JWT', 'kid': 'first', **header}).encode())}.{payload}"
    return f"{part}.{encoded(sign(part.encode()))}"


def encoded(data: bytes) -> str:
    """As tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def minutes(count: float) -> int:
    """Seconds since 1970, so many minutes after the statement."""
    return int((NOW + timedelta(minutes=count)).timestamp())


MALLORY = rsa.generate_private_key(65537, 2048)
NOT_THIS = "for something else"


def swapped(issuer: Issuer) -> str:
    """Ben's token, that says it is Ada's."""
    head, _, tail = issuer.token(TEXT, NOW, actor="ben").split(".")
    _, payload, _ = issuer.token(TEXT, NOW, actor="ada").split(".")
    return f"{head}.{payload}.{tail}"


def encoded_claims(issuer: Issuer, **claims: Any) -> str:
    """A token whose claims are of kinds that a proper issuer would never sign."""
    (key,) = issuer.keys.values()
    head, payload, _ = issuer.token(TEXT, NOW).split(".")
    told = {**json.loads(base64.urlsafe_b64decode(payload + "==")), **claims}
    part = f"{head}.{encoded(json.dumps(told).encode())}"
    from jwt.algorithms import RSAAlgorithm

    return f"{part}.{encoded(RSAAlgorithm(RSAAlgorithm.SHA256).sign(part.encode(), key))}"


ATTACKS: list[tuple[str, Callable[[Issuer], str], str]] = [
    ("for another statement", lambda i: i.token(OTHER, NOW), f"{NOT_THIS} than this statement"),
    ("for a cloud", lambda i: i.token(TEXT, NOW, aud="sts.amazonaws.com"), f"{NOT_THIS} than this statement"),
    ("for this and a cloud", lambda i: i.token(TEXT, NOW, aud=[audience(TEXT), "sts.amazonaws.com"]), f"{NOT_THIS} besides"),
    ("for a hash that begins so", lambda i: i.token(TEXT, NOW, aud=audience(TEXT)[:-1]), f"{NOT_THIS} than this statement"),
    ("for nothing", lambda i: i.token(TEXT, NOW, aud=None), "aud"),
    ("by another issuer", lambda i: i.token(TEXT, NOW, iss="https://evil.example"), "isn't an issuer of gates.people"),
    ("by the issuer with a slash", lambda i: i.token(TEXT, NOW, iss=f"{i.address}/"), "isn't an issuer of gates.people"),
    ("by two issuers", lambda i: encoded_claims(i, iss=[i.address]), "isn't an issuer of gates.people"),
    ("by nobody", lambda i: i.token(TEXT, NOW, iss=None), "isn't an issuer of gates.people"),
    ("signed by another key of the same name", lambda i: i.token(TEXT, NOW, key=MALLORY), "isn't by"),
    (
        "signed by a key that it brings along",
        lambda i: i.token(TEXT, NOW, key=MALLORY, header={"jwk": jwk(MALLORY, "RS256", "first")}),
        "isn't by",
    ),
    ("with keys elsewhere", lambda i: i.token(TEXT, NOW, key=MALLORY, header={"jku": "https://evil.example/jwks"}), "isn't by"),
    ("by a key that the issuer doesn't have", lambda i: i.token(TEXT, NOW, header={"kid": "second"}), "has no key 'second'"),
    ("unsigned", lambda i: resigned(i, {"alg": "none"}, lambda _: b""), "signed by 'none', which isn't taken"),
    ("unsigned, in other letters", lambda i: resigned(i, {"alg": "NoNe"}, lambda _: b""), "signed by 'NoNe', which isn't taken"),
    ("signed with the public key as a secret", forged_with_public_key, "signed by 'HS256', which isn't taken"),
    ("by another algorithm than its key's", lambda i: resigned(i, {"alg": "ES256"}, lambda _: b"x" * 64), "is not for signing by ES256"),
    ("by a kind of RSA that isn't taken", lambda i: i.token(TEXT, NOW, header={"alg": "PS256"}), "signed by 'PS256', which isn't taken"),
    ("with something that must be understood", lambda i: i.token(TEXT, NOW, header={"crit": ["exp"]}), "crit|no token"),
    ("with its signature cut off", lambda i: i.token(TEXT, NOW)[:-6], "isn't by|no token"),
    ("with other claims than were signed", swapped, "isn't by"),
    ("expired before it was said", lambda i: i.token(TEXT, NOW, iat=minutes(-20), exp=minutes(-10)), "had expired when that was said"),
    (
        "issued before it was said",
        lambda i: i.token(TEXT, NOW, iat=minutes(-20), nbf=None, exp=minutes(20)),
        "wasn't issued when that was said",
    ),
    ("issued long after", lambda i: i.token(TEXT, NOW + timedelta(hours=2)), "wasn't issued when that was said"),
    ("not in force yet", lambda i: i.token(TEXT, NOW, nbf=minutes(30), exp=minutes(60)), "not yet in force"),
    ("in force for ever, from nowhere", lambda i: i.token(TEXT, NOW, iat=None), "iat"),
    ("without an end", lambda i: i.token(TEXT, NOW, exp=None), "exp"),
    ("with an end that is no number", lambda i: encoded_claims(i, exp="never"), "times are none|isn't by"),
    ("with an end before its beginning", lambda i: i.token(TEXT, NOW, exp=minutes(-0.5)), "had expired"),
    ("without a subject", lambda i: i.token(TEXT, NOW, sub=None), "sub"),
    ("of another repository", lambda i: i.token(TEXT, NOW, repository="mallory/shop"), "is nobody's in gates.people"),
    ("of a repository that looks the same", lambda i: i.token(TEXT, NOW, repository="team/shоp"), "is nobody's in gates.people"),
    ("of a repository that begins so", lambda i: i.token(TEXT, NOW, repository="team/shop-evil"), "is nobody's in gates.people"),
    ("of a job without an environment", lambda i: i.token(TEXT, NOW, environment=None), "is nobody's in gates.people"),
    ("of an actor that looks the same", lambda i: i.token(TEXT, NOW, actor="аda"), "is nobody's in gates.people"),
    ("of an actor in other letters", lambda i: i.token(TEXT, NOW, actor="ADA"), "is nobody's in gates.people"),
    ("nonsense", lambda _: "ada", "that is no token"),
    ("much too long", lambda i: i.token(TEXT, NOW, more="x" * 20_000), "too long"),
]


@pytest.mark.parametrize(("make", "said"), [row[1:] for row in ATTACKS], ids=[row[0] for row in ATTACKS])
def test_no_other_token_is(issuer: Issuer, make: Callable[[Issuer], str], said: str) -> None:
    """It counts for nothing, and it is said why; the true one beside it still counts."""
    token = make(issuer)
    with pytest.raises(UnprovenError, match=said):
        word(issuer, token)
    assert word(issuer, issuer.token(TEXT, NOW)) == "ada"


def test_a_token_of_then_is_good_for_ever_after(issuer: Issuer) -> None:
    """What is asked is whether it was in force when the statement was made, not whether it is still; clocks may differ a little."""
    for late in (-0.9, 0, 9, 55):
        assert word(issuer, issuer.token(TEXT, NOW + timedelta(minutes=late))) == "ada"


def test_a_claim_may_be_a_pattern_or_a_list(issuer: Issuer) -> None:
    """* stands for any text; of a list one entry is enough; numbers and truths are as JSON has them."""
    subject = "repo:team/shop:environment:production"
    assert word(issuer, issuer.token(TEXT, NOW), sub="repo:team/*:environment:production") == "ada"
    assert word(issuer, issuer.token(TEXT, NOW), sub=subject) == "ada"
    assert word(issuer, issuer.token(TEXT, NOW, groups=["a", "managers"], runs=3, ref_protected=True), groups="managers", runs="3") == "ada"
    for sub in ("repo:team", "repo:team.shop:*", "repo:tea?/*", "*:production:x", "REPO:*"):
        with pytest.raises(UnprovenError, match="is nobody's"):
            word(issuer, issuer.token(TEXT, NOW), sub=sub)


def test_a_token_that_fits_two_people_is_neithers(issuer: Issuer) -> None:
    """Otherwise one person could count twice, or approve their own release as the other."""
    with pytest.raises(UnprovenError, match=r"fits several people \(ada, ben\)"):
        word(issuer, issuer.token(TEXT, NOW, actor="ben"), actor="*")


def test_keys_that_are_changed_are_asked_for_again(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not for every token that names one that isn't there."""
    proofs = Proofs()
    assert proofs.word(issuer.approval(TEXT, NOW), people(issuer)).person == "ada"
    issuer.keys = {"second": made("RS256", 1)}
    for _ in range(3):
        with pytest.raises(UnprovenError, match="has no key 'second'"):
            proofs.word(issuer.approval(TEXT, NOW), people(issuer))
    assert issuer.asked.count("/jwks") == 1
    monkeypatch.setattr(oidc, "_AGAIN", -1.0)
    assert proofs.word(issuer.approval(TEXT, NOW), people(issuer)).person == "ada"
    assert issuer.asked.count("/jwks") == 2


def test_keys_of_somebody_else_are_of_no_use(issuer: Issuer) -> None:
    """Keys that are swapped at the issuer's are the issuer's; but a token that was signed before is by none of them."""
    token = issuer.token(TEXT, NOW)
    issuer.jwks = [jwk(MALLORY, "RS256", "first")]
    with pytest.raises(UnprovenError, match="isn't by"):
        word(issuer, token)


SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused
WEAK: list[tuple[str, Callable[[Any], list[dict[str, Any]]], str]] = [
    ("two of one name", lambda key: [jwk(key, "RS256", "first"), jwk(MALLORY, "RS256", "first")], "has no key 'first'"),
    ("for encryption", lambda key: [jwk(key, "RS256", "first", use="enc")], "is not for signing"),
    ("a secret", lambda _: [{"kty": "oct", "kid": "first", "k": "c2VjcmV0"}], "is none for RS256"),
    ("a damaged one", lambda key: [jwk(key, "RS256", "first", n="!")], "is damaged|isn't by"),
    ("a short one", lambda _: [jwk(SHORT, "RS256", "first")], "fewer than 2048 bits"),
    ("no keys but words", lambda _: ["first"], "has no key 'first'"),  # type: ignore[list-item]
]


@pytest.mark.parametrize(("keys", "said"), [row[1:] for row in WEAK], ids=[row[0] for row in WEAK])
def test_keys_that_are_none(issuer: Issuer, keys: Callable[[Any], list[dict[str, Any]]], said: str) -> None:
    """They are never taken for what they aren't."""
    issuer.jwks = keys(issuer.keys["first"])
    with pytest.raises(UnprovenError, match=said):
        word(issuer, issuer.token(TEXT, NOW))


KNOWN, KEYS = "/.well-known/openid-configuration", "/jwks"
TROUBLE: list[tuple[str, Callable[[Issuer], None], str]] = [
    ("is another", lambda i: i.about.update(issuer="https://issuer.example"), "says that it is 'https://issuer.example'"),
    ("is the same with a slash", lambda i: i.about.update(issuer=f"{i.address}/"), "write it in gates.people as its tokens have it"),
    ("has its keys where anybody can change them", lambda i: i.about.update(jwks_uri="http://keys.example/jwks"), "which isn't https"),
    ("has its keys in a file", lambda i: i.about.update(jwks_uri="file:///etc/passwd"), "which isn't https"),
    ("has its keys nowhere", lambda i: i.about.update(jwks_uri=None), "which isn't https"),
    ("leads elsewhere", lambda i: i.answers.update({KNOWN: [(302, {"Location": "http://localhost:1/"}, b"")]}), "isn't followed"),
    ("leads to other keys", lambda i: i.answers.update({KEYS: [(302, {"Location": f"{i.address}/other"}, b"")]}), "isn't followed"),
    ("is ill for long", lambda i: i.answers.update({KNOWN: [(503, {}, b"")] * 5}), "it says 503"),
    ("isn't there", lambda i: i.answers.update({KNOWN: [(404, {}, b"")]}), "answers 404"),
    ("says too much", lambda i: i.answers.update({KEYS: [(200, {}, b"[" + b" " * 600_000)]}), "more than 512000 bytes"),
    ("says nothing of use", lambda i: i.answers.update({KEYS: [(200, {}, b"<html>")]}), "no JSON"),
    ("says a list", lambda i: i.answers.update({KEYS: [plain([])]}), "something else than was asked for"),
    ("has no list of keys", lambda i: i.answers.update({KEYS: [plain({"keys": {}})]}), "has no keys at"),
]


@pytest.mark.parametrize(("make", "said"), [row[1:] for row in TROUBLE], ids=[row[0] for row in TROUBLE])
def test_while_an_issuer_can_not_be_asked_nobody_can_tell(issuer: Issuer, make: Callable[[Issuer], None], said: str) -> None:
    """That is another answer than that it proves nothing; afterwards it can be told."""
    make(issuer)
    proofs, approval = Proofs(), issuer.approval(TEXT, NOW)
    with pytest.raises(UnreachableError, match=said):
        proofs.word(approval, people(issuer))
    issuer.about, issuer.answers = {}, {}
    assert proofs.word(approval, people(issuer)).person == "ada"


@pytest.mark.parametrize(
    ("address", "issuer", "trusted"),
    [
        ("https://keys.example/jwks", "https://issuer.example", True),
        ("http://keys.example/jwks", "https://issuer.example", False),
        ("http://127.0.0.1:80/jwks", "https://issuer.example", False),
        ("http://127.0.0.1:80/jwks", "http://127.0.0.1:8080", True),
        ("http://[::1]/jwks", "http://localhost:8080", True),
        ("http://127.0.0.1.evil.example/jwks", "http://127.0.0.1:8080", False),
        ("https://issuer.example@evil.example/jwks", "https://issuer.example", False),
        ("https:///jwks", "https://issuer.example", False),
        ("http://[::1/jwks", "http://localhost:8080", False),
    ],
)
def test_keys_are_asked_for_by_https_only(address: str, issuer: str, *, trusted: bool) -> None:
    """Or on this machine, if the issuer is here too: one elsewhere doesn't send anybody to what is only for this machine."""
    assert oidc._trusted(address, issuer) is trusted


def test_an_issuer_that_is_ill_for_a_moment_is_asked_again(issuer: Issuer) -> None:
    """Without anybody noticing."""
    issuer.answers = {KNOWN: [(500, {}, b""), (503, {}, b"")], KEYS: [(429, {}, b"")]}
    assert word(issuer, issuer.token(TEXT, NOW)) == "ada"
    assert issuer.asked == [KNOWN] * 3 + [KEYS] * 2


def test_an_issuer_that_is_gone_can_not_be_asked(issuer: Issuer) -> None:
    """It says where nobody answers."""
    with issuing() as other:
        token = other.token(TEXT, NOW)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+/\.well-known/openid-configuration doesn't answer"):
        word(other, token)
    assert issuer.asked == []
