"""What is proven of an image: Sigstore bundles beside it, each verified by the `sigstore` library without a network.

The bundles of `sha256:abc…` are the files in the folder, or in a folder in it, whose name has `abc…`: as `cosign` and `gh attestation
download` write them, one bundle a file or one a line. A bundle counts when its certificate comes from the trusted root, was given to one of
the identities, and is in the transparency log with what it signs, and when that is this image. What doesn't count is told with its reason.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policies.judging import Finding, Pod, Settings, Violation, each
from policies.security.images.references import Image, images
from policies.security.patterns import matches
from tidegate.model.base import Finding as Misfit

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.verify import Verifier

_STATEMENTS: Final = frozenset({"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"})
_IN_TOTO: Final = "application/vnd.in-toto+json"
_DIGEST: Final = re.compile(r"sha256:([0-9a-f]{64})")
_LARGEST: Final = 64 * 1024 * 1024


class Trust(Settings):
    """Where the bundles are, and who may have signed them. Without a folder nothing is asked for."""

    bundles: str = ""
    """The folder with the bundles: an absolute path, as Pulumi runs policies in a folder of their own. `$PWD/bundles` is one from where the
    command is run; other variables stand for their values, too."""
    trusted_root: str = ""
    """The trusted root's file, if it isn't that of sigstore.dev, as the library has it: a path like the other."""
    identities: tuple[str, ...] = ()
    """Who may sign: each an issuer and a subject with a space between, such as `https://token.actions.githubusercontent.com
    https://github.com/team/shop/.github/workflows/release.yml@refs/tags/*`. `*` stands for anything in a subject."""

    def findings(self) -> Iterator[Misfit]:
        """An identity without its issuer could be anybody's."""
        for name, path in (("bundles", self.bundles), ("trusted_root", self.trusted_root)):
            if path and not path.startswith(("/", "$", "~")):
                yield Misfit((name,), f"an absolute path, or one such as $PWD/{path}")
        if self.bundles and not self.identities:
            yield Misfit(("identities",), "whose signatures count? Name an issuer and a subject")
        for place, one in enumerate(self.identities):
            if len(one.split()) != 2:
                yield Misfit(("identities", place), "an issuer and a subject, with a space between")


@dataclass(frozen=True, slots=True)
class Proof:
    """Something that was verified of an image."""

    kind: str
    """The type of the predicate; "" for a signature of the image itself."""
    predicate: Any
    file: str


@dataclass(frozen=True, slots=True)
class Proofs:
    """All bundles of an image."""

    good: tuple[Proof, ...]
    refused: tuple[str, ...]
    """What doesn't count, each with its reason."""

    def of(self, *kinds: str) -> list[Proof]:
        """Those of some kinds, in any version that has a number of its own: `https://spdx.dev/Document/v2.3` too."""
        return [one for one in self.good if any(one.kind == kind or (kind and one.kind.startswith(f"{kind}/v")) for kind in kinds)]


class RefusedError(Exception):
    """A bundle doesn't prove what it should."""


def judged(pod: Pod, trust: Trust, judge: Callable[[Proofs], str | None]) -> Iterator[Finding]:
    """What is wrong with the proofs of each image, if proofs are asked for: `judge` says what is missing."""

    def one(image: Image) -> Iterator[Finding]:
        if not image.at.given:
            return
        if (digest := _DIGEST.fullmatch(image.reference.digest)) is None:
            reason = f"{image.shown} runs {image.at.shown} without a digest: nothing can be proven of what a tag names"
            yield Violation(image.at, reason, fix="Add the image's digest.")
            return
        proofs = proven(trust, digest[1])
        if missing := judge(proofs):
            because = "".join(f"; {reason}" for reason in proofs.refused)
            yield Violation(image.at, f"{image.shown} runs {image.at.shown}, {missing}{because}")

    if trust.bundles:
        yield from each(images(pod), one)


def proven(trust: Trust, digest: str) -> Proofs:
    """What the bundles of an image prove; each is verified once, as long as its file stays as it is."""
    folder = _path(trust.bundles)
    if not folder.is_dir():
        return Proofs((), (f"there is no folder {folder}",))
    files = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in _files(folder, digest))
    return _proven(trust, digest, files)


@lru_cache(maxsize=4096)
def _proven(trust: Trust, digest: str, files: tuple[tuple[str, int, int], ...]) -> Proofs:
    good: list[Proof] = []
    refused: list[str] = []
    for file, _, size in files:
        path = Path(file)
        try:
            for raw in _bundles(path.read_bytes() if size <= _LARGEST else b""):
                try:
                    good.append(_verified(trust, digest, raw, path.name))
                except RefusedError as error:
                    refused.append(f"{path.name}: {error}")
        except RefusedError as error:
            refused.append(f"{path.name}: {error}")
    return Proofs(tuple(good), tuple(refused))


def _path(text: str) -> Path:
    return Path(os.path.expandvars(text)).expanduser()


def _files(folder: Path, digest: str) -> Iterator[Path]:
    for found in sorted(folder.iterdir()):
        if digest in found.name:
            yield from sorted(one for one in found.iterdir() if one.is_file()) if found.is_dir() else (found,)


def _bundles(text: bytes) -> Iterator[dict[str, Any]]:
    """A bundle, or one a line."""
    try:
        try:
            found = [json.loads(text)]
        except ValueError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        raise RefusedError("it is no JSON") from None
    if not found:
        raise RefusedError("it is empty, or far too large")
    for one in found:
        if not isinstance(one, dict):
            raise RefusedError("it is no bundle")
        yield one


def _verified(trust: Trust, digest: str, raw: dict[str, Any], file: str) -> Proof:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.x509 import ExtensionNotFound
    from sigstore.errors import Error
    from sigstore.hashes import Hashed
    from sigstore.models import Bundle
    from sigstore_models.common.v1 import HashAlgorithm

    material = raw.get("verificationMaterial")
    if isinstance(material, dict) and "publicKey" in material:
        raise RefusedError("it is signed by a key alone, which names nobody: sign as somebody (`cosign` without --key)")
    try:
        bundle = Bundle.from_json(json.dumps(raw))
        verifier, identities = _verifier(trust.trusted_root), _Identities(trust.identities)
        if raw.get("dsseEnvelope") is None:
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
            verifier.verify_artifact(hashed, bundle, identities)
            return Proof("", None, file)
        kind, payload = verifier.verify_dsse(bundle, identities)
    # Whatever the library stumbles over in a file that somebody else has made: it isn't verified.
    except (Error, ExtensionNotFound, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RefusedError(f"it can't be verified: {_first_line(error)}") from error
    if kind != _IN_TOTO:
        raise RefusedError(f"it signs something of the type {kind}")
    return _stated(payload, digest, file)


def _stated(payload: bytes, digest: str, file: str) -> Proof:
    try:
        statement = json.loads(payload)
        subjects = [one["digest"].get("sha256") for one in statement["subject"]]
        if statement["_type"] not in _STATEMENTS:
            raise RefusedError("it is a statement of a kind that isn't known")
        proof = Proof(str(statement["predicateType"]), statement.get("predicate"), file)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RefusedError("what it signs is no statement") from None
    if digest not in subjects:
        raise RefusedError("it is about another image")
    return proof


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@lru_cache(maxsize=16)
def _verifier(trusted_root: str) -> "Verifier":
    # It takes a second to import, and is only needed where bundles are asked for.
    from sigstore.errors import Error
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

    # That it asks nobody for a newer root is what is wanted here.
    logging.getLogger("sigstore").setLevel(logging.ERROR)
    try:
        return Verifier(trusted_root=TrustedRoot.from_file(str(_path(trusted_root)))) if trusted_root else Verifier.production(offline=True)
    except OSError as error:
        raise RefusedError(f"there is no trusted root to verify it by: {error.strerror}: {error.filename}") from error
    except (Error, ValueError) as error:
        raise RefusedError(f"the trusted root {trusted_root} isn't one: {_first_line(error)}") from error


class _Identities:
    """Those who may sign, each by the issuer that knows them: the form of policy that the library asks."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = [tuple(one.split()) for one in allowed]

    def verify(self, cert: "Certificate") -> None:
        """Raise the library's error unless the certificate was given to one of them."""
        from sigstore.errors import VerificationError
        from sigstore.verify.policy import AnyOf, OIDCIssuer, OIDCIssuerV2

        names = _names(cert)
        for issuer, subject in self._allowed:
            if any(matches(name, [subject]) for name in names):
                with suppress(VerificationError):
                    AnyOf([OIDCIssuer(issuer), OIDCIssuerV2(issuer)]).verify(cert)
                    return
        raise VerificationError(f"it was signed by {', '.join(sorted(names)) or 'nobody'}, who isn't allowed, or by another issuer's word")


def _names(cert: "Certificate") -> set[str]:
    from cryptography.x509 import RFC822Name, SubjectAlternativeName, UniformResourceIdentifier

    found = cert.extensions.get_extension_for_class(SubjectAlternativeName).value
    return {*found.get_values_for_type(RFC822Name), *found.get_values_for_type(UniformResourceIdentifier)}
