"""A Sigstore of one's own: an authority that gives certificates, a log of them, and a log of what was signed; and bundles by it.

Only what signs is here. What verifies is the library's, by the trusted root that this gives.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

Key = ec.EllipticCurvePrivateKey
ISSUER: Final = "https://token.actions.githubusercontent.com"
WORKFLOW: Final = "https://github.com/team/shop/.github/workflows/release.yml@refs/tags/v1.0.0"
WHEN: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_SHA256: Final = ec.ECDSA(hashes.SHA256())
_SCTS: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_OIDC: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_OIDC_V2: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")


@dataclass
class Authority:
    """All that is trusted."""

    root: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificates: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    log: Key = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def trusted_root(self, folder: Path) -> str:
        """Its trusted root, as a file."""
        logs = {name: [_log(key)] for name, key in (("tlogs", self.log), ("ctlogs", self.certificates))}
        authority = {
            "subject": {"organization": "shop.example", "commonName": "shop"},
            "uri": "https://fulcio.shop.example",
            "certChain": {"certificates": [{"rawBytes": _base64(self._root.public_bytes(Encoding.DER))}]},
            "validFor": {"start": _BEGIN.isoformat().replace("+00:00", "Z")},
        }
        media = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
        file = folder / "trusted_root.json"
        file.write_text(json.dumps({"mediaType": media, **logs, "certificateAuthorities": [authority], "timestampAuthorities": []}))
        return str(file)

    def signed(self, manifest: bytes, **signer: Any) -> dict[str, Any]:
        """A bundle that signs an image by its manifest."""
        key, certificate = self._certified(**signer)
        signature, digest = key.sign(manifest, _SHA256), hashlib.sha256(manifest)
        entry = {
            "data": {"hash": {"algorithm": "sha256", "value": digest.hexdigest()}},
            "signature": {"content": _base64(signature), "publicKey": {"content": _pem(certificate)}},
        }
        signs = {"messageDigest": {"algorithm": "SHA2_256", "digest": _base64(digest.digest())}, "signature": _base64(signature)}
        return self._bundle(certificate, "hashedrekord", entry) | {"messageSignature": signs}

    def stated(
        self, digest: str, kind: str, predicate: Any, *, statement: Any = None, media: str = "application/vnd.in-toto+json", **signer: Any
    ) -> dict[str, Any]:
        """A bundle that states something of an image, or whatever is given for the statement."""
        subject = [{"name": "registry.example/web", "digest": {"sha256": digest}}]
        usual = {"_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": kind, "predicate": predicate}
        payload = json.dumps(usual if statement is None else statement).encode()
        key, certificate = self._certified(**signer)
        signature = key.sign(
            b" ".join([b"DSSEv1", *(part for one in (media.encode(), payload) for part in (b"%d" % len(one), one))]), _SHA256
        )
        envelope = {"payload": _base64(payload), "payloadType": media, "signatures": [{"sig": _base64(signature)}]}
        entry = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(json.dumps(envelope).encode()).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
            "signatures": [{"signature": _base64(signature), "verifier": _pem(certificate)}],
        }
        return self._bundle(certificate, "dsse", entry) | {"dsseEnvelope": envelope}

    @cached_property
    def _root(self) -> x509.Certificate:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "shop.example")])
        return (
            _certificate(self.root, self.root, name, name, _BEGIN, timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self.root, hashes.SHA256())
        )

    def _certified(
        self, subject: str = WORKFLOW, issuer: str = ISSUER, at: datetime = WHEN, *, logged: bool = True
    ) -> tuple[Key, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        san = x509.RFC822Name(subject) if "://" not in subject else x509.UniformResourceIdentifier(subject)
        builder = (
            _certificate(key, self.root, x509.Name([]), self._root.subject, at, timedelta(minutes=10))
            .add_extension(x509.SubjectAlternativeName([san]), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.UnrecognizedExtension(_OIDC, issuer.encode()), critical=False)
            .add_extension(x509.UnrecognizedExtension(_OIDC_V2, b"\x0c" + bytes([len(issuer)]) + issuer.encode()), critical=False)
        )
        before = builder.sign(self.root, hashes.SHA256())
        if not logged:
            return key, before
        stamp = self._stamp(before.tbs_certificate_bytes, at)
        stamps = struct.pack("!H", len(stamp) + 2) + struct.pack("!H", len(stamp)) + stamp
        # An octet string that is longer than 127 bytes says so in one byte more.
        encoded = b"\x04" + (bytes([len(stamps)]) if len(stamps) < 128 else b"\x81" + bytes([len(stamps)])) + stamps
        return key, builder.add_extension(x509.UnrecognizedExtension(_SCTS, encoded), critical=False).sign(self.root, hashes.SHA256())

    def _stamp(self, certificate: bytes, at: datetime) -> bytes:
        """That the log of certificates has seen this one."""
        time = int(at.timestamp() * 1000)
        entry = _key_id(self.root) + struct.pack("!I", len(certificate))[1:] + certificate
        signature = self.certificates.sign(struct.pack("!BBQH", 0, 0, time, 1) + entry + struct.pack("!H", 0), _SHA256)
        return b"\x00" + _key_id(self.certificates) + struct.pack("!QHBBH", time, 0, 4, 3, len(signature)) + signature

    def _bundle(self, certificate: x509.Certificate, kind: str, spec: Any) -> dict[str, Any]:
        body = json.dumps({"apiVersion": "0.0.1", "kind": kind, "spec": spec}, sort_keys=True, separators=(",", ":")).encode()
        root, time = hashlib.sha256(b"\x00" + body).digest(), int((certificate.not_valid_before_utc + timedelta(minutes=1)).timestamp())
        promise = {"body": _base64(body), "integratedTime": time, "logID": _key_id(self.log).hex(), "logIndex": 0}
        promised = self.log.sign(json.dumps(promise, sort_keys=True, separators=(",", ":")).encode(), _SHA256)
        note = f"rekor.shop.example - 1\n1\n{_base64(root)}\n"
        signed = _base64(_key_id(self.log)[:4] + self.log.sign(note.encode(), _SHA256))
        entry = {
            "logIndex": "0",
            "logId": {"keyId": _base64(_key_id(self.log))},
            "kindVersion": {"kind": kind, "version": "0.0.1"},
            "integratedTime": str(time),
            "inclusionPromise": {"signedEntryTimestamp": _base64(promised)},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": _base64(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": f"{note}\n— rekor.shop.example {signed}\n"},
            },
            "canonicalizedBody": _base64(body),
        }
        material = {"certificate": {"rawBytes": _base64(certificate.public_bytes(Encoding.DER))}, "tlogEntries": [entry]}
        return {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material}


def provenance(builder: str, version: str = "v1") -> tuple[str, Any]:
    """The type and the predicate of provenance by a builder."""
    if version == "v1":
        return "https://slsa.dev/provenance/v1", {"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {"id": builder}}}
    return "https://slsa.dev/provenance/v0.2", {"builder": {"id": builder}, "buildType": "x"}


def _certificate(key: Key, by: Key, subject: x509.Name, issuer: x509.Name, at: datetime, lasts: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(at + lasts)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _log(key: Key) -> dict[str, Any]:
    start = {"start": _BEGIN.isoformat().replace("+00:00", "Z")}
    public = {"rawBytes": _base64(_public(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": start}
    return {
        "baseUrl": "https://log.shop.example",
        "hashAlgorithm": "SHA2_256",
        "publicKey": public,
        "logId": {"keyId": _base64(_key_id(key))},
    }


def _public(key: Key) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _key_id(key: Key) -> bytes:
    return hashlib.sha256(_public(key)).digest()


def _pem(certificate: x509.Certificate) -> str:
    return _base64(certificate.public_bytes(Encoding.PEM))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
