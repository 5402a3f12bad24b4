"""What a name says about its value: `DB_PASSWORD` is for a secret, `PASSWORD_FILE` says where one is."""

import re
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PASSWORDS: Final = ("password", "passwd", "pwd", "passphrase", "passcode", "apikey", "secretkey", "privatekey", "accesskey", "authtoken")
_KEYS: Final = frozenset(
    {"api", "secret", "access", "private", "encryption", "signing", "master", "account", "storage", "shared", "license"}
)
_TOKENS: Final = frozenset({"access", "api", "auth", "bearer", "refresh", "bot", "personal", "deploy", "registration"})
_SECRETS: Final = frozenset({"client", "app", "jwt", "session", "webhook", "cookie", "consumer", "shared", "auth", "nextauth"})
_PERHAPS: Final = frozenset({"secret", "secrets", "token", "credential", "credentials", "creds", "cred", "auth", "pass", "salt", "pepper"})
# What comes after the word that counts, and says nothing about it.
_AFTER: Final = frozenset(
    {"value", "plain", "text", "string", "base", "b64", "encoded", "old", "new", "current", "previous", "primary", "secondary"}
)


def certain(name: str) -> bool:
    """Whether whatever is called so is a secret: `redis-password`, `AWS_SECRET_ACCESS_KEY`, `clientSecret`."""
    words = _words(name)
    if not words or "public" in words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    return (
        last.endswith(_PASSWORDS)
        or (last == "key" and before in _KEYS)
        or (last == "token" and before in _TOKENS)
        or (last == "secret" and before in _SECRETS)
    )


def possible(name: str) -> bool:
    """Whether what is called so may be a secret, if it looks like one: `TOKEN`, `signing-secret`."""
    words = _words(name)
    return bool(words) and "public" not in words and words[-1] in _PERHAPS


def _words(name: str) -> list[str]:
    words = [word.lower() for word in _WORD.findall(name)]
    while words and (words[-1].isdigit() or words[-1] in _AFTER):
        words.pop()
    return words
