"""An issuer of tokens on this machine: it says where its keys are, hands them out, and gives jobs tokens as GitHub does."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.unit.tidegate.gates.world import BRINGS, NOW, RELEASE, SERVICES, STACK
from tidegate.gates.statements import audience, statement
from tidegate.model.approval import Approval, Proof
from tidegate.model.intent.people import Oidc, Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

TEXT = statement(STACK, BRINGS, SERVICES, "promote", "approve", "it is well", NOW, release=RELEASE)
OTHER = statement(STACK, BRINGS, SERVICES, "stage", "approve", "it is well", NOW, release=RELEASE)
SECRET = "the-job's-own"
ALGORITHMS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


@cache
def made(algorithm: str, number: int = 0) -> Any:
    """A key for an algorithm, the same in all tests; and others, by number."""
    del number
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def jwk(key: Any, algorithm: str, name: str, **more: Any) -> dict[str, Any]:
    """A public key as an issuer hands it out."""
    found: dict[str, Any] = json.loads(ALGORITHMS[algorithm].to_jwk(key.public_key()))
    return {**found, "kid": name, "alg": algorithm, "use": "sig", **more}


@dataclass
class Issuer:
    """What it answers; tests change it at will."""

    address: str
    algorithm: str = "RS256"
    keys: dict[str, Any] = field(default_factory=dict)
    """Its private keys, by name."""
    about: dict[str, Any] = field(default_factory=dict)
    """What it says of itself otherwise."""
    jwks: list[dict[str, Any]] | None = None
    """What it hands out instead of its own keys."""
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)
    """What it answers instead, by path, one after the other."""
    asked: list[str] = field(default_factory=list)
    now: datetime | None = None
    """When a job asks for a token."""
    claims: dict[str, Any] = field(default_factory=dict)

    def token(self, statement: str, at: datetime, *, key: Any = None, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token for a statement; a claim that is None is left out."""
        name, own = next(iter(self.keys.items()))
        issued = int(at.timestamp())
        usual = {"iss": self.address, "sub": "repo:team/shop:environment:production", "aud": audience(statement)}
        times = {"iat": issued, "nbf": issued - 5, "exp": int((at + timedelta(minutes=5)).timestamp())}
        whole = {**usual, **times, "repository": "team/shop", "environment": "production", "actor": "ada", **self.claims, **claims}
        told = {name: value for name, value in whole.items() if value is not None}
        algorithm = (header or {}).get("alg", self.algorithm)
        return jwt.encode(told, key or own, algorithm=algorithm, headers={"kid": name, **(header or {})})

    def approval(self, statement: str, at: datetime, **more: Any) -> Approval:
        """A yes by such a token."""
        return Approval(decision="approve", by="ada", statement=statement, proof=Proof(kind="oidc", text=self.token(statement, at, **more)))

    def answer(self, path: str, authorization: str | None) -> tuple[int, dict[str, str], bytes]:
        """What it answers to a path."""
        self.asked.append(path)
        parts = urlsplit(path)
        if self.answers.get(parts.path):
            return self.answers[parts.path].pop(0)
        match parts.path:
            case "/.well-known/openid-configuration":
                return plain({"issuer": self.address, "jwks_uri": f"{self.address}/jwks", **self.about})
            case "/jwks":
                own = [jwk(key, self.algorithm, name) for name, key in self.keys.items()]
                return plain({"keys": own if self.jwks is None else self.jwks})
            case "/token" if authorization == f"Bearer {SECRET}" and self.now is not None:
                wanted = parse_qs(parts.query)["audience"][0]
                return plain({"value": self.token("", self.now, aud=wanted)})
            case _:
                return 401, {}, b"{}"


def plain(value: Any) -> tuple[int, dict[str, str], bytes]:
    """A JSON answer."""
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@contextmanager
def issuing(algorithm: str = "RS256") -> Iterator[Issuer]:
    """An issuer that runs."""
    issuer = Issuer("", algorithm, {"first": made(algorithm)})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = issuer.answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base has it
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def people(issuer: Issuer, **claims: str) -> dict[str, Person]:
    """Ada, by her jobs in one environment of one repository; and Ben by his."""
    usual = {"repository": "team/shop", "environment": "production"}
    return {
        "ada": Person(identities=(Oidc(kind="oidc", issuer=issuer.address, claims={**usual, "actor": "ada", **claims}),)),
        "ben": Person(identities=(Oidc(kind="oidc", issuer=issuer.address, claims={**usual, "actor": "ben"}),)),
    }
