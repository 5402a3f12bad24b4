"""Images: where they come from, which ones they are, and who made them."""

from policies.security.images.allowed_registries import allowed_registries
from policies.security.images.build_provenance import build_provenance
from policies.security.images.latest_tag import latest_tag
from policies.security.images.pinned_digests import pinned_digests
from policies.security.images.pull_policy import pull_policy
from policies.security.images.sbom import sbom
from policies.security.images.signed_images import signed_images

POLICIES = (allowed_registries, latest_tag, pinned_digests, pull_policy, signed_images, build_provenance, sbom)
