"""References to images, as container runtimes read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.security.images.references import parsed

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io/library/nginx", "", ""),
        ("nginx:1.27", "docker.io/library/nginx", "1.27", ""),
        ("grafana/grafana:12", "docker.io/grafana/grafana", "12", ""),
        ("docker.io/library/nginx", "docker.io/library/nginx", "", ""),
        ("index.docker.io/library/nginx", "docker.io/library/nginx", "", ""),
        ("registry-1.docker.io/library/nginx", "docker.io/library/nginx", "", ""),
        ("ghcr.io/team/shop/web:v1", "ghcr.io/team/shop/web", "v1", ""),
        ("registry:5000/web", "registry:5000/web", "", ""),
        ("registry:5000/web:v1", "registry:5000/web", "v1", ""),
        ("localhost/web", "localhost/web", "", ""),
        (f"web@{DIGEST}", "docker.io/library/web", "", DIGEST),
        (f"registry:5000/web:v1@{DIGEST}", "registry:5000/web", "v1", DIGEST),
        ("web:", "docker.io/library/web", "", ""),
    ],
)
def test_parts(text: str, repository: str, tag: str, digest: str) -> None:
    """Registry and path, tag, digest."""
    found = parsed(text)
    assert (found.repository, found.tag, found.digest) == (repository, tag, digest)
    assert found.pinned is (digest == DIGEST)


_WORD = st.text("abc0123456789-", min_size=1, max_size=8)


@settings(max_examples=50, deadline=None)
@given(st.lists(_WORD, min_size=1, max_size=4), st.text("abcABC012._-", min_size=1, max_size=9), st.booleans(), st.booleans())
def test_whole_references_stay_what_they_are(path: list[str], tag: str, port: bool, digest: bool) -> None:
    """Nothing of one that names its registry is taken for anything else."""
    repository = f"registry.example{':5000' if port else ''}/{'/'.join(path)}"
    found = parsed(f"{repository}:{tag}{f'@{DIGEST}' if digest else ''}")
    assert (found.repository, found.tag, found.digest) == (repository, tag, DIGEST if digest else "")
