"""An image, and who may vouch for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from policies.judging import Given, Violation, judge, of_manifest
from tests.unit.policies.security.images.signing import ISSUER, Authority
from tests.unit.policies.wrapping import pod, wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from policies.judging import Policy

MANIFEST: Final = b'{"schemaVersion": 2}'
DIGEST: Final = hashlib.sha256(MANIFEST).hexdigest()
RELEASES: Final = f"{ISSUER} https://github.com/team/shop/.github/workflows/release.yml@refs/tags/*"


@dataclass(frozen=True)
class Place:
    """A folder with bundles, and what they are verified by."""

    folder: Path
    trusted_root: str
    authority: Authority

    def put(self, *bundles: Any, name: str = f"sha256-{DIGEST}.sigstore.json") -> None:
        """Put bundles into a file, one a line."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(json.dumps(one) for one in bundles))

    def told(
        self, policy: Policy, image: str = f"registry.example/web:v1@sha256:{DIGEST}", kind: str = "Deployment", **more: Any
    ) -> list[str]:
        """What a policy says of an image."""
        settings = {"bundles": str(self.folder), "trusted_root": self.trusted_root, "identities": (RELEASES,), **more}
        found = judge(policy, of_manifest(wrapped(kind, pod(image=image))), Given(policy.settings(**settings)))
        return [one.reason for one in found if isinstance(one, Violation)]


@pytest.fixture(scope="session")
def authority() -> Authority:
    """One for all tests: its keys take as long to make as all else."""
    return Authority()


@pytest.fixture
def place(tmp_path: Path, authority: Authority) -> Place:
    """An empty folder for bundles."""
    (tmp_path / "bundles").mkdir()
    return Place(tmp_path / "bundles", authority.trusted_root(tmp_path), authority)
