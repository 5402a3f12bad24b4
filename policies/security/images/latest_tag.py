"""Images have a tag that names a version.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes.
Allowed: a tag other than `latest`, or a digest.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, Standard, Violation, each, of_pods
from policies.security.images.references import Image, images


@of_pods(
    "Images have a tag that names a version.",
    severity="medium",
    fix="Name the version: a tag that doesn't move, or better a digest.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("images",),
    url="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def latest_tag(pod: Pod, _given: Given[Settings]) -> Iterator[Finding]:
    """Each image for itself."""
    yield from each(images(pod), _judge)


def _judge(image: Image) -> Iterator[Finding]:
    if image.at.given and not image.reference.digest and image.reference.tag in {"", "latest"}:
        what = "is `latest`" if image.reference.tag else "has no tag, and so is `latest`"
        yield Violation(image.at, f"{image.shown} runs {image.at.shown}, which {what}: nobody can say later what that was")
