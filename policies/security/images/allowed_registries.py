"""Images come from registries that are known.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes.
Allowed: what is in one of the registries, or below one of the paths, that the settings name; anything where they name none. `nginx` is
`docker.io/library/nginx`.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, Standard, Violation, each, of_pods
from policies.security.images.references import Image, images, parsed


class Registries(Settings):
    """Where images may come from."""

    registries: tuple[str, ...] = ()
    """Registries, with or without a path: `registry.k8s.io`, `ghcr.io/team`."""


@of_pods(
    "Images come from registries that are known.",
    severity="high",
    fix="Take the image from one of the registries that are allowed, or copy it there.",
    standards=(Standard("cis-kubernetes", ("5.5.1",), "1.9"), Standard("soc2", ("CC6.8",))),
    tags=("images", "supply-chain"),
    url="https://kubernetes.io/docs/concepts/containers/images/",
    settings=Registries,
    needs="registries",
)
def allowed_registries(pod: Pod, given: Given[Registries]) -> Iterator[Finding]:
    """Each image for itself, as long as any registry is named."""
    allowed = [parsed(f"{one.rstrip('/')}/x").repository.removesuffix("x") for one in given.settings.registries]

    def judge(image: Image) -> Iterator[Finding]:
        if image.at.given and not f"{image.reference.repository}/".startswith(tuple(allowed)):
            listed = ", ".join(given.settings.registries)
            yield Violation(image.at, f"{image.shown} runs {image.at.shown}, which comes from none of {listed}")

    if allowed:
        yield from each(images(pod), judge)
