"""Containers add no capabilities beyond the default ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import To
from policies.security.pods.added_capabilities import added_capabilities
from tests.unit.policies.security.pods.telling import LEVELS, below, everywhere, said, told
from tests.unit.policies.wrapping import pod

if TYPE_CHECKING:
    from tests.unit.policies.security.pods.telling import Level

DEFAULT = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
]
FIELD = "securityContext.capabilities.add"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("context", "wrong"),
    [
        (None, []),
        ({}, []),
        ({"capabilities": None}, []),
        ({"capabilities": {}}, []),
        ({"capabilities": {"add": None}}, []),
        ({"capabilities": {"add": []}}, []),
        ({"capabilities": {"drop": ["NET_RAW"]}}, []),
        ({"capabilities": {"add": DEFAULT}}, []),
        ({"capabilities": {"add": ["NET_RAW"]}}, [0]),
        ({"capabilities": {"add": ["ALL"]}}, [0]),
        ({"capabilities": {"add": ["CAP_CHOWN"]}}, [0]),
        ({"capabilities": {"add": ["chown"]}}, [0]),
        ({"capabilities": {"add": [""]}}, [0]),
        ({"capabilities": {"add": ["SYS_ADMIN", "CHOWN", "SYS_PTRACE"], "drop": ["ALL"]}}, [0, 2]),
    ],
)
def test_added_capabilities(context: Any, wrong: list[int], level: Level) -> None:
    """All but the default ones are refused, in containers of each sort, at both levels."""
    paths = below(*(f"{FIELD}[{place}]" for place in wrong))
    assert told(added_capabilities, everywhere({"securityContext": context}), level=level) == paths


@pytest.mark.parametrize(
    ("system", "level", "good"),
    [
        ("windows", "restricted", True),
        ("windows", "baseline", False),
        ("linux", "restricted", False),
        ("linux", "baseline", False),
        ("Windows", "restricted", False),
    ],
)
def test_windows(system: str, level: Level, good: bool) -> None:
    """Restricted doesn't ask pods of Windows, which baseline does."""
    spec = pod(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}}) | {"os": {"name": system}}
    assert told(added_capabilities, spec, level=level) == ([] if good else [f"spec.containers[0].{FIELD}[0]"])


def test_what_is_said() -> None:
    """Who adds what, and what it is to be taken out of."""
    assert said(added_capabilities, pod(securityContext={"capabilities": {"add": ["CHOWN", "BPF"]}})) == [
        ("container 'app' adds the capability 'BPF'", f"Take 'BPF' out of `spec.containers[0].{FIELD}`.", To())
    ]
