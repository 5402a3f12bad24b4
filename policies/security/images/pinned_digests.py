"""In production, images are what they were when they were checked.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes.
Allowed: an image with a digest; outside production, a tag too. A digest that is cut off is never good.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, Standard, Violation, each, of_pods
from policies.security.images.references import Image, images


@of_pods(
    "In production, images are what they were when they were checked.",
    severity="medium",
    fix="Add the image's digest: `name:tag@sha256:…`. `docker buildx imagetools inspect name:tag` shows it.",
    standards=(Standard("soc2", ("CC8.1",)), Standard("slsa", ("Build L1",), "1.0")),
    tags=("images", "supply-chain"),
    url="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def pinned_digests(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each image for itself."""

    def judge(image: Image) -> Iterator[Finding]:
        if not image.at.given or image.reference.pinned:
            return
        if image.reference.digest:
            yield Violation(image.at, f"{image.shown} runs {image.at.shown}, whose digest isn't one")
        elif given.production:
            yield Violation(image.at, f"{image.shown} runs {image.at.shown} without a digest: a tag may be moved to another image")

    yield from each(images(pod), judge)
