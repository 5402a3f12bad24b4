"""Containers see /proc as runtimes mask it: at baseline, and in restricted also in a user namespace."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.proc_mounts import proc_mounts
from policies.security.pods.user_namespace_proc_mounts import user_namespace_proc_mounts
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.procMount"
UNMASKED = {"securityContext": {"procMount": "Unmasked"}}
CASES: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ({"procMount": None}, True),
    ({"procMount": "Default"}, True),
    ({"procMount": "default"}, False),
    ({"procMount": "Unmasked"}, False),
    ({"procMount": ""}, False),
]


@pytest.mark.parametrize(("context", "good"), CASES)
def test_proc_mounts(context: Any, good: bool) -> None:
    """Only the default is allowed, in containers of each sort."""
    assert told(proc_mounts, everywhere({"securityContext": context})) == ([] if good else below(FIELD))
    assert told(user_namespace_proc_mounts, everywhere({"securityContext": context})) == []


@pytest.mark.parametrize(("context", "good"), CASES)
def test_in_a_user_namespace(context: Any, good: bool) -> None:
    """There restricted says what baseline no longer does."""
    spec = everywhere({"securityContext": context}, hostUsers=False)
    assert told(proc_mounts, spec) == []
    assert told(user_namespace_proc_mounts, spec) == ([] if good else below(FIELD))


@pytest.mark.parametrize(
    ("minor", "host_users", "baseline", "restricted"),
    [
        (28, False, False, True),
        (34, False, False, True),
        (35, False, True, False),
        (37, False, True, False),
        (35, True, False, True),
        (35, None, False, True),
        (34, None, False, True),
    ],
)
def test_versions(minor: int, host_users: bool | None, baseline: bool, restricted: bool) -> None:
    """Pods in a user namespace are another matter from Kubernetes 1.35 on; one of the two policies always says it."""
    spec, where = pod(**UNMASKED) | {"hostUsers": host_users}, [f"spec.containers[0].{FIELD}"]
    assert told(proc_mounts, spec, minor=minor) == ([] if baseline else where)
    assert told(user_namespace_proc_mounts, spec, minor=minor) == ([] if restricted else where)


def test_what_is_said() -> None:
    """Who mounts it how, and what to set; the same by both policies."""
    words = ("container 'app' mounts /proc as 'Unmasked'", f"Leave `spec.containers[0].{FIELD}` out, or set it to Default.", To("Default"))
    assert said(proc_mounts, pod(**UNMASKED)) == [words]
    assert said(user_namespace_proc_mounts, pod(**UNMASKED) | {"hostUsers": False}) == [words]
