"""No process in a container can get more privileges than it was started with."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.privilege_escalation import privilege_escalation
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.allowPrivilegeEscalation"


@pytest.mark.parametrize(
    ("context", "good"),
    [
        ({"allowPrivilegeEscalation": False}, True),
        ({"allowPrivilegeEscalation": True}, False),
        ({"allowPrivilegeEscalation": None}, False),
        ({"privileged": False}, False),
        ({}, False),
        (None, False),
    ],
)
def test_containers(context: Any, good: bool) -> None:
    """Only false is allowed, in containers of each sort: nothing said is true."""
    assert told(privilege_escalation, everywhere({"securityContext": context})) == ([] if good else below(FIELD))


@pytest.mark.parametrize(("system", "good"), [("windows", True), ("linux", False), ("Windows", False), (None, False)])
def test_windows(system: str | None, good: bool) -> None:
    """Pods of Windows aren't asked."""
    assert told(privilege_escalation, pod() | {"os": {"name": system}}) == ([] if good else [f"spec.containers[0].{FIELD}"])


def test_what_is_said() -> None:
    """Who allows it, and what to set."""
    fix = f"Set `spec.containers[0].{FIELD}` to false."
    assert said(privilege_escalation, pod()) == [("container 'app' allows privilege escalation", fix, To(value=False))]
