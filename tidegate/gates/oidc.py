"""Tokens of OpenID Connect issuers as signatures: a token that is for a statement's hash was asked for by whoever holds the identity.

Such a token is of no use anywhere else, so it may be kept with the statement, and be verified after it has expired: it must have been in
force when the statement was made. Issuers are those of the intent; a token's own word about where its keys are counts for nothing.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import stamina

from embedded.lean import httpx
from tidegate.gates.statements import audience
from tidegate.gates.verifying import UnprovenError
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Collection

    from jwt import PyJWK

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
LONGEST: Final = 16_000
"""Of a token."""
SKEW: Final = timedelta(minutes=1)
"""How far clocks may be apart."""
PROMPT: Final = timedelta(hours=1)
"""How long after the statement the token may have been issued: a statement may be prepared for a job that a person starts."""
_LONGEST_ANSWER: Final = 512_000
_TIMEOUT: Final = httpx.Timeout(5.0)
_IN_ALL: Final = 15.0
_WAITS: Final = (0.2, 2.0)
"""Seconds between two tries, at first and at most."""
_AGAIN: Final = 60.0
"""Seconds until keys are asked for once more because one isn't among them."""
_SMALLEST_RSA: Final = 2048
_MOST_KEYS: Final = 100

logging.getLogger("stamina").addHandler(logging.NullHandler())


class Issuers:
    """The keys of issuers, asked for when they are needed and kept."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[dict[str, dict[str, Any]], float]] = {}

    def claims(self, token: str, statement: str, at: datetime, issuers: Collection[str]) -> dict[str, Any]:
        """What a token says that signs a statement made at a moment. `UnprovenError`: it signs nothing. `UnreachableError`: no keys now."""
        import jwt

        if len(token) > LONGEST:
            raise UnprovenError("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            unproven = jwt.decode(token, options={"verify_signature": False})
        except jwt.InvalidTokenError as error:
            raise UnprovenError("that is no token") from error
        issuer = unproven.get("iss")
        if not isinstance(issuer, str) or issuer not in issuers:
            raise UnprovenError(f"the token is by {issuer!a}, which isn't an issuer of gates.people")
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in ALGORITHMS:
            raise UnprovenError(f"the token is signed by {algorithm!a}, which isn't taken: {', '.join(ALGORITHMS)} are")
        if not isinstance(key_id, str):
            raise UnprovenError("the token doesn't say by which key it is signed")
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self._key(issuer, key_id, algorithm),
                algorithms=[algorithm],
                audience=audience(statement),
                issuer=issuer,
                # Whether it was in force is asked below, for then, not for now.
                options={"require": ["iss", "sub", "aud", "exp", "iat"], "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidAudienceError as error:
            raise UnprovenError("the token is for something else than this statement") from error
        except (jwt.InvalidTokenError, jwt.PyJWKError) as error:
            raise UnprovenError(f"the token isn't by {issuer}: {error}") from error
        if found["aud"] not in (audience(statement), [audience(statement)]):
            raise UnprovenError("the token is for something else besides this statement")
        _in_force(found, at)
        return found

    def _key(self, issuer: str, key_id: str, algorithm: str) -> PyJWK:
        from jwt import PyJWK, PyJWKError
        from jwt.exceptions import InvalidKeyError

        found = self._of(issuer, key_id)
        if found is None:
            raise UnprovenError(f"{issuer} has no key {key_id!a}, or no longer")
        if found.get("use", "sig") != "sig" or found.get("alg", algorithm) != algorithm:
            raise UnprovenError(f"the key {key_id!a} of {issuer} is not for signing by {algorithm}")
        if (found.get("kty"), found.get("crv")) not in _KINDS[algorithm]:
            raise UnprovenError(f"the key {key_id!a} of {issuer} is none for {algorithm}")
        try:
            key = PyJWK(found, algorithm)
        except (PyJWKError, InvalidKeyError, ValueError, TypeError) as error:
            raise UnprovenError(f"the key {key_id!a} of {issuer} is damaged") from error
        if algorithm == "RS256" and key.key.key_size < _SMALLEST_RSA:
            raise UnprovenError(f"the key {key_id!a} of {issuer} has fewer than {_SMALLEST_RSA} bits")
        return key

    def _of(self, issuer: str, key_id: str) -> dict[str, Any] | None:
        """A key of an issuer's. If it isn't among those that are known, they are asked for once more: issuers change them."""
        known = self._keys.get(issuer)
        if known is None or (key_id not in known[0] and time.monotonic() - known[1] > _AGAIN):
            known = self._asked(issuer), time.monotonic()
            self._keys[issuer] = known
        return known[0].get(key_id)

    def _asked(self, issuer: str) -> dict[str, dict[str, Any]]:
        with _client(issuer) as client:
            about = _json(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != issuer:
                raise UnreachableError(f"{issuer} says that it is {about.get('issuer')!a}: write it in gates.people as its tokens have it")
            place = about.get("jwks_uri")
            if not isinstance(place, str) or not _trusted(place, issuer):
                raise UnreachableError(f"{issuer} has its keys at {place!a}, which isn't https")
            keys = _json(client, place).get("keys")
        if not isinstance(keys, list):
            raise UnreachableError(f"{issuer} has no keys at {place}")
        listed = [key for key in keys[:_MOST_KEYS] if isinstance(key, dict) and isinstance(key.get("kid"), str)]
        found = {key["kid"]: key for key in listed}
        # Of two keys of one name, neither is it.
        return {name: key for name, key in found.items() if sum(other["kid"] == name for other in listed) == 1}


_KINDS: Final[dict[str, set[tuple[object, object]]]] = {"RS256": {("RSA", None)}, "ES256": {("EC", "P-256")}, "EdDSA": {("OKP", "Ed25519")}}


def _in_force(claims: dict[str, Any], at: datetime) -> None:
    """Whether the token was in force when the statement was made, and was asked for then."""
    issued, expires, begins = (_moment(claims.get(name)) for name in ("iat", "exp", "nbf"))
    if issued is None or expires is None or (begins is None and "nbf" in claims):
        raise UnprovenError("the token's times are none")
    if expires < max(issued, at - SKEW):
        raise UnprovenError("the token had expired when that was said")
    if begins is not None and begins > issued + SKEW:
        raise UnprovenError("the token was not yet in force when it was issued")
    if not at - SKEW <= issued <= at + PROMPT:
        raise UnprovenError("the token wasn't issued when that was said")


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _client(issuer: str) -> httpx.Client:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    # A proxy that leads out of this machine doesn't lead back to it.
    return httpx.Client(timeout=_TIMEOUT, follow_redirects=False, headers=headers, trust_env=issuer.startswith("https://"))


def _json(client: httpx.Client, address: str) -> dict[str, Any]:
    """A document of an issuer's, from where it is said to be and nowhere else."""
    first, longest = _WAITS
    try:
        for attempt in stamina.retry_context(
            (httpx.TransportError, _BusyError), attempts=3, timeout=_IN_ALL, wait_initial=first, wait_max=longest
        ):
            with attempt:
                return _once(client, address)
    except (httpx.HTTPError, httpx.InvalidURL, _BusyError) as error:
        raise UnreachableError(f"{address} doesn't answer: {str(error) or type(error).__name__}") from error
    raise UnreachableError(f"{address} doesn't answer")


def _once(client: httpx.Client, address: str) -> dict[str, Any]:
    deadline = time.monotonic() + _IN_ALL
    with client.stream("GET", address) as answer:
        if answer.status_code in {429, 500, 502, 503, 504}:
            raise _BusyError(f"it says {answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            to = " and leads elsewhere, which isn't followed" if answer.is_redirect else ""
            raise UnreachableError(f"{address} answers {answer.status_code}{to}")
        body = bytearray()
        for part in answer.iter_raw():
            body += part
            if len(body) > _LONGEST_ANSWER:
                raise UnreachableError(f"{address} answers with more than {_LONGEST_ANSWER} bytes")
            if time.monotonic() > deadline:
                raise UnreachableError(f"{address} doesn't come to an end")
    try:
        found = json.loads(bytes(body))
    except ValueError as error:
        raise UnreachableError(f"{address} answers with no JSON") from error
    if not isinstance(found, dict):
        raise UnreachableError(f"{address} answers with something else than was asked for")
    return found


class _BusyError(Exception):
    """It may answer in a moment."""


def _trusted(address: str, issuer: str) -> bool:
    """Whether keys may be asked for there: by https, or on this machine, where the issuer is too."""
    try:
        parts = urlsplit(address)
        if parts.username is not None or not parts.hostname:
            return False
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname) and issuer.startswith("http://"))


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
