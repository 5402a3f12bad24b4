"""SSH signatures: each kind of key, and each way in which one can be wrong."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.gates.world import armoured, blob_of, key_of, number, packed, public, ssh_signed, to_sign
from tidegate.gates.sshsig import BEGIN, END, parsed, verify
from tidegate.gates.verifying import UnprovenError

if TYPE_CHECKING:
    from tests.unit.tidegate.gates.world import Key

SPACE = "tidegate-approval"


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """A key of RSA."""
    return rsa.generate_private_key(65537, bits)


KEYS: dict[str, Any] = {
    "ed25519": lambda: key_of("ada"),
    "p256": lambda: ec.derive_private_key(7**50, ec.SECP256R1()),
    "p384": lambda: ec.derive_private_key(7**50, ec.SECP384R1()),
    "p521": lambda: ec.derive_private_key(7**50, ec.SECP521R1()),
    "rsa": lambda: rsa_key(2048),
}


def check(text: str, message: str = "yes", key: Key | None = None) -> None:
    """Verify a signature, of this key if one is given."""
    signature = parsed(text)
    assert key is None or signature.key == blob_of(public(key))
    verify(signature, SPACE, message.encode())


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("kind", KEYS)
def test_a_signature_is_by_its_key_of_its_message(kind: str, digest: str) -> None:
    """Of nothing else, and by no other."""
    key = KEYS[kind]()
    check(ssh_signed(key, "yes", digest=digest), key=key)
    with pytest.raises(UnprovenError, match="of something else, or by another key"):
        check(ssh_signed(key, "yes", digest=digest), "no")
    true = parsed(ssh_signed(key, "yes", digest=digest))
    with pytest.raises(UnprovenError):
        check(armoured(blob_of(public(key_of("mallory"))), packed(true.kind.encode()) + true.blob, SPACE, digest))


def test_rsa_signs_with_sha_2_only() -> None:
    """The old kind is by SHA-1, whatever hash the message is taken by; short keys are none."""
    check(ssh_signed(rsa_key(2048), "yes", kind="rsa-sha2-256"))
    with pytest.raises(UnprovenError, match="'ssh-rsa', which isn't taken"):
        check(ssh_signed(rsa_key(2048), "yes", kind="ssh-rsa"))
    with pytest.raises(UnprovenError, match="fewer than 2048 bits"):
        check(ssh_signed(rsa_key(1024), "yes"))


def security_key(kind: str, message: str, *, flags: int = 1, application: str = "ssh:", counter: int = 9, curve: str = "nistp256") -> str:
    """A signature as a security key makes it, with the key inside."""
    digest = "sha512"
    whole = b"".join(
        [
            hashlib.sha256(application.encode()).digest(),
            bytes([flags]) + counter.to_bytes(4),
            hashlib.sha256(to_sign(message.encode(), SPACE, digest)).digest(),
        ]
    )
    if kind.startswith("sk-ssh"):
        key = key_of("ada")
        point = key.public_key().public_bytes_raw()
        blob = packed(kind.encode(), point, application.encode())
        raw = key.sign(whole)
    else:
        curved = KEYS["p256"]()
        point = blob_of(public(curved))[-65:]
        blob = packed(kind.encode(), curve.encode(), point, application.encode())
        raw = packed(*map(number, utils.decode_dss_signature(curved.sign(whole, ec.ECDSA(hashes.SHA256())))))
    return armoured(blob, packed(kind.encode(), raw) + bytes([flags]) + counter.to_bytes(4), SPACE, digest)


SECURITY_KEYS = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"]


@pytest.mark.parametrize("kind", SECURITY_KEYS)
def test_security_keys_must_have_been_touched(kind: str) -> None:
    """Somebody was there."""
    check(security_key(kind, "yes"))
    with pytest.raises(UnprovenError, match="without being touched"):
        check(security_key(kind, "yes", flags=0))
    with pytest.raises(UnprovenError, match="of something else"):
        check(security_key(kind, "no"))


def test_security_keys_are_on_the_curve_that_they_say() -> None:
    """A key that says it is on another one is none, whatever it signs."""
    with pytest.raises(UnprovenError, match="of an unknown curve"):
        check(security_key(SECURITY_KEYS[1], "yes", curve="nistp384"))


ADA = blob_of(public(key_of("ada")))
GOOD = parsed(ssh_signed(key_of("ada"), "yes"))
INNER = packed(b"ssh-ed25519") + GOOD.blob
WRONG: list[tuple[str, str, str]] = [
    ("for another purpose", ssh_signed(key_of("ada"), "yes", namespace="git"), "is for 'git', not for tidegate-approval"),
    ("for one that only begins so", ssh_signed(key_of("ada"), "yes", namespace=f"{SPACE}s"), "not for tidegate-approval"),
    ("by a hash that isn't taken", armoured(ADA, INNER, SPACE, "sha1"), "the hash 'sha1'"),
    (
        "of another kind than its key",
        armoured(ADA, packed(b"ecdsa-sha2-nistp256") + GOOD.blob, SPACE, "sha512"),
        "its key of 'ssh-ed25519'",
    ),
    ("with more behind it", armoured(ADA, INNER, SPACE, "sha512", more=b"x"), "damaged"),
    ("with more inside", armoured(ADA, INNER + b"x", SPACE, "sha512"), "damaged"),
    ("of something else than a signature", armoured(ADA, INNER, SPACE, "sha512", magic=b"SSHKEY"), "no SSH signature of version 1"),
    ("without a key", armoured(b"", INNER, SPACE, "sha512"), "damaged"),
    ("by a key of an unknown kind", armoured(packed(b"ssh-dss", b"x"), packed(b"ssh-dss", b"x"), SPACE, "sha512"), "damaged|aren't taken"),
    ("by a damaged key", armoured(ADA[:-3], INNER, SPACE, "sha512"), "damaged"),
    ("cut off", f"{BEGIN}\n{base64.b64encode(b'SSHSIG').decode()}\n{END}", "damaged"),
    ("no base64", f"{BEGIN}\n!!!!\n{END}", "damaged"),
    ("nothing", f"{BEGIN}\n{END}", "damaged"),
    ("without its end", ssh_signed(key_of("ada"), "yes").replace(END, ""), "must go from"),
    ("two", ssh_signed(key_of("ada"), "yes") * 2, "damaged"),
    ("too long", f"{BEGIN}\n{'A' * 20_000}\n{END}", "must go from"),
]


@pytest.mark.parametrize(("text", "said"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_is_no_signature_is_said_to_be_none(text: str, said: str) -> None:
    """With the reason, and by no other error."""
    with pytest.raises(UnprovenError, match=said):
        check(text)


@given(place=st.integers(0, 10_000), value=st.integers(1, 255), kind=st.sampled_from([*KEYS, *SECURITY_KEYS]))
def test_no_byte_can_be_another(place: int, value: int, kind: str) -> None:
    """Whichever bit of a signature is turned, it is none any more, and is refused as such."""
    true = security_key(kind, "yes") if kind in SECURITY_KEYS else ssh_signed(KEYS[kind](), "yes")
    whole = bytearray(base64.b64decode("".join(true.splitlines()[1:-1])))
    whole[place % len(whole)] ^= value
    with pytest.raises(UnprovenError):
        check(f"{BEGIN}\n{base64.b64encode(whole).decode()}\n{END}")


@given(st.binary(max_size=400))
def test_rubbish_is_refused_as_such(data: bytes) -> None:
    """Whatever somebody puts between the lines."""
    with pytest.raises(UnprovenError):
        check(f"{BEGIN}\n{base64.b64encode(b'SSHSIG' + (1).to_bytes(4) + data).decode()}\n{END}")
