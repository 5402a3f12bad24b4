"""Containers run with SELinux types of containers, and with no user or role of their own."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.selinux_options import selinux_options
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.seLinuxOptions"
CASES: list[tuple[Any, list[str]]] = [
    (None, []),
    ({}, []),
    ({"type": "", "user": "", "role": ""}, []),
    ({"type": None, "user": None, "role": None}, []),
    ({"level": "s0:c123,c456"}, []),
    ({"type": "container_t"}, []),
    ({"type": "container_init_t"}, []),
    ({"type": "container_kvm_t"}, []),
    ({"type": "spc_t"}, ["type"]),
    ({"type": "Container_t"}, ["type"]),
    ({"user": "system_u"}, ["user"]),
    ({"role": "sysadm_r"}, ["role"]),
    ({"type": "container_t", "user": "u", "role": "r"}, ["user", "role"]),
    ({"role": "r", "user": "u", "type": "t"}, ["type", "user", "role"]),
]


@pytest.mark.parametrize(("options", "wrong"), CASES)
def test_containers(options: Any, wrong: list[str]) -> None:
    """Types of containers only, no user and no role, in containers of each sort."""
    found = told(selinux_options, everywhere({"securityContext": {"seLinuxOptions": options}}))
    assert found == below(*(f"{FIELD}.{name}" for name in wrong))


@pytest.mark.parametrize(("options", "wrong"), CASES)
def test_pods(options: Any, wrong: list[str]) -> None:
    """The same of the pod's own."""
    found = told(selinux_options, pod() | {"securityContext": {"seLinuxOptions": options}})
    assert found == [f"spec.{FIELD}.{name}" for name in wrong]


@pytest.mark.parametrize(("minor", "good"), [(28, False), (30, False), (31, True), (37, True), (38, True)])
def test_versions(minor: int, good: bool) -> None:
    """Kubernetes allows the type of container engines from 1.31 on."""
    spec = pod(securityContext={"seLinuxOptions": {"type": "container_engine_t"}})
    assert told(selinux_options, spec, minor=minor) == ([] if good else [f"spec.containers[0].{FIELD}.type"])


def test_what_is_said() -> None:
    """Who has which type, user or role, from when on it is allowed, and what to do."""
    spec = pod(securityContext={"seLinuxOptions": {"type": "container_engine_t", "role": "r"}})
    assert said(selinux_options, spec | {"securityContext": {"seLinuxOptions": {"type": "t", "user": "u"}}}, minor=30) == [
        ("the pod has the SELinux type 't'", f"Leave `spec.{FIELD}.type` out, or set it to container_t.", To()),
        ("the pod has the SELinux user 'u'", f"Leave `spec.{FIELD}.user` out.", To()),
        (
            "container 'app' has the SELinux type 'container_engine_t', which is allowed from Kubernetes 1.31 on",
            f"Leave `spec.containers[0].{FIELD}.type` out, or set it to container_t.",
            To(),
        ),
        ("container 'app' has the SELinux role 'r'", f"Leave `spec.containers[0].{FIELD}.role` out.", To()),
    ]
