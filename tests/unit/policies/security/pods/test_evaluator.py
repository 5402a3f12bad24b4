"""Pods are judged as Kubernetes itself judges them: by the evaluator of its own Go module, and by the pods that it is tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from policies.judging import Given, judge, of_manifest
from policies.judging.declaring import NEWEST, OLDEST
from policies.security.pods import POLICIES
from tests.unit.policies.evaluator.kubernetes import Question
from tests.unit.policies.security.pods import strategies
from tests.unit.policies.security.pods.telling import LEVELS
from tests.unit.policies.wrapping import wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from policies.judging import Subject
    from tests.unit.policies.evaluator.kubernetes import Evaluator
    from tests.unit.policies.security.pods.telling import Level

# Thousands of pods a run; the first time the evaluator is built, which takes a minute by itself.
pytestmark = [pytest.mark.matrix, pytest.mark.timeout(900)]

MINORS: Final = range(OLDEST, NEWEST + 1)
BASELINE: Final = {
    "added-capabilities": "capabilities_baseline",
    "app-armor-profiles": "appArmorProfile",
    "host-namespaces": "hostNamespaces",
    "host-path-volumes": "hostPathVolumes",
    "host-ports": "hostPorts",
    "host-probes": "hostProbesAndHostLifecycle",
    "host-processes": "windowsHostProcess",
    "privileged": "privileged",
    "proc-mounts": "procMount",
    "seccomp-profiles": "seccompProfile_baseline",
    "selinux-options": "seLinuxOptions",
    "sysctls": "sysctls",
}
"""Kubernetes' check that each policy stands for."""
RESTRICTED: Final = BASELINE | {
    "added-capabilities": "capabilities_restricted",
    "dropped-capabilities": "capabilities_restricted",
    "host-path-volumes": "restrictedVolumes",
    "non-root": "runAsNonRoot",
    "privilege-escalation": "allowPrivilegeEscalation",
    "proc-mounts": "procMount_restricted",
    "required-seccomp-profiles": "seccompProfile_restricted",
    "root-users": "runAsUser",
    "seccomp-profiles": "seccompProfile_restricted",
    "user-namespace-proc-mounts": "procMount_restricted",
    "volume-types": "restrictedVolumes",
}
"""The same in restricted, where Kubernetes has some of baseline's checks done by others: there two of ours can stand for one."""
_PROC_MOUNT_RESTRICTED: Final = 35


def check(name: str, level: Level, minor: int) -> str | None:
    """Kubernetes' name of the check that a policy stands for, if the level has it."""
    if level == "restricted" and name == "proc-mounts" and minor < _PROC_MOUNT_RESTRICTED:
        return BASELINE[name]
    return (BASELINE if level == "baseline" else RESTRICTED).get(name)


def failed(subject: Subject, level: Level, minor: int) -> set[str]:
    """The checks that a pod fails by our policies."""
    found = {
        check(policy.name, level, minor) for policy in POLICIES if judge(policy, subject, Given(policy.settings(), minor, level=level))
    }
    return {name for name in found if name}


def test_each_policy_stands_for_a_check() -> None:
    """All of them, and each is of the level that it says."""
    standards = {
        policy.name: [one.framework for one in policy.standards if one.framework.startswith("pod-security/")] for policy in POLICIES
    }
    assert standards == {name: ["pod-security/baseline" if name in BASELINE else "pod-security/restricted"] for name in RESTRICTED}


@settings(max_examples=300)
@given(
    spec=strategies.pods(),
    annotations=strategies.noted(),
    kind=strategies.kinds(),
    level=st.sampled_from(LEVELS),
    minor=st.sampled_from(MINORS),
)
def test_pods_fail_the_checks_that_they_fail_in_kubernetes(
    evaluator: Evaluator, spec: dict[str, Any], annotations: dict[str, Any], kind: str, level: Level, minor: int
) -> None:
    """The same verdict, and the same checks, whatever makes the pod."""
    (expected,) = evaluator.failed([Question(level, minor, annotations, spec)])
    event(f"{len(expected)} checks failed")
    assert failed(of_manifest(wrapped(kind, spec, annotations=annotations)), level, minor) == expected


@pytest.mark.matrix
@settings(max_examples=3000)
@given(spec=strategies.pods(), annotations=strategies.noted(), kind=strategies.kinds())
def test_thousands_of_pods_at_each_level_of_each_version(
    evaluator: Evaluator, spec: dict[str, Any], annotations: dict[str, Any], kind: str
) -> None:
    """The same checks fail at both levels of all versions that we know."""
    subject = of_manifest(wrapped(kind, spec, annotations=annotations))
    cases = [(level, minor) for level in LEVELS for minor in MINORS]
    expected = evaluator.failed([Question(level, minor, annotations, spec) for level, minor in cases])
    assert {case: failed(subject, *case) for case in cases} == dict(zip(cases, expected, strict=True))


@pytest.mark.matrix
@pytest.mark.parametrize("minor", MINORS)
@pytest.mark.parametrize("level", LEVELS)
def test_the_pods_that_kubernetes_tests_its_own_checks_with(kubernetes_pods: Path, level: Level, minor: int) -> None:
    """All that should pass pass; all that should fail do so, by the check that they are named after."""
    folder = kubernetes_pods / level / f"v1.{minor}"
    passing, failing = (
        [(file.stem, of_manifest(_read(file))) for file in sorted((folder / how).glob("*.yaml"))] for how in ("pass", "fail")
    )
    assert passing
    assert failing
    assert {name: failed(subject, level, minor) for name, subject in passing} == {name: set() for name, _ in passing}
    for name, subject in failing:
        assert name.rstrip("0123456789") in _names(failed(subject, level, minor)), name


def _names(checks: set[str]) -> set[str]:
    """Lower case, as files have it; both levels' names, as a pod that fails baseline's is also kept for restricted."""
    replaced = {"capabilities_restricted": "capabilities_baseline", "seccompProfile_restricted": "seccompProfile_baseline"}
    replaced |= {"restrictedVolumes": "hostPathVolumes", "procMount_restricted": "procMount"}
    return {name.lower() for one in checks for name in (one, replaced.get(one, one))}


def _read(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.load(file.read_text(), yaml.CSafeLoader)
    return read
