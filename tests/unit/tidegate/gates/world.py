"""People with keys, who sign what they say: SSH signatures made here, from the same description of the format as the verifier was.

That real `ssh-keygen` makes and takes the same is seen in tests/local/gates.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from tidegate.gates.approvals import state
from tidegate.gates.proofs import Proofs
from tidegate.gates.statements import statement
from tidegate.model.approval import NAMESPACE, Approval, Proof
from tidegate.model.intent.environment import Environment
from tidegate.model.intent.gates import Gates

if TYPE_CHECKING:
    from tidegate.gates.approvals import Standing
    from tidegate.gates.verifying import Verifier

Key = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
STACK, BRINGS, RELEASE = "shop/production", "0f" * 32, "r7-3f0c1a (2026-05-01T11:30:00+00:00)"
SERVICES = {"web": "v2"}
ENVIRONMENT = Environment(
    name="live", tier="production", domain="example.org", registry="registry.example.org", namespace="shop", team="team", cost_centre="none"
)


@cache
def key_of(name: str) -> ed25519.Ed25519PrivateKey:
    """Somebody's key, the same each time."""
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def public(key: Key, comment: str = "somebody") -> str:
    """A key as its .pub file has it."""
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    return f"{line} {comment}"


def packed(*parts: bytes) -> bytes:
    """Parts as SSH packs them."""
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def number(value: int) -> bytes:
    """A whole number as SSH has it: with room for its sign."""
    return value.to_bytes(value.bit_length() // 8 + 1)


def blob_of(line: str) -> bytes:
    """The key of a .pub file's line."""
    return base64.b64decode(line.split(" ")[1])


def armoured(key_blob: bytes, signature: bytes, namespace: str, digest: str, *, more: bytes = b"", magic: bytes = b"SSHSIG") -> str:
    """A signature as `ssh-keygen -Y sign` writes it."""
    whole = magic + (1).to_bytes(4) + packed(key_blob, namespace.encode(), b"", digest.encode(), signature) + more
    return f"-----BEGIN SSH SIGNATURE-----\n{base64.encodebytes(whole).decode()}-----END SSH SIGNATURE-----"


def to_sign(message: bytes, namespace: str, digest: str) -> bytes:
    """What is signed of a message."""
    return b"SSHSIG" + packed(namespace.encode(), b"", digest.encode(), hashlib.new(digest, message).digest())


def ssh_signed(key: Key, text: str, namespace: str = NAMESPACE, digest: str = "sha512", kind: str | None = None) -> str:
    """A text, signed; `kind`: of the signature, if it isn't the key's usual one."""
    line = public(key)
    whole = to_sign(text.encode(), namespace, digest)
    match key:
        case ed25519.Ed25519PrivateKey():
            usual, blob = "ssh-ed25519", key.sign(whole)
        case ec.EllipticCurvePrivateKey():
            usual = line.split(" ")[0]
            by: dict[str, Any] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "521": hashes.SHA512()}
            r, s = utils.decode_dss_signature(key.sign(whole, ec.ECDSA(by[usual[-3:]])))
            blob = packed(number(r), number(s))
        case _:
            usual = "rsa-sha2-512"
            hashing = {"ssh-rsa": hashes.SHA1(), "rsa-sha2-256": hashes.SHA256()}.get(kind or "", hashes.SHA512())  # noqa: S303 - refused
            blob = key.sign(whole, padding.PKCS1v15(), hashing)
    return armoured(blob_of(line), packed((kind or usual).encode(), blob), namespace, digest)


def ssh(name: str) -> dict[str, Any]:
    """Somebody's identity."""
    return {"kind": "ssh", "key": public(key_of(name))}


def gates(**more: Any) -> Gates:
    """Ada, Ben and Cleo manage releases, Dan doesn't, and two of the managers must say yes; Eve begins releases."""
    settings = {
        "people": {
            "ada": {"names": ["ada@example.org"], "identities": [ssh("ada"), ssh("ada's laptop")]},
            "ben": {"identities": [ssh("ben")]},
            "cleo": {"identities": [ssh("cleo")]},
            "dan": {"identities": [ssh("dan")]},
            "eve": {"names": ["Eve@example.org"], "identities": [ssh("eve")]},
        },
        "roles": {"managers": ["ada", "ben", "cleo"]},
        "approvals": {"release": {"approvers": ["managers"], "count": 2}},
        **more,
    }
    return Gates.model_validate(settings, strict=False)


def say(
    name: str,
    decision: Any = "approve",
    minutes: float = 0,
    *,
    key: Key | None = None,
    by: str | None = None,
    claims: Any = None,
    **other: Any,
) -> Approval:
    """Somebody says something, so many minutes ago. `other` is what their statement says differently; `claims` what the record does."""
    told: dict[str, Any] = {"stack": STACK, "brings": BRINGS, "services": SERVICES, "before": "promote", "reason": "it is well"}
    text = statement(**{**told, "decision": decision, "at": NOW - timedelta(minutes=minutes), "release": RELEASE, **other})
    proof = Proof(kind="ssh", text=ssh_signed(key or key_of(name), text))
    return Approval(decision=claims or decision, by=by or name, statement=text, proof=proof)


def ask(
    said: list[Approval],
    intent: Gates | None = None,
    *,
    before: Any = "promote",
    began_by: str = "eve",
    waited: float = 30,
    verifier: Verifier | None = None,
    now: datetime = NOW,
) -> Standing:
    """How it stands now, when the step has been next for so many minutes."""
    return state(
        intent or gates(),
        said,
        BRINGS,
        STACK,
        before,
        began_by,
        now,
        verifier or Proofs(),
        environment=ENVIRONMENT,
        release=RELEASE,
        since=now - timedelta(minutes=waited),
    )
