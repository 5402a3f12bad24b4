"""Passphrase secrets."""

from __future__ import annotations

import base64
import hashlib
import os
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.backend import crypto
from embedded.engine.backend.crypto import BlindSecrets, PassphraseSecrets
from embedded.engine.model.errors import AuthenticationError, EngineError, NotSupportedError

if TYPE_CHECKING:
    from pathlib import Path

# Made by the real CLI.
SALT = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ=="


def test_a_salt_of_the_real_cli_opens() -> None:
    """The key derivation and cipher are the real CLI's, at its full cost."""
    PassphraseSecrets.open(SALT, "password").verify()


def test_a_wrong_passphrase_is_found_out() -> None:
    """The salt line proves the passphrase before anything is decrypted with it."""
    secrets = PassphraseSecrets.open(SALT, "pa55word")
    with pytest.raises(AuthenticationError, match="incorrect passphrase"):
        secrets.verify()
    with pytest.raises(AuthenticationError, match="incorrect passphrase"):
        secrets.encrypt("x")


@pytest.mark.parametrize("text", ["", "hush", "é☃\n", "x" * 10_000])
def test_what_is_encrypted_decrypts(secrets: PassphraseSecrets, text: str) -> None:
    """Each encryption has a nonce of its own, and reads back, also from the salt line alone."""
    one, two = secrets.encrypt(text), secrets.encrypt(text)
    assert one != two
    again = PassphraseSecrets.open(secrets.salt, "password")
    again.verify()
    assert again.decrypt(one) == again.decrypt(two) == text


def test_an_empty_passphrase_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty passphrase is allowed, as in the real CLI."""
    monkeypatch.setattr(crypto, "_ROUNDS", 10)
    secrets = PassphraseSecrets.create("")
    assert PassphraseSecrets.open(secrets.salt, "").decrypt(secrets.encrypt("x")) == "x"


@pytest.mark.parametrize(
    ("ciphertext", "message"),
    [
        ("", "malformed"),
        ("v2:AAAA:AAAA", "malformed"),
        ("v1:!!!:AAAA", "malformed"),
        ("v1:AAAA:AAAA", "malformed"),
        (f"v1:{base64.b64encode(bytes(12)).decode()}:{base64.b64encode(bytes(20)).decode()}", "another key, or damaged"),
    ],
)
def test_damaged_ciphertexts_are_refused(secrets: PassphraseSecrets, ciphertext: str, message: str) -> None:
    """A damaged ciphertext is an error that says so, and shows none of it."""
    with pytest.raises(EngineError, match=message):
        secrets.decrypt(ciphertext)


@pytest.mark.parametrize("line", ["", "v1:abc", "v2:fozI5u6B030=:v1:a:b", "v1:?:v1:a:b"])
def test_a_malformed_salt_line_is_refused(line: str) -> None:
    """A salt line that is none is an error at once."""
    with pytest.raises(EngineError, match="encryptionsalt is malformed"):
        PassphraseSecrets.open(line, "password")


def test_keys_are_derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same salt and passphrase share a key in a process, and `prefetch` derives it ahead."""
    calls: list[bytes] = []

    def derive(_hash: str, _password: bytes, salt: bytes, _rounds: int, length: int) -> bytes:
        calls.append(salt)
        return bytes(length)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", derive)
    monkeypatch.setattr(crypto, "_keys", {})
    salt = f"v1:{base64.b64encode(os.urandom(8)).decode()}:v1:AAAA:AAAA"
    crypto.prefetch(salt, "p")
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            PassphraseSecrets.open(salt, "p").verify()
    assert len(calls) == 1


def test_a_key_is_derived_again_after_a_fork(secrets: PassphraseSecrets) -> None:
    """A forked process has not the thread that derived the key, and derives it itself."""
    secrets._key._key = b""
    assert PassphraseSecrets.open(secrets.salt, "password").decrypt(secrets.encrypt("x")) == "x"


@pytest.mark.parametrize(
    ("environ", "content", "passphrase"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "a"}, None, "a"),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, "b", ""),
        ({}, " b \n", "b"),
        ({"PULUMI_CONFIG_PASSPHRASE": " a "}, None, " a "),
    ],
)
def test_where_the_passphrase_comes_from(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: dict[str, str], content: str | None, passphrase: str
) -> None:
    """The variable goes before the file, even when it is empty; a file's text is trimmed."""
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    if content is not None:
        (tmp_path / "passphrase").write_text(content)
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert crypto.read_passphrase() == passphrase


def test_without_a_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where none is given the user is asked, or else told what to set."""
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    assert crypto.read_passphrase(lambda: "asked") == "asked"
    with pytest.raises(AuthenticationError, match="passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"):
        crypto.read_passphrase()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/nowhere/passphrase")
    with pytest.raises(AuthenticationError, match="unable to read PULUMI_CONFIG_PASSPHRASE_FILE: open /nowhere/passphrase: no such file"):
        crypto.read_passphrase()


@pytest.mark.parametrize(
    ("provider", "error", "message"),
    [
        ({"type": "cloud", "state": {}}, NotSupportedError, "'cloud'"),
        ({"type": "passphrase"}, EngineError, "has no salt"),
    ],
)
def test_other_providers_are_refused_by_name(provider: dict[str, Any], error: type[EngineError], message: str) -> None:
    """A state that other secrets encrypted is not touched."""
    with pytest.raises(error, match=message):
        crypto.open_provider(provider)


def test_a_states_provider_opens(secrets: PassphraseSecrets, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state names its own salt; one without secrets names none."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
    opened = crypto.open_provider(secrets.provider)
    assert opened is not None
    assert opened.decrypt(secrets.encrypt("x")) == "x"
    assert crypto.open_provider(None) is None
    assert crypto.open_provider({}) is None


def test_blind_secrets_show_nothing() -> None:
    """Who may not see secrets sees `[secret]`, and cannot write."""
    assert BlindSecrets().decrypt("v1:a:b") == '"[secret]"'
    assert BlindSecrets().provider == {}
    with pytest.raises(AuthenticationError):
        BlindSecrets().encrypt("x")
