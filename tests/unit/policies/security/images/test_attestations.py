"""Where images were built, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.security.images.build_provenance import Builders, build_provenance
from policies.security.images.sbom import sbom
from tests.unit.policies.security.images.conftest import DIGEST, MANIFEST, RELEASES
from tests.unit.policies.security.images.signing import provenance
from tests.unit.policies.wrapping import KINDS

if TYPE_CHECKING:
    from tests.unit.policies.security.images.conftest import Place

BUILDER = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0"
IMAGE = f"container 'app' runs 'registry.example/web:v1@sha256:{DIGEST}'"
BUILDERS: dict[str, Any] = {"builders": (BUILDER.replace("v2.1.0", "*"),)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("version", ["v1", "v0.2"])
def test_built_where_it_should_be(place: Place, version: str, kind: str) -> None:
    """By provenance of both versions, whatever makes the pod."""
    assert place.told(build_provenance, kind=kind, **BUILDERS) == [f"{IMAGE}, and nothing proves where that was built"]
    place.put(place.authority.stated(DIGEST, *provenance(BUILDER, version)))
    assert place.told(build_provenance, kind=kind, **BUILDERS) == []


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (
            provenance("https://evil.example/builder"),
            "which was built by https://evil.example/builder: none of the builders that are allowed",
        ),
        (provenance(f"https://evil.example/?{BUILDER}", "v0.2"), "none of the builders that are allowed"),
        (("https://slsa.dev/provenance/v1", {}), "built by nobody"),
        (("https://slsa.dev/provenance/v1", None), "built by nobody"),
        (("https://slsa.dev/provenance/v1", {"runDetails": {"builder": {"id": 1}}}), "built by nobody"),
        # What each version says where the other would.
        (("https://slsa.dev/provenance/v1", provenance(BUILDER, "v0.2")[1]), "built by nobody"),
        (("https://slsa.dev/provenance/v0.2", provenance(BUILDER)[1]), "built by nobody"),
        (("https://slsa.dev/provenance/v9", provenance(BUILDER)[1]), "nothing proves where that was built"),
        (("https://cyclonedx.org/bom", provenance(BUILDER)[1]), "nothing proves where that was built"),
    ],
)
def test_built_elsewhere(place: Place, stated: tuple[str, Any], reason: str) -> None:
    """Or nobody knows where."""
    place.put(place.authority.stated(DIGEST, *stated))
    (told,) = place.told(build_provenance, **BUILDERS)
    assert reason in told


def test_a_signature_proves_no_build(place: Place) -> None:
    """Nor does provenance of another image, or by somebody else."""
    place.put(
        place.authority.signed(MANIFEST),
        place.authority.stated("0" * 64, *provenance(BUILDER)),
        place.authority.stated(DIGEST, *provenance(BUILDER), subject="eve@evil.example"),
    )
    (told,) = place.told(build_provenance, **BUILDERS)
    assert "it is about another image" in told
    assert "eve@evil.example" in told


def test_one_good_build_is_enough(place: Place) -> None:
    """An image may have been built twice to the same digest."""
    place.put(place.authority.stated(DIGEST, *provenance("https://other.example")), place.authority.stated(DIGEST, *provenance(BUILDER)))
    assert place.told(build_provenance, **BUILDERS) == []


def test_builders_are_named() -> None:
    """Where bundles are asked for."""
    with pytest.raises(ValueError, match="builders: whose builds count"):
        Builders(bundles="/b", identities=(RELEASES,))
    assert Builders().builders == ()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_in_it(place: Place, kind: str) -> None:
    """By a bill of materials that is verified, whatever makes the pod."""
    assert place.told(sbom, kind=kind) == [f"{IMAGE}, and nothing proves what is in it"]
    place.put(place.authority.stated(DIGEST, "https://cyclonedx.org/bom", {"bomFormat": "CycloneDX", "components": [{"name": "libc"}]}))
    assert place.told(sbom, kind=kind) == []


@pytest.mark.parametrize(
    ("kind", "predicate", "reason"),
    [
        ("https://cyclonedx.org/bom", {"components": [{"name": "libc"}]}, ""),
        ("https://cyclonedx.org/bom/v1.6", {"components": [{"name": "libc"}]}, ""),
        ("https://spdx.dev/Document", {"packages": [{"name": "libc"}]}, ""),
        ("https://spdx.dev/Document/v2.3", {"packages": [{"name": "libc"}]}, ""),
        ("https://spdx.dev/Document", {"@graph": [{"type": "software_Package"}]}, ""),
        ("https://spdx.dev/Document", "SPDXVersion: SPDX-2.3\nPackageName: libc\n", ""),
        ("https://spdx.dev/Document", "SPDXVersion: SPDX-2.3\n", "whose bill of materials has nothing in it"),
        ("https://cyclonedx.org/bom", {"components": []}, "whose bill of materials has nothing in it"),
        ("https://cyclonedx.org/bom", {"components": {"a": 1}}, "whose bill of materials has nothing in it"),
        ("https://cyclonedx.org/bom", None, "whose bill of materials has nothing in it"),
        ("https://spdx.dev/Documents", {"packages": [{"name": "libc"}]}, "nothing proves what is in it"),
        ("https://slsa.dev/provenance/v1", {"packages": [{"name": "libc"}]}, "nothing proves what is in it"),
    ],
)
def test_bills_of_materials(place: Place, kind: str, predicate: Any, reason: str) -> None:
    """CycloneDX's and SPDX's, of any version, with something in them."""
    place.put(place.authority.stated(DIGEST, kind, predicate))
    told = place.told(sbom)
    assert [reason in one for one in told] == ([True] if reason else [])


def test_one_that_says_something_is_enough(place: Place) -> None:
    """Beside one that doesn't."""
    place.put(
        place.authority.stated(DIGEST, "https://cyclonedx.org/bom", {}),
        place.authority.stated(DIGEST, "https://spdx.dev/Document", {"packages": [1]}),
    )
    assert place.told(sbom) == []
