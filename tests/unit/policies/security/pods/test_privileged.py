"""Containers aren't privileged."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.privileged import privileged
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod


@pytest.mark.parametrize(
    ("context", "good"),
    [
        ({"privileged": True}, False),
        ({"privileged": False}, True),
        ({"privileged": None}, True),
        ({"capabilities": {"add": ["ALL"]}}, True),
        ({}, True),
        (None, True),
    ],
)
def test_privileged_containers(context: dict[str, Any] | None, good: bool) -> None:
    """Only true is refused, in containers of each sort."""
    assert told(privileged, everywhere({"securityContext": context})) == ([] if good else below("securityContext.privileged"))


def test_only_the_container_that_is_wrong_is_told() -> None:
    """By its name, with what to set."""
    spec = {"containers": [{"name": "app"}, {"name": "agent", "securityContext": {"privileged": True}}]}
    fix = "Set `spec.containers[1].securityContext.privileged` to false, and add the capabilities that are needed by their names."
    assert said(privileged, spec) == [("container 'agent' is privileged", fix, To(value=False))]


def test_nothing_said_is_not_privileged() -> None:
    """A container without a security context passes."""
    assert told(privileged, pod()) == []
