"""What each policy on pods stands for: a Pod Security Standard, and controls of the CIS Benchmark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from policies.judging import Standard
from policies.security.pods import POLICIES
from policies.security.pods.frame import cis

if TYPE_CHECKING:
    from policies.judging import Policy

CIS: Final = {
    "added-capabilities": ("5.2.8", "5.2.9"),
    "dropped-capabilities": ("5.2.10",),
    "host-namespaces": ("5.2.3", "5.2.4", "5.2.5"),
    "host-path-volumes": ("5.2.12",),
    "host-ports": ("5.2.13",),
    "host-processes": ("5.2.11",),
    "non-root": ("5.2.7",),
    "privilege-escalation": ("5.2.6", "5.7.3"),
    "privileged": ("5.2.2",),
    "required-seccomp-profiles": ("5.7.2",),
    "root-users": ("5.2.7",),
    "seccomp-profiles": ("5.7.2",),
}


def test_controls_of_the_cis_benchmark() -> None:
    """Those of version 1.9 that speak of pods."""
    found = {
        (policy.name, one.version): one.controls for policy in POLICIES for one in policy.standards if one.framework == "cis-kubernetes"
    }
    assert found == {(name, "1.9"): controls for name, controls in CIS.items()}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_each_policy_says_what_it_looks_at_and_what_is_allowed(policy: Policy) -> None:
    """In its module's text, and where to read more."""
    assert "\nLooks at: " in policy.text
    assert "\nAllowed: " in policy.text
    assert policy.url.startswith("https://kubernetes.io/docs/concepts/security/pod-security-standards/#")
    assert policy.standards[0].framework == "pod-security/" + policy.url.partition("#")[2]


def test_how_controls_are_named() -> None:
    """By the framework's name that is the same everywhere, and its version."""
    assert cis("5.2.3", "5.2.4") == Standard("cis-kubernetes", ("5.2.3", "5.2.4"), "1.9")
