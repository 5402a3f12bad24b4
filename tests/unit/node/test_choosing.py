"""Which kind of node is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from embedded.node.choosing import Found, Kind, choose
from embedded.node.errors import NodeError

FILE = Path("/somewhere/kubeconfig")


@pytest.mark.parametrize(
    ("found", "wish", "chosen"),
    [
        (Found(FILE, docker=True, kind=True), None, Kind.GIVEN),
        (Found(None, docker=True, kind=True), None, Kind.KIND),
        (Found(None, docker=True, kind=False), None, Kind.OWN),
        (Found(None, docker=False, kind=True), None, Kind.OWN),
        (Found(None, docker=True, kind=True), Kind.OWN, Kind.OWN),
        (Found(None, docker=True, kind=True), Kind.KIND, Kind.KIND),
    ],
)
def test_a_given_cluster_then_kind_then_our_own(found: Found, wish: Kind | None, chosen: Kind) -> None:
    """What is given goes before what is there, and what is there before what has to be built; a wish goes before both of these."""
    assert choose(found, wish) is chosen


@pytest.mark.parametrize(
    ("found", "wish", "words"),
    [
        (Found(FILE, docker=True, kind=True), Kind.OWN, "leave out one of the two"),
        (Found(None, docker=False, kind=False), Kind.GIVEN, "Say --kubeconfig FILE"),
        (Found(None, docker=False, kind=True), Kind.KIND, "Docker doesn't run"),
        (Found(None, docker=False, kind=False), Kind.KIND, "no kind on PATH"),
    ],
)
def test_wishes_that_cannot_be(found: Found, wish: Kind, words: str) -> None:
    """A wish that can't be is refused with the reason."""
    with pytest.raises(NodeError, match=words):
        choose(found, wish)
