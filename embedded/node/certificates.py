"""The node's keys and certificates: three authorities, so that who may ask the API isn't let into its store.

Made once a node, and gone with it.
"""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from embedded.node.errors import NodeError
from embedded.node.folder import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Longer than any such node lives.
_VALID: Final = timedelta(days=365)
_SKEW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Authority:
    """Who vouches for the others."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    pair: Pair

    def sign(self, name: str, groups: Sequence[str] = (), addresses: Sequence[str] = (), names: Sequence[str] = ()) -> Pair:
        """A client's certificate, which is a server's too when it has addresses or names."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if addresses or names else [])]
        builder = (
            _builder(_name(name, groups), self.name, key.public_key(), self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if addresses or names:
            where = [*(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses), *(x509.DNSName(n) for n in names)]
            builder = builder.add_extension(x509.SubjectAlternativeName(where), critical=False)
        return Pair(_pem(builder.sign(self.key, hashes.SHA256())), secret(key))


def authority(name: str) -> Authority:
    """A fresh authority."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), _name(name, ())
    certificate = (
        _builder(subject, subject, key.public_key(), key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing(), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(subject, key, Pair(_pem(certificate), secret(key)))


def load(folder: Path, name: str) -> Authority:
    """An authority that was saved."""
    pair = Pair((folder / f"{name}.crt").read_text(), (folder / f"{name}.key").read_text())
    key = serialization.load_pem_private_key(pair.key.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise NodeError(f"{folder / name}.key is no key of ours: take the node down, and start it anew")
    return Authority(x509.load_pem_x509_certificate(pair.certificate.encode()).subject, key, pair)


def secret(key: ec.EllipticCurvePrivateKey) -> str:
    """A key as PEM."""
    form = serialization.PrivateFormat.TraditionalOpenSSL  # what service accounts' keys are read as
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def public(key: ec.EllipticCurvePrivateKey) -> str:
    """The half of a key that everybody may know, as PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def save(folder: Path, name: str, pair: Pair) -> None:
    """Write both files of a pair."""
    write(folder / f"{name}.crt", pair.certificate)
    write(folder / f"{name}.key", pair.key)


def kubeconfig(name: str, url: str, trusted: str, user: dict[str, Any]) -> str:
    """The file by which a client finds the API: one cluster, one user and one context, all of this name."""
    cluster = {"server": url, "certificate-authority-data": _base64(trusted)}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
        "current-context": name,
        "preferences": {},
    }
    return yaml.safe_dump(content, sort_keys=False)


def by_certificate(pair: Pair) -> dict[str, Any]:
    """A kubeconfig's user who has a certificate."""
    return {"client-certificate-data": _base64(pair.certificate), "client-key-data": _base64(pair.key)}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, by: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by), critical=False)
    )


def _signing() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _name(name: str, groups: Sequence[str]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
