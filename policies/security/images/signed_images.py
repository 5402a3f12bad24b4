"""Images are signed by those who may.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes; and at the bundles beside it.
Allowed: an image with a digest, of which a bundle is verified that signs its manifest or is a signature of `cosign`. Nothing is asked for
as long as no folder with bundles is named.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Standard, of_pods
from policies.security.images.bundles import Proofs, Trust, judged

_COSIGN = "https://sigstore.dev/cosign/sign"


@of_pods(
    "Images are signed by those who may.",
    severity="high",
    fix="Sign the image with `cosign sign`, and put the bundle into the folder with the bundles.",
    standards=(Standard("cis-kubernetes", ("5.5.1",), "1.9"), Standard("slsa", ("Build L2",), "1.0"), Standard("soc2", ("CC6.8",))),
    tags=("images", "supply-chain"),
    url="https://docs.sigstore.dev/cosign/verifying/verify/",
    settings=Trust,
    needs="bundles",
)
def signed_images(pod: Pod, given: Given[Trust]) -> Iterator[Finding]:
    """Each image for itself."""
    return judged(pod, given.settings, _missing)


def _missing(proofs: Proofs) -> str | None:
    return None if proofs.of("", _COSIGN) else "which nobody has signed who may"
