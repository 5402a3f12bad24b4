"""At which level a stack, or a command, has pods judged."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import of_manifest
from policies.judging.rulebook import Pack, Rulebook
from policies.security.pods import POLICIES
from tests.unit.policies.wrapping import pod, wrapped
from tidegate.model.intent.policies import Policies
from tidegate.policing.checking import rulebook

PACK = Pack("security", "Pods.", POLICIES)
# Baseline refuses it; restricted doesn't ask pods of Windows for their capabilities, but for this flag.
WINDOWS = pod(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}}) | {"os": {"name": "windows"}}
BASELINE = ["spec.containers[0].securityContext.capabilities.add[0]"]
RESTRICTED = ["spec.containers[0].securityContext.runAsNonRoot"]


@pytest.mark.parametrize(
    ("enforcement", "wrong"),
    [
        ({}, RESTRICTED),
        ({"pod-security/restricted": "disabled"}, BASELINE),
        ({"pod-security/restricted": "advisory"}, RESTRICTED),
        ({"pod-security/baseline": "disabled", "pod-security/restricted": "disabled"}, []),
    ],
)
def test_a_stack_that_is_not_held_to_restricted_is_held_to_baseline(enforcement: dict[str, Any], wrong: list[str]) -> None:
    """By the enforcement of the standards."""
    rules = Rulebook.of([PACK], Policies(enforcement=enforcement))
    assert [one.path for one in rules.judge(of_manifest(wrapped("Pod", WINDOWS)))] == wrong


def test_a_command_says_the_level() -> None:
    """Only baseline's policies, as baseline has them."""
    rules = rulebook(["security"], None, "production", "baseline")
    found = rules.judge(of_manifest(wrapped("Pod", WINDOWS)))
    assert [one.path for one in found if one.rule.policy in POLICIES] == BASELINE


@pytest.mark.parametrize(("kubernetes", "wrong"), [("1.28", 3), ("1.29", 2), ("1.32", 1), ("1.37", 0)])
def test_a_stack_says_the_version_of_its_cluster(kubernetes: str, wrong: int) -> None:
    """Each version of Kubernetes has its own standards."""
    names = ("net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rmem", "net.ipv4.tcp_notsent_lowat")
    rules = Rulebook.of([PACK], Policies(kubernetes=kubernetes, enforcement={"pod-security/restricted": "disabled"}))
    spec = pod() | {"securityContext": {"sysctls": [{"name": name, "value": "1"} for name in names]}}
    assert len(rules.judge(of_manifest(wrapped("Deployment", spec)))) == wrong
