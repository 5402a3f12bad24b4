"""Seccomp profiles: at baseline none that is no profile, in restricted one of each container."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import To
from policies.security.pods.required_seccomp_profiles import required_seccomp_profiles
from policies.security.pods.seccomp_profiles import seccomp_profiles
from tests.unit.policies.security.pods.telling import LEVELS, below, everywhere, said, told
from tests.unit.policies.wrapping import pod

if TYPE_CHECKING:
    from tests.unit.policies.security.pods.telling import Level

PROFILE = "securityContext.seccompProfile"
FIELD = f"{PROFILE}.type"
# (what a security context has, whether it is a wrong profile, whether it is one)
CASES: list[tuple[Any, bool, bool]] = [
    (None, False, False),
    ({}, False, False),
    ({"seccompProfile": None}, False, False),
    ({"seccompProfile": {"type": "RuntimeDefault"}}, False, True),
    ({"seccompProfile": {"type": "Localhost", "localhostProfile": "web.json"}}, False, True),
    ({"seccompProfile": {"type": "Unconfined"}}, True, True),
    ({"seccompProfile": {"type": "runtime/default"}}, True, True),
    ({"seccompProfile": {"type": ""}}, True, True),
    ({"seccompProfile": {"type": None}}, True, True),
    ({"seccompProfile": {}}, True, True),
]
RUNTIME = {"seccompProfile": {"type": "RuntimeDefault"}}
UNCONFINED = {"seccompProfile": {"type": "Unconfined"}}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("context", "wrong", "there"), CASES)
def test_containers(context: Any, wrong: bool, there: bool, level: Level) -> None:
    """A profile is the runtime's or one of the node, in containers of each sort; without one of the pod's they need one."""
    spec = everywhere({"securityContext": context})
    assert told(seccomp_profiles, spec, level=level) == (below(FIELD) if wrong else [])
    assert told(required_seccomp_profiles, spec) == ([] if there else below(PROFILE))


@pytest.mark.parametrize(("context", "wrong", "there"), CASES)
def test_pods(context: Any, wrong: bool, there: bool) -> None:
    """The same of the pod's own, which is that of all containers without one."""
    spec = everywhere({}, securityContext=context)
    assert told(seccomp_profiles, spec) == ([f"spec.{FIELD}"] if wrong else [])
    assert told(required_seccomp_profiles, spec) == ([] if there else below(PROFILE))


def test_only_containers_without_a_profile_need_one() -> None:
    """Each for itself, when the pod has none."""
    spec = {"containers": [{"name": "a", "securityContext": RUNTIME}, {"name": "b"}]}
    assert told(required_seccomp_profiles, spec) == [f"spec.containers[1].{PROFILE}"]


@pytest.mark.parametrize(
    ("system", "level", "good"),
    [("windows", "restricted", True), ("windows", "baseline", False), ("linux", "restricted", False), (None, "restricted", False)],
)
def test_windows(system: str | None, level: Level, good: bool) -> None:
    """Restricted doesn't ask pods of Windows, which baseline does."""
    spec = pod(securityContext=UNCONFINED) | {"os": {"name": system}}
    assert told(seccomp_profiles, spec, level=level) == ([] if good else [f"spec.containers[0].{FIELD}"])
    assert told(required_seccomp_profiles, pod() | {"os": {"name": system}}) == (
        [] if system == "windows" else [f"spec.containers[0].{PROFILE}"]
    )


def test_what_is_said() -> None:
    """Who has which profile or none, and what to set."""
    assert said(seccomp_profiles, pod(securityContext=UNCONFINED) | {"securityContext": {"seccompProfile": {}}}) == [
        ("the seccomp profile of the pod has no type", f"Set `spec.{FIELD}` to RuntimeDefault.", To("RuntimeDefault")),
        (
            "container 'app' has a seccomp profile of the type 'Unconfined'",
            f"Set `spec.containers[0].{FIELD}` to RuntimeDefault.",
            To("RuntimeDefault"),
        ),
    ]
    fix = f"Set `spec.{FIELD}` to RuntimeDefault, for the whole pod; or `spec.containers[0].{FIELD}`."
    assert said(required_seccomp_profiles, pod()) == [("container 'app' has no seccomp profile", fix, To({"type": "RuntimeDefault"}))]
