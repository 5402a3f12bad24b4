"""Pods share no namespace with their node."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.host_namespaces import host_namespaces
from tests.unit.policies.security.pods.telling import said, told
from tests.unit.policies.wrapping import pod


@pytest.mark.parametrize(
    ("flags", "wrong"),
    [
        ({}, []),
        ({"hostNetwork": False, "hostPID": None, "hostIPC": False}, []),
        ({"hostNetwork": True}, ["spec.hostNetwork"]),
        ({"hostPID": True}, ["spec.hostPID"]),
        ({"hostIPC": True}, ["spec.hostIPC"]),
        ({"hostIPC": True, "hostPID": True, "hostNetwork": True}, ["spec.hostNetwork", "spec.hostPID", "spec.hostIPC"]),
        ({"hostUsers": True, "shareProcessNamespace": True}, []),
    ],
)
def test_host_namespaces(flags: dict[str, Any], wrong: list[str]) -> None:
    """Only true is refused; users and the pod's own processes are another matter."""
    assert told(host_namespaces, pod() | flags) == wrong


def test_what_is_said() -> None:
    """What is shared, and what to set."""
    assert said(host_namespaces, pod() | {"hostNetwork": True, "hostPID": True, "hostIPC": True}) == [
        ("the pod shares its node's network", "Set `spec.hostNetwork` to false.", To(value=False)),
        ("the pod shares its node's processes", "Set `spec.hostPID` to false.", To(value=False)),
        ("the pod shares its node's shared memory", "Set `spec.hostIPC` to false.", To(value=False)),
    ]
