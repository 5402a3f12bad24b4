"""Who changes what is admitted."""

from __future__ import annotations

from typing import Any

import pytest

from policies.security.access.webhook_configurations import webhook_configurations
from tests.unit.policies.security.access.roles import paths, role, rule

GROUP = "admissionregistration.k8s.io"
HOOKS = "validatingwebhookconfigurations"


@pytest.mark.parametrize(
    ("one", "wrong"),
    [
        (rule("create", HOOKS, GROUP), ["resources[0]"]),
        (rule("get list watch", HOOKS, GROUP), []),
        (rule("update", f"pods {HOOKS}", GROUP), ["resources[1]"]),
        (rule("patch", "mutatingwebhookconfigurations", GROUP), ["resources[0]"]),
        (rule("delete", "validatingadmissionpolicies", GROUP), ["resources[0]"]),
        (rule("deletecollection", "validatingadmissionpolicybindings", GROUP), ["resources[0]"]),
        (rule("create", "mutatingadmissionpolicies", GROUP), ["resources[0]"]),
        (rule("patch", "mutatingadmissionpolicybindings", GROUP), ["resources[0]"]),
        (rule("update patch", HOOKS, GROUP, resourceNames=["mine"]), []),
        # A name doesn't hold for what is only to be made.
        (rule("create", HOOKS, GROUP, resourceNames=["mine"]), ["resources[0]"]),
        (rule("*", HOOKS, GROUP, resourceNames=["mine"]), ["resources[0]"]),
        (rule("*", HOOKS, GROUP), ["resources[0]"]),
        (rule("update", HOOKS, "*"), ["resources[0]"]),
        (rule("update", HOOKS, ""), []),
    ],
)
def test_what_is_admitted_stays(one: dict[str, Any], wrong: list[str]) -> None:
    """Only what has a name may be kept up to date."""
    assert paths(webhook_configurations, role(one, kind="ClusterRole")) == [f"rules[0].{path}" for path in wrong]
