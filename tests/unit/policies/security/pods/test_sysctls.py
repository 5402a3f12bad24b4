"""Pods set only such parameters of the kernel as are theirs alone."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.sysctls import sysctls
from tests.unit.policies.security.pods.telling import said, told
from tests.unit.policies.wrapping import pod

ALWAYS = (
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ip_local_reserved_ports",
)
LATER = {
    29: ("net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"),
    32: ("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"),
    37: ("net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle"),
}


def setting(*names: str | None) -> dict[str, Any]:
    """A pod that sets these."""
    return pod() | {"securityContext": {"sysctls": [{"name": name, "value": "1"} for name in names]}}


@pytest.mark.parametrize(
    ("spec", "wrong"),
    [
        (pod() | {"securityContext": None}, []),
        (pod() | {"securityContext": {}}, []),
        (pod() | {"securityContext": {"sysctls": None}}, []),
        (pod() | {"securityContext": {"sysctls": []}}, []),
        (setting(*ALWAYS), []),
        (setting("kernel.msgmax"), [0]),
        (setting("net.ipv4.tcp_syncookies", "net.core.somaxconn", "NET.ipv4.tcp_syncookies"), [1, 2]),
        (setting(""), [0]),
        (setting(None), [0]),
    ],
)
def test_sysctls(spec: dict[str, Any], wrong: list[int]) -> None:
    """Those of the pod's own namespaces that Kubernetes has found harmless; no others."""
    assert told(sysctls, spec) == [f"spec.securityContext.sysctls[{place}]" for place in wrong]


@pytest.mark.parametrize("name", [name for names in LATER.values() for name in names])
def test_versions(name: str) -> None:
    """Some are allowed from a version on."""
    since = next(minor for minor, names in LATER.items() if name in names)
    assert [minor for minor in range(28, 40) if told(sysctls, setting(name), minor=minor) == []] == list(range(since, 40))


@pytest.mark.parametrize("name", ALWAYS)
def test_the_oldest_version(name: str) -> None:
    """The others are allowed by all versions that we know."""
    assert told(sysctls, setting(name), minor=28) == []


def test_what_is_said() -> None:
    """Which one, from when on it is allowed, and what to do."""
    assert said(sysctls, setting("kernel.msgmax", "net.ipv4.tcp_rmem"), minor=31) == [
        ("the pod sets the sysctl 'kernel.msgmax'", "Take `spec.securityContext.sysctls[0]` away.", To()),
        (
            "the pod sets the sysctl 'net.ipv4.tcp_rmem', which is allowed from Kubernetes 1.32 on",
            "Take `spec.securityContext.sysctls[1]` away.",
            To(),
        ),
    ]
