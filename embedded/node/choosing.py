"""Which node: a cluster that is given; else kind, where Docker runs; else one of our own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from embedded.node.errors import NodeError
from embedded.node.needs import tool

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT: Final = 10


class Kind(StrEnum):
    """The kinds of nodes."""

    GIVEN = "given"
    KIND = "kind"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to choose from."""

    kubeconfig: Path | None
    docker: bool
    kind: bool


def look(kubeconfig: Path | None) -> Found:
    """See what there is. Docker is only asked where it matters."""
    kind = tool("kind") is not None
    return Found(kubeconfig, kubeconfig is None and kind and _docker_runs(), kind)


def choose(found: Found, wish: Kind | None) -> Kind:
    """The kind of node to take; a wish is heeded, or refused when it can't be."""
    if found.kubeconfig is not None:
        if wish not in {None, Kind.GIVEN}:
            raise NodeError(f"a kubeconfig was given, so the node can't be {wish}; leave out one of the two")
        return Kind.GIVEN
    if wish is Kind.GIVEN:
        raise NodeError("which cluster is given? Say --kubeconfig FILE")
    if wish is Kind.KIND and not (found.docker and found.kind):
        lacking = "Docker doesn't run" if found.kind else "there is no kind on PATH (https://kind.sigs.k8s.io)"
        raise NodeError(f"the node can't be kind: {lacking}")
    return wish or (Kind.KIND if found.docker and found.kind else Kind.OWN)


def _docker_runs() -> bool:
    if (docker := tool("docker")) is None:
        return False
    try:
        done = subprocess.run([docker, "version", "--format", "{{.Server.Version}}"], capture_output=True, check=False, timeout=_TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0
