"""Signatures of images: those that count, and everything that mustn't."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.security.images.bundles import Trust, proven
from policies.security.images.signed_images import signed_images
from tests.unit.policies.security.images.conftest import DIGEST, MANIFEST, RELEASES
from tests.unit.policies.security.images.signing import ISSUER, WHEN, Authority
from tests.unit.policies.wrapping import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.policies.security.images.conftest import Place

COSIGN = "https://sigstore.dev/cosign/sign/v1"
BOM = "https://cyclonedx.org/bom"
IMAGE = f"container 'app' runs 'registry.example/web:v1@sha256:{DIGEST}'"
Bundle = dict[str, Any]


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_that_is_signed(place: Place, kind: str) -> None:
    """By its manifest, as whoever may: good in whatever makes pods, and not without the bundle."""
    assert place.told(signed_images, kind=kind) == [f"{IMAGE}, which nobody has signed who may"]
    place.put(place.authority.signed(MANIFEST))
    assert place.told(signed_images, kind=kind) == []


@pytest.mark.parametrize("name", [f"sha256-{DIGEST}.json", f"sha256:{DIGEST}.jsonl", f"{DIGEST}/web.sigstore.json"])
def test_where_bundles_are(place: Place, name: str) -> None:
    """In files or folders by the digest; several in one file; what cosign states counts as what it signs."""
    place.put(place.authority.stated(DIGEST, BOM, {}), place.authority.stated(DIGEST, COSIGN, {}), name=name)
    assert place.told(signed_images) == []


def test_a_statement_of_something_else_is_no_signature(place: Place) -> None:
    """Whoever says what is wrong with an image doesn't vouch for it."""
    place.put(place.authority.stated(DIGEST, "https://cosign.sigstore.dev/attestation/vuln/v1", {"result": "bad"}))
    assert len(place.told(signed_images)) == 1


BAD: list[tuple[str, Callable[[Authority], Bundle], str]] = [
    ("another image", lambda by: by.signed(b"{}"), "Bundle message digest mismatch"),
    ("a statement of another image", lambda by: by.stated("0" * 64, COSIGN, {}), "it is about another image"),
    ("somebody else", lambda by: by.signed(MANIFEST, subject="eve@evil.example"), "it was signed by eve@evil.example, who isn't allowed"),
    (
        "a branch",
        lambda by: by.signed(MANIFEST, subject="https://github.com/team/shop/.github/workflows/release.yml@refs/heads/x"),
        "allowed",
    ),
    ("by another's word", lambda by: by.signed(MANIFEST, issuer="https://evil.example"), "by another issuer's word"),
    ("another authority", lambda _: Authority().signed(MANIFEST), "failed to build"),
    ("another's log of certificates", lambda by: Authority(root=by.root, log=by.log).signed(MANIFEST), "SCT"),
    ("no log of certificates", lambda by: by.signed(MANIFEST, logged=False), "SCT"),
    ("another's log", lambda by: Authority(root=by.root, certificates=by.certificates).signed(MANIFEST), "invalid log entry"),
    ("before there was the authority", lambda by: by.signed(MANIFEST, at=WHEN - timedelta(days=400)), "failed to build"),
    ("a type that nobody knows", lambda by: by.stated(DIGEST, COSIGN, {}, media="text/plain"), "signs something of the type text/plain"),
    ("no statement", lambda by: by.stated(DIGEST, "", None, statement=[1]), "what it signs is no statement"),
    ("a statement of no kind", lambda by: by.stated(DIGEST, "", None, statement={"_type": "x", "subject": []}), "a kind that isn't known"),
    ("nothing", lambda _: {}, "failed to load bundle"),
]


@pytest.mark.parametrize(("made", "reason"), [one[1:] for one in BAD], ids=[one[0] for one in BAD])
def test_what_is_no_signature_of_it(place: Place, made: Callable[[Authority], Bundle], reason: str) -> None:
    """Is told with its reason, and doesn't count."""
    place.put(made(place.authority))
    (told,) = place.told(signed_images)
    assert told.startswith(f"{IMAGE}, which nobody has signed who may; sha256-{DIGEST}.sigstore.json: ")
    assert reason in told


def test_a_key_alone_signs_nothing(place: Place) -> None:
    """As `cosign sign --key` writes it: nobody knows whose key it is."""
    material = {"publicKey": {"hint": "ZJ1YqJgosU7rd+Dk5oaNoKemli3HzyKFXs+rkkShGh4="}}
    place.put({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": material, "dsseEnvelope": {}})
    (told,) = place.told(signed_images)
    assert "it is signed by a key alone, which names nobody" in told


def test_a_bad_one_beside_a_good_one(place: Place) -> None:
    """Takes nothing from it."""
    place.put({}, place.authority.signed(MANIFEST))
    place.put("", name=f"sha256-{DIGEST}.other")
    assert place.told(signed_images) == []


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "1", "null", '"text"', "{"])
def test_files_that_are_no_bundles(place: Place, text: str) -> None:
    """Don't count either."""
    (place.folder / DIGEST).write_text(text)
    assert len(place.told(signed_images)) == 1


def test_who_may_sign(place: Place) -> None:
    """Each by the issuer that knows them: people by their address too."""
    place.put(place.authority.signed(MANIFEST, subject="lead@shop.example", issuer="https://accounts.example"))
    assert place.told(signed_images, identities=(RELEASES, "https://accounts.example lead@shop.example")) == []
    assert place.told(signed_images, identities=(f"{ISSUER} lead@shop.example",)) != []
    assert place.told(signed_images, identities=("https://accounts.example lead@shop.example.evil",)) != []


@pytest.mark.parametrize("image", ["web", "web:v1", "web@sha256:0123"])
def test_an_image_without_a_digest(place: Place, image: str) -> None:
    """Can't be proven anything of."""
    assert place.told(signed_images, image=image) == [
        f"container 'app' runs {image!r} without a digest: nothing can be proven of what a tag names"
    ]


def test_nothing_is_asked_for_without_a_folder(place: Place) -> None:
    """And one that isn't there has no bundles."""
    assert place.told(signed_images, bundles="", identities=()) == []
    assert "there is no folder /not/there" in place.told(signed_images, bundles="/not/there")[0]


def test_paths_with_variables(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand for what they are set to."""
    place.put(place.authority.signed(MANIFEST))
    monkeypatch.setenv("WHERE", str(place.folder.parent))
    assert place.told(signed_images, bundles="$WHERE/bundles", trusted_root="${WHERE}/trusted_root.json") == []


def test_without_a_trusted_root(place: Place, tmp_path: Path) -> None:
    """Nothing is verified."""
    place.put(place.authority.signed(MANIFEST))
    (tmp_path / "empty.json").write_text("{}")
    assert "there is no trusted root to verify it by" in place.told(signed_images, trusted_root=str(tmp_path / "none.json"))[0]
    assert "empty.json isn't one" in place.told(signed_images, trusted_root=str(tmp_path / "empty.json"))[0]


def test_the_trusted_root_of_sigstore_dev(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Holds where no other is named: the library has it, and asks nobody."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    place.put(place.authority.signed(MANIFEST))
    assert "failed to build timestamp certificate chain" in place.told(signed_images, trusted_root="")[0]


def test_a_bundle_that_comes_later_counts(place: Place) -> None:
    """What was found before is no longer true then."""
    assert place.told(signed_images) != []
    place.put(place.authority.signed(MANIFEST))
    assert place.told(signed_images) == []
    place.put({})
    assert place.told(signed_images) != []


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({}, ""),
        ({"bundles": "/b", "identities": (RELEASES,)}, ""),
        ({"bundles": "$PWD/b", "trusted_root": "~/root.json", "identities": (RELEASES,)}, ""),
        ({"bundles": "b", "identities": (RELEASES,)}, r"bundles: an absolute path, or one such as \$PWD/b"),
        ({"bundles": "/b", "trusted_root": "root.json", "identities": (RELEASES,)}, "trusted_root: an absolute path"),
        ({"bundles": "/b"}, "identities: whose signatures count"),
        ({"bundles": "/b", "identities": ("lead@shop.example",)}, "identities.0: an issuer and a subject"),
    ],
)
def test_settings(settings: dict[str, Any], wrong: str) -> None:
    """Without identities anybody's signature would do; without its issuer an identity may be anybody's."""
    if wrong:
        with pytest.raises(ValueError, match=wrong):
            Trust(**settings)
    else:
        Trust(**settings)


@pytest.fixture(scope="module")
def pair(authority: Authority) -> tuple[Bundle, Bundle]:
    """A bundle of each kind that counts."""
    return authority.signed(MANIFEST), authority.stated(DIGEST, COSIGN, {})


_BASE64 = ("rawBytes", "signature", "sig", "payload", "canonicalizedBody", "signedEntryTimestamp", "rootHash", "keyId", "digest")


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the texts are that are signed or sign."""
    if isinstance(value, dict):
        return [place for key, one in value.items() for place in _places(one, (*at, key))]
    if isinstance(value, list):
        return [place for key, one in enumerate(value) for place in _places(one, (*at, key))]
    return [at] if isinstance(value, str) and at[-1] in _BASE64 else []


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_no_bundle_counts_that_was_changed(place: Place, pair: tuple[Bundle, Bundle], data: st.DataObject) -> None:
    """Whichever byte it is; and whatever that does to the library, it is an answer."""
    bundle = deepcopy(data.draw(st.sampled_from(pair)))
    *way, last = data.draw(st.sampled_from(_places(bundle)))
    holder: Any = bundle
    for key in way:
        holder = holder[key]
    raw = bytearray(base64.b64decode(holder[last]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    holder[last] = base64.b64encode(raw).decode()
    place.put(bundle)
    proofs = proven(Trust(bundles=str(place.folder), trusted_root=place.trusted_root, identities=(RELEASES,)), DIGEST)
    assert proofs.good == ()
    assert len(proofs.refused) == 1


def test_the_library_is_only_loaded_for_bundles() -> None:
    """It takes longer than all policies together."""
    code = (
        "import sys; from policies.judging import judge, of_manifest; from policies.security.images import POLICIES;"
        f"pod = of_manifest({json.dumps({'apiVersion': 'v1', 'kind': 'Pod', 'spec': {'containers': [{'name': 'app', 'image': 'web'}]}})});"
        "[judge(one, pod) for one in POLICIES]; print(sorted({'sigstore', 'cryptography', 'boto3'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout == "[]\n"
