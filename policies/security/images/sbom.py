"""It is known what images are made of.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes; and at the bundles beside it.
Allowed: an image with a digest, of which a bundle is verified that states its bill of materials: CycloneDX or SPDX, with something in it.
Nothing is asked for as long as no folder with bundles is named.
"""

from collections.abc import Iterator
from typing import Any, Final

from policies.judging import Finding, Given, Pod, Standard, of_pods
from policies.security.images.bundles import Proofs, Trust, judged

_CYCLONEDX: Final = "https://cyclonedx.org/bom"
_SPDX: Final = "https://spdx.dev/Document"


@of_pods(
    "It is known what images are made of.",
    severity="medium",
    fix="Attest a bill of materials with `cosign attest --type cyclonedx`, and put the bundle into the folder with the bundles.",
    standards=(Standard("soc2", ("CC7.1",)), Standard("slsa", ("Build L1",), "1.0")),
    tags=("images", "supply-chain"),
    url="https://docs.sigstore.dev/cosign/verifying/attestation/",
    settings=Trust,
    needs="bundles",
)
def sbom(pod: Pod, given: Given[Trust]) -> Iterator[Finding]:
    """Each image for itself."""
    return judged(pod, given.settings, _missing)


def _missing(proofs: Proofs) -> str | None:
    found = proofs.of(_CYCLONEDX, _SPDX)
    if not found:
        return "and nothing proves what is in it"
    return None if any(_lists(one.predicate) for one in found) else "whose bill of materials has nothing in it"


def _lists(predicate: Any) -> bool:
    if isinstance(predicate, str):
        # SPDX's own form, of tags and values.
        return "PackageName:" in predicate
    if not isinstance(predicate, dict):
        return False
    # SPDX 3 has a graph of everything.
    return any(isinstance(predicate.get(key), list) and predicate[key] for key in ("components", "packages", "@graph"))
