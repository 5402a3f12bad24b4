"""SSH signatures: what `ssh-keygen -Y sign` writes, verified here, for a machine that counts approvals may have no ssh-keygen.

The format is OpenSSH's PROTOCOL.sshsig. Keys: Ed25519, ECDSA on NIST's curves, RSA of 2048 bits and more with SHA-2, and those on security
keys, which must have been touched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from tidegate.gates.verifying import UnprovenError

BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
END: Final = "-----END SSH SIGNATURE-----"
LONGEST: Final = 16_000
_MAGIC: Final = b"SSHSIG"
_HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_CURVES: Final = {"nistp256": hashes.SHA256(), "nistp384": hashes.SHA384(), "nistp521": hashes.SHA512()}
_RSA: Final = {"rsa-sha2-256": hashes.SHA256(), "rsa-sha2-512": hashes.SHA512()}
_SMALLEST_RSA: Final = 2048
_TOUCHED: Final = 1
_SK_ED25519: Final = "sk-ssh-ed25519@openssh.com"
_SK_ECDSA: Final = "sk-ecdsa-sha2-nistp256@openssh.com"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature, taken apart. Nothing of it is proven yet."""

    key: bytes
    """The public key that it claims to be by."""
    namespace: str
    hash: str
    kind: str
    blob: bytes
    """The signature itself, after its kind."""


def parsed(armoured: str) -> Signature:
    """A signature taken apart. `UnprovenError`, if it isn't whole, or there is more than it."""
    text = armoured.strip()
    if len(armoured) > LONGEST or not (text.startswith(BEGIN) and text.endswith(END)):
        raise UnprovenError(f"no SSH signature: it must go from {BEGIN} to {END}")
    try:
        reader = _Reader(base64.b64decode("".join(text[len(BEGIN) : -len(END)].split()), validate=True))
        if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != 1:
            raise UnprovenError("no SSH signature of version 1")
        key, namespace, _reserved, digest, signature = (reader.field() for _ in range(5))
        reader.end()
        inner = _Reader(signature)
        kind = inner.field().decode("ascii")
        return Signature(key, namespace.decode(), digest.decode("ascii"), kind, inner.rest())
    except (binascii.Error, EOFError, UnicodeDecodeError) as error:
        raise UnprovenError("the SSH signature is damaged") from error


def verify(signature: Signature, namespace: str, message: bytes) -> None:
    """Raise `UnprovenError` unless its key has signed this message for this purpose."""
    if signature.namespace != namespace:
        raise UnprovenError(f"the SSH signature is for {signature.namespace!a}, not for {namespace}")
    digest = _HASHES.get(signature.hash)
    if digest is None:
        raise UnprovenError(f"the SSH signature is by the hash {signature.hash!a}, which isn't taken")
    signed = b"".join(
        [_MAGIC, *map(_packed, (namespace.encode(), b"", signature.hash.encode(), digest(message).digest()))],
    )
    try:
        _check(signature, signed)
    except InvalidSignature:
        raise UnprovenError("the SSH signature is of something else, or by another key") from None
    except (EOFError, NotImplementedError, UnicodeDecodeError, UnsupportedAlgorithm, ValueError) as error:
        raise UnprovenError("the SSH signature or its key is damaged") from error


def _check(signature: Signature, signed: bytes) -> None:
    kind = _Reader(signature.key).field().decode("ascii")
    if kind == "ssh-rsa":
        _check_rsa(signature, signed)
        return
    if signature.kind != kind:
        raise UnprovenError(f"the SSH signature is of the kind {signature.kind!a}, its key of {kind!a}")
    if kind in {_SK_ED25519, _SK_ECDSA}:
        _check_security_key(signature, signed)
        return
    inner = _Reader(signature.blob)
    blob = inner.field()
    inner.end()
    match serialization.load_ssh_public_key(_line(kind, signature.key)):
        case ed25519.Ed25519PublicKey() as key:
            key.verify(blob, signed)
        case ec.EllipticCurvePublicKey() as key:
            key.verify(_der(blob), signed, ec.ECDSA(_CURVES[kind.rpartition("-")[2]]))
        case _:
            raise UnprovenError(f"SSH keys of the kind {kind!a} aren't taken")


def _check_rsa(signature: Signature, signed: bytes) -> None:
    # The old kind of signature, ssh-rsa, is by SHA-1.
    digest = _RSA.get(signature.kind)
    if digest is None:
        raise UnprovenError(f"the SSH signature is of the kind {signature.kind!a}, which isn't taken: sign with rsa-sha2-512")
    key = serialization.load_ssh_public_key(_line("ssh-rsa", signature.key))
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_RSA:
        raise UnprovenError(f"the RSA key has fewer than {_SMALLEST_RSA} bits")
    inner = _Reader(signature.blob)
    blob = inner.field()
    inner.end()
    key.verify(blob, signed, padding.PKCS1v15(), digest)


def _check_security_key(signature: Signature, signed: bytes) -> None:
    """A security key signs for an application, and says whether it was touched, and how often it has signed."""
    key, inner = _Reader(signature.key), _Reader(signature.blob)
    kind, blob = key.field().decode("ascii"), inner.field()
    curve = key.field() if kind == _SK_ECDSA else b""
    point, application = key.field(), key.field()
    key.end()
    flags, counter = inner.take(1), inner.take(4)
    inner.end()
    if not flags[0] & _TOUCHED:
        raise UnprovenError("the security key signed without being touched")
    whole = b"".join([hashlib.sha256(application).digest(), flags, counter, hashlib.sha256(signed).digest()])
    if kind == _SK_ED25519:
        ed25519.Ed25519PublicKey.from_public_bytes(point).verify(blob, whole)
        return
    if curve != b"nistp256":
        raise UnprovenError("the security key is of an unknown curve")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).verify(_der(blob), whole, ec.ECDSA(hashes.SHA256()))


def _der(blob: bytes) -> bytes:
    """An ECDSA signature as cryptography takes it."""
    reader = _Reader(blob)
    r, s = (int.from_bytes(reader.field(), signed=True) for _ in range(2))
    reader.end()
    return utils.encode_dss_signature(r, s)


def _line(kind: str, key: bytes) -> bytes:
    return f"{kind} {base64.b64encode(key).decode()}".encode()


def _packed(part: bytes) -> bytes:
    return len(part).to_bytes(4) + part


class _Reader:
    """What is packed as SSH packs it. `EOFError`, if it is too short or too long."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        """So many bytes."""
        if self._at + size > len(self._data):
            raise EOFError
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self) -> int:
        """A number."""
        return int.from_bytes(self.take(4))

    def field(self) -> bytes:
        """Bytes with their number before them."""
        return self.take(self.number())

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise EOFError
