"""No container is run as the user root."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.root_users import root_users
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.runAsUser"
CASES: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ({"runAsUser": None}, True),
    ({"runAsUser": 0}, False),
    ({"runAsUser": 0.0}, False),
    ({"runAsUser": 1}, True),
    ({"runAsUser": 65534}, True),
    ({"runAsGroup": 0, "fsGroup": 0}, True),
]


@pytest.mark.parametrize(("context", "good"), CASES)
def test_containers(context: Any, good: bool) -> None:
    """Only 0 is refused, in containers of each sort."""
    assert told(root_users, everywhere({"securityContext": context})) == ([] if good else below(FIELD))


@pytest.mark.parametrize(("context", "good"), CASES)
def test_pods(context: Any, good: bool) -> None:
    """The same of the pod's own, also where all containers have another."""
    spec = pod(securityContext={"runAsUser": 1000}) | {"securityContext": context}
    assert told(root_users, spec) == ([] if good else [f"spec.{FIELD}"])


@pytest.mark.parametrize(
    ("minor", "host_users", "good"),
    [(28, False, False), (34, False, False), (35, False, True), (37, False, True), (36, True, False), (36, None, False)],
)
def test_user_namespaces(minor: int, host_users: bool | None, good: bool) -> None:
    """From Kubernetes 1.35 on root is nobody outside, where the pod has users of its own."""
    spec = pod(securityContext={"runAsUser": 0}) | {"hostUsers": host_users}
    assert told(root_users, spec, minor=minor) == ([] if good else [f"spec.containers[0].{FIELD}"])


def test_what_is_said() -> None:
    """Who runs as root, and what to do."""
    fix = f"Set `spec.containers[0].{FIELD}` to another id than 0, or leave it out: the image's user is taken then."
    assert said(root_users, pod(securityContext={"runAsUser": 0})) == [("container 'app' runs as root", fix, To())]
