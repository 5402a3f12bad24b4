"""It is proven where images were built.

Looks at: `image` of all containers, init containers and ephemeral containers, and of volumes; and at the bundles beside it.
Allowed: an image with a digest, of which a bundle is verified that states SLSA provenance (v1 or v0.2) by one of the builders that the
settings name. Nothing is asked for as long as no folder with bundles is named.
"""

from collections.abc import Iterator
from typing import Any, Final

from policies.judging import Finding, Given, Pod, Standard, of_pods
from policies.security.images.bundles import Proofs, Trust, judged
from policies.security.patterns import matches
from tidegate.model.base import Finding as Misfit

_PROVENANCE: Final = "https://slsa.dev/provenance"
# Where each version has the builder.
_BUILDERS: Final = {f"{_PROVENANCE}/v1": ("runDetails", "builder", "id"), f"{_PROVENANCE}/v0.2": ("builder", "id")}


class Builders(Trust):
    """Who may have built an image."""

    builders: tuple[str, ...] = ()
    """The ids of builders; `*` stands for anything:
    `https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/*`."""

    def findings(self) -> Iterator[Misfit]:
        """Provenance that anybody may have written says nothing."""
        yield from super().findings()
        if self.bundles and not self.builders:
            yield Misfit(("builders",), "whose builds count? Name their ids")


@of_pods(
    "It is proven where images were built.",
    severity="high",
    fix="Build the image where provenance is made for it, and put the bundle into the folder with the bundles.",
    standards=(Standard("slsa", ("Build L2",), "1.0"), Standard("soc2", ("CC8.1",))),
    tags=("images", "supply-chain"),
    url="https://slsa.dev/spec/v1.0/provenance",
    settings=Builders,
    needs="bundles",
)
def build_provenance(pod: Pod, given: Given[Builders]) -> Iterator[Finding]:
    """Each image for itself."""

    def missing(proofs: Proofs) -> str | None:
        builders = [_builder(one.kind, one.predicate) for one in proofs.good if one.kind in _BUILDERS]
        if not builders:
            return "and nothing proves where that was built"
        if not any(matches(builder, given.settings.builders) for builder in builders):
            return f"which was built by {', '.join(sorted(set(builders)))}: none of the builders that are allowed"
        return None

    return judged(pod, given.settings, missing)


def _builder(kind: str, predicate: Any) -> str:
    for key in _BUILDERS[kind]:
        predicate = predicate.get(key) if isinstance(predicate, dict) else None
    return predicate if isinstance(predicate, str) else "nobody"
