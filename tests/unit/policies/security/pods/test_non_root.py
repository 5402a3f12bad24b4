"""Containers may not be started as root."""

from __future__ import annotations

from itertools import product

import pytest

from policies.judging import To
from policies.security.pods.non_root import non_root
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.runAsNonRoot"


@pytest.mark.parametrize(
    ("shared", "own", "wrong"),
    [
        (True, True, []),
        (True, None, []),
        (True, False, below(FIELD)),
        (None, True, []),
        (None, None, below(FIELD)),
        (None, False, below(FIELD)),
        (False, True, [f"spec.{FIELD}"]),
        (False, None, [f"spec.{FIELD}"]),
        (False, False, [f"spec.{FIELD}", *below(FIELD)]),
    ],
)
def test_the_pods_flag_and_the_containers(shared: bool | None, own: bool | None, wrong: list[str]) -> None:
    """The pod's is that of containers that have none; a false one is wrong wherever it is, and told there."""
    spec = everywhere({"securityContext": {"runAsNonRoot": own}}, securityContext={"runAsNonRoot": shared})
    assert told(non_root, spec) == wrong


def test_nothing_said_is_root() -> None:
    """Without security contexts, the image decides."""
    assert told(non_root, everywhere({})) == below(FIELD)
    assert told(non_root, everywhere({"securityContext": {}}, securityContext={})) == below(FIELD)


@pytest.mark.parametrize(
    ("minor", "host_users", "good"), [(34, False, False), (35, False, True), (37, False, True), (35, True, False), (35, None, False)]
)
def test_user_namespaces(minor: int, host_users: bool | None, good: bool) -> None:
    """From Kubernetes 1.35 on root is nobody outside, where the pod has users of its own."""
    for shared, own in product((True, False, None), repeat=2):
        spec = pod(securityContext={"runAsNonRoot": own}) | {"hostUsers": host_users, "securityContext": {"runAsNonRoot": shared}}
        is_right = good or (own is True and shared is not False) or (shared is True and own is None)
        assert (told(non_root, spec, minor=minor) == []) is is_right


def test_windows_pods_are_asked_too() -> None:
    """As Kubernetes has it."""
    assert told(non_root, pod() | {"os": {"name": "windows"}}) == [f"spec.containers[0].{FIELD}"]


def test_what_is_said() -> None:
    """Who may be root and why, and what to set."""
    assert said(non_root, pod(securityContext={"runAsNonRoot": False}) | {"securityContext": {"runAsNonRoot": False}}) == [
        ("the pod lets its containers run as root", f"Set `spec.{FIELD}` to true.", To(value=True)),
        ("container 'app' may run as root", f"Set `spec.containers[0].{FIELD}` to true, or leave it to the pod's.", To(value=True)),
    ]
    fix = f"Set `spec.{FIELD}` to true, for the whole pod; or `spec.containers[0].{FIELD}`."
    assert said(non_root, pod()) == [("container 'app' may run as root: neither it nor the pod says runAsNonRoot", fix, To(value=True))]
