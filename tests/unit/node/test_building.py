"""Kubernetes' binary: which version, where it is kept, and how its progress is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded.node import building
from embedded.node.errors import NodeError
from embedded.node.needs import go_version

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_that_of_the_module(tmp_path: Path) -> None:
    """One place says it: go.mod."""
    assert building.MODULE.version("require (\n\tk8s.io/component-base v0.1.2\n\tk8s.io/kubernetes v1.2.3\n)\n") == "v1.2.3"
    assert building.MODULE.version("module a\n\nrequire k8s.io/kubernetes v1.2.3\n") == "v1.2.3"
    assert building.version() in building.home(tmp_path).name
    with pytest.raises(NodeError, match=r"doesn't require k8s.io/kubernetes"):
        building.MODULE.version("module a\n")


def test_a_built_binary_is_taken(tmp_path: Path) -> None:
    """Nothing is built, and nothing said, where it is there already."""
    assert not building.is_built(tmp_path)
    home = building.home(tmp_path)
    home.mkdir(parents=True)
    (home / "kubernetes").touch()
    assert building.binaries(tmp_path, pytest.fail) == home


def test_progress_is_told_now_and_then() -> None:
    """Every ten seconds how many packages have come; what isn't a package doesn't count."""
    now, said = [0.0], list[str]()
    progress = building.Progress(100, said.append, lambda: now[0])
    for line in ("k8s.io/a", "go: downloading k8s.io/b v1.0.0", "k8s.io/b"):
        progress.line(line)
    assert said == []
    now[0] = 10.0
    progress.line("k8s.io/c")
    progress.line("k8s.io/d")
    assert said == ["  3 of at most 100 packages"]


@pytest.mark.parametrize(
    ("said", "version"),
    [("go version go1.26.8 linux/amd64", (1, 26)), ("go version go1.19 linux/arm64", (1, 19)), ("", None), ("go version devel", None)],
)
def test_the_version_of_go(said: str, version: tuple[int, int] | None) -> None:
    """It is read from what Go says."""
    assert go_version(said) == version
