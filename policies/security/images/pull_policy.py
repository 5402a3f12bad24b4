"""Nodes run the images that are asked for, not what happens to be there.

Looks at: `imagePullPolicy` and `image` of all containers, init containers and ephemeral containers, and of volumes.
Allowed: `Always`; `IfNotPresent` (which is what holds without a word) for an image whose tag or digest says which one it is. By a setting,
only for one with a digest: whoever may run pods on a node also runs private images that others have pulled there.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, Standard, To, Violation, each, of_pods
from policies.security.images.references import Image, images


class Pulled(Settings):
    """When images are pulled."""

    tags_always: bool = False
    """An image without a digest is pulled each time, by `imagePullPolicy: Always`."""


@of_pods(
    "Nodes run the images that are asked for, not what happens to be there.",
    severity="low",
    fix="Set `imagePullPolicy: Always`, or name the image by its digest with `IfNotPresent`.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("images",),
    url="https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy",
    settings=Pulled,
)
def pull_policy(pod: Pod, given: Given[Pulled]) -> Iterator[Finding]:
    """Each image for itself."""

    def judge(image: Image) -> Iterator[Finding]:
        if not image.at.given:
            return
        if image.pull.value == "Never":
            yield Violation(image.pull, f"{image.shown} runs whatever the node has by the name {image.at.shown}", mended=To("Always"))
            return
        reference = image.reference
        moves = not reference.digest and (given.settings.tags_always or reference.tag in {"", "latest"})
        # Without a word, `latest` is pulled each time, and everything else is not.
        cached = image.pull.value == "IfNotPresent" or (image.pull.value is None and reference.tag not in {"", "latest"})
        if moves and cached:
            yield Violation(image.pull, f"{image.shown} runs any {image.at.shown} that the node already has", mended=To("Always"))

    yield from each(images(pod), judge)
