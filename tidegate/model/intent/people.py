"""Who may say yes to releases: people, and what proves that it is them. A name alone proves nothing."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from tidegate.model.base import Finding, Model, Text, shape

if TYPE_CHECKING:
    from collections.abc import Iterable

Issuer = Annotated[
    str,
    shape(
        r"^(https://[a-z0-9]([-.a-z0-9]*[a-z0-9])?|http://(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(/[-._~A-Za-z0-9/]*)?$",
        "an issuer's address exactly as its tokens have it, with https: https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com",
    ),
]
ClaimName = Annotated[str, shape(r"^[A-Za-z_][-.:/A-Za-z0-9_]*$", "a claim's name: sub, repository, environment", "sub")]
_TYPES: Final = r"ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com"
SshKey = Annotated[
    str,
    shape(
        rf"^({_TYPES}) AAAA[A-Za-z0-9+/]+={{0,2}}( [^\n\r]*)?$",
        "a public key as a line of id_ed25519.pub is: ssh-ed25519 AAAA... somebody",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
    ),
]
Fingerprint = Annotated[
    str,
    shape(
        "^([0-9A-F]{40}|[0-9A-F]{64})$",
        "a key's whole fingerprint in upper case and without spaces, as `gpg --fingerprint --with-colons` says it",
        "0123456789ABCDEF0123456789ABCDEF01234567",
    ),
]

_SHARED: Final[dict[str, tuple[str, ...]]] = {
    "https://token.actions.githubusercontent.com": (
        *("repository", "repository_id", "repository_owner", "repository_owner_id"),
        *("enterprise", "enterprise_id", "job_workflow_ref", "sub"),
    ),
    "https://gitlab.com": ("project_path", "project_id", "namespace_path", "namespace_id", "sub"),
    "https://accounts.google.com": ("sub", "email", "hd"),
}
"""Issuers that everybody has tokens of, and the claims of which one must say whose token it is."""
_BEGIN, _END = "-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----"


class Oidc(Model):
    """A token of an OpenID Connect issuer: a CI system's, or a company's."""

    kind: Literal["oidc"]
    """A token."""
    issuer: Issuer
    """Who issues it; loopback addresses may be without https."""
    claims: dict[ClaimName, Text] = Field(min_length=1)
    """What it must say; * stands for any text. GitHub's environments are its claim `environment`."""

    def findings(self) -> Iterable[Finding]:
        """Whether anybody else would have such a token."""
        if all(not pattern.replace("*", "") for pattern in self.claims.values()):
            yield Finding(("claims",), f"say of whom: anybody who has a token of {self.issuer} fits", (("issuer",),))
            return
        needed = _SHARED.get(self.issuer.rstrip("/"), ())
        if needed and not any(_says_whose(name, self.claims[name]) for name in needed if name in self.claims):
            yield Finding(
                ("claims",),
                f"say whose: everybody has tokens of {self.issuer}; give {', '.join(needed[:-1])} or {needed[-1]}, without * before the /",
                (("issuer",),),
            )


class Ssh(Model):
    """A key of SSH."""

    kind: Literal["ssh"]
    """A signature by `ssh-keygen -Y sign`."""
    key: SshKey
    """The public key."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is the kind of key that it says it is."""
        kind, encoded, *_ = self.key.split(" ", 2)
        try:
            blob = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            yield Finding(("key",), "is cut off: it is no whole base64")
            return
        length = int.from_bytes(blob[:4])
        if blob[4 : 4 + length] != kind.encode():
            yield Finding(("key",), f"is no key of {kind}: copy the whole line of the .pub file")

    @property
    def blob(self) -> bytes:
        """The key as signatures have it."""
        return base64.b64decode(self.key.split(" ", 2)[1])


class Gpg(Model):
    """A key of GnuPG."""

    kind: Literal["gpg"]
    """A signature by `gpg --detach-sign`."""
    fingerprint: Fingerprint
    """Of the primary key."""
    key: str
    """The public key, as `gpg --armor --export --export-options export-minimal` writes it."""

    def findings(self) -> Iterable[Finding]:
        """Whether it is a public key."""
        text = self.key.strip()
        if not (text.startswith(_BEGIN) and text.endswith(_END)):
            yield Finding(("key",), f"must be an armoured public key, from {_BEGIN} to {_END}: write it below `key: |`")


Identity = Annotated[Oidc | Ssh | Gpg, Field(discriminator="kind")]


class Person(Model):
    """Somebody who begins or approves releases; or something, such as a pipeline."""

    names: tuple[Text, ...] = ()
    """What else they are called where releases are begun: a user on a machine, a login at GitHub, an address."""
    identities: tuple[Identity, ...] = ()
    """What proves that it is them, any of these. All of one person's belong here: nobody counts twice, nor approves their own release."""


def _says_whose(name: str, pattern: str) -> bool:
    """Whether a claim's pattern leaves no choice of whose token it is."""
    first, star, _ = pattern.partition("*")
    if not star:
        return True
    # `repo:team/*` and `team/*` are a team's; `repo:*` is everybody's.
    return (
        "/" in first
        and name in {"repository", "sub", "project_path", "namespace_path", "job_workflow_ref"}
        and bool(re.search(r"\w/", first))
    )
