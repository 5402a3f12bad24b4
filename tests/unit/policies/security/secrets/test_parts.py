"""What finding secrets stands on: texts in base64, what looks random, and the words of names."""

from __future__ import annotations

import base64

import pytest

from policies.judging.formats import decoded
from policies.security.secrets.finding import Found, in_entry, in_file, in_value
from policies.security.secrets.names import certain, possible
from policies.security.secrets.randomness import random_by_name, random_in
from tests.unit.policies.security.secrets.made import KNOWN, LETTERS, encoded, random

GITHUB = KNOWN["github"][1]
# These have characters that the two alphabets of base64 write in different ways.
ODD = "subjects?>~>~?>~ and objects"


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (encoded(ODD), ODD),
        (base64.urlsafe_b64encode(ODD.encode()).decode(), ODD),
        (encoded("ordinary 1").rstrip("="), "ordinary 1"),
        (encoded("ordinary 12"), "ordinary 12"),
        (encoded("two\nlines\r\n\tand more"), "two\nlines\r\n\tand more"),
        (encoded("12345678"), "12345678"),
        # Too short, cut off, no base64, no text.
        (encoded("1234567"), None),
        (encoded("ordinary text")[:17], None),
        ("ordinary text!", None),
        (f"!{encoded('ordinary text 12')}", None),
        (base64.b64encode(bytes(range(20))).decode(), None),
        (base64.b64encode(b"\xff\xfe" * 10).decode(), None),
        ("", None),
    ],
)
def test_decoded(token: str, text: str | None) -> None:
    """Texts of ordinary characters come back, whatever the alphabet; all else is none."""
    assert decoded(token) == text


@pytest.mark.parametrize(
    ("value", "is_random"),
    [
        (random(16), True),
        (random(15), False),
        (f"{random(24)} {random(24)}", False),
        ("0123456789abcdef" * 2, True),
        ("0123456789012345", False),
        ("abcdefabcdefabcdef", False),
        ("a1a1a1a1a1a1a1a1", False),
        ("wordsLikeTheseAreNot", False),
        ("sha256:" + "0123456789abcdef" * 4, False),
        ("shop-database-credentials", False),
        ("k3j2h4g5f6d7s8a9q1w2", True),
    ],
)
def test_random_by_name(value: str, is_random: bool) -> None:
    """What the name of a secret may be for: long enough, without order, and no hash that says so."""
    assert random_by_name(value) is is_random


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        (random(20), [0]),
        (random(19), []),
        (f"a: {random(24)}\nb: {random(24, seed='b')}", [3, 31]),
        (random(40, "abcdefghijklmnopqrstuvwxyz0123456789"), []),
        (random(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), []),
        (random(40, LETTERS[:52]), []),
        (f"https://a.example/x\n{random(24)}", [20]),
        ("/".join(random(8, seed=str(number)) for number in range(5)), []),
        (random(200, "aB1"), []),
    ],
)
def test_random_in(text: str, starts: list[int]) -> None:
    """Both cases and digits, not too few different ones, and no list of short names; where it is stays right behind what is left out."""
    assert [*random_in(text)] == starts


@pytest.mark.parametrize(
    ("name", "is_certain", "is_possible"),
    [
        ("password", True, False),
        ("key", False, False),
        ("api-key", True, False),
        ("token", False, True),
        ("accessToken2", True, True),
        ("secret", False, True),
        ("CLIENT_SECRET_VALUE", True, True),
        ("public_token", False, False),
        ("public_api_key", False, False),
        ("", False, False),
        ("123", False, False),
        ("level", False, False),
    ],
)
def test_names(name: str, is_certain: bool, is_possible: bool) -> None:
    """By the last word that says something, and the one before it."""
    assert certain(name) is is_certain
    assert possible(name) is is_possible


def test_what_is_told() -> None:
    """By what it was found, and in which line."""
    assert in_value("TOKEN", random(15) + "1aB2") == (Found("a secret, by its name and looks", 1),)
    assert in_file(f"{GITHUB}\n\n{random(24)}") == (Found("a GitHub token", 1), Found("something random, as keys and tokens are", 3))
    assert in_file(f"a\n{encoded(GITHUB)}\n{encoded(f'{GITHUB} {GITHUB}')}") == (
        Found("a GitHub token in base64", 2),
        Found("a GitHub token in base64", 3),
    )
    assert in_file(f"{GITHUB} {GITHUB}") == (Found("a GitHub token", 1),)
    assert (
        in_entry("a.txt", "db_password: hunter2") == in_entry("a", "[{'db_password': 'hunter2'}]") == (Found("a secret, by its name", 1),)
    )


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("postgres://user:hunter2@db/app", True),
        ("postgres://app:password@db/app", True),
        ("postgres://user:password@db/app", False),
        ("postgres://$(USER):hunter2@db/app", False),
        ("password=hunter2", False),
        ("host=db\npassword=$(PW)", False),
        ("Authorization: Basic ${TOKEN}", False),
    ],
)
def test_connections(value: str, wrong: bool) -> None:
    """A password is one unless both it and the user only show how to write it."""
    assert bool(in_value("X", value)) is wrong
