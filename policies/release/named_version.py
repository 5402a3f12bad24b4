"""Images have a tag that names a version.

Looks at: the images of all containers, init containers and ephemeral containers.
Allowed: a tag other than `latest`, or a digest.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, Standard, Violation, each, of_pods


@of_pods(
    "A slot runs a named version.",
    severity="high",
    fix="Name the version.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "images"),
    url="https://kubernetes.io/docs/concepts/containers/images/#image-names",
)
def named_version(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Nobody could say later what ran, or go back to it."""
    yield from each(pod.containers, _judge)


def _judge(container: Container) -> Iterator[Finding]:
    image = container.at("image")
    if image.given and unnamed(image.text):
        yield Violation(image, f"{container.shown} runs {image.shown}: nobody could say later what ran, or go back to it")


def unnamed(image: str) -> bool:
    """Whether the image is `latest`, by its tag or for want of one."""
    name = image.rpartition("/")[2]
    return "@" not in name and name.partition(":")[2] in {"", "latest"}
