"""Containers run under the runtime's AppArmor profile, or one of the node."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import To
from policies.security.pods.app_armor_profiles import app_armor_profiles
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod

FIELD = "securityContext.appArmorProfile.type"
PREFIX = "container.apparmor.security.beta.kubernetes.io/"
CASES: list[tuple[Any, bool]] = [
    (None, True),
    ({}, True),
    ({"appArmorProfile": None}, True),
    ({"appArmorProfile": {"type": "RuntimeDefault"}}, True),
    ({"appArmorProfile": {"type": "Localhost", "localhostProfile": "web"}}, True),
    ({"appArmorProfile": {"type": "Unconfined"}}, False),
    ({"appArmorProfile": {"type": "runtime/default"}}, False),
    ({"appArmorProfile": {"type": ""}}, False),
    ({"appArmorProfile": {"type": None}}, False),
    ({"appArmorProfile": {}}, False),
]


@pytest.mark.parametrize(("context", "good"), CASES)
def test_containers(context: Any, good: bool) -> None:
    """A profile is the runtime's or one of the node, in containers of each sort."""
    assert told(app_armor_profiles, everywhere({"securityContext": context})) == ([] if good else below(FIELD))


@pytest.mark.parametrize(("context", "good"), CASES)
def test_pods(context: Any, good: bool) -> None:
    """The same of the pod's own."""
    assert told(app_armor_profiles, pod() | {"securityContext": context}) == ([] if good else [f"spec.{FIELD}"])


@pytest.mark.parametrize(
    ("annotations", "wrong"),
    [
        (None, []),
        ({}, []),
        ({f"{PREFIX}app": "runtime/default"}, []),
        ({f"{PREFIX}app": "localhost/web"}, []),
        ({f"{PREFIX}app": "localhost/"}, []),
        ({f"{PREFIX}app": ""}, []),
        ({f"{PREFIX}app": None}, []),
        ({f"{PREFIX}app": "unconfined"}, ["app"]),
        ({f"{PREFIX}app": "localhost"}, ["app"]),
        ({f"{PREFIX}app": "runtime/default/x"}, ["app"]),
        ({f"{PREFIX}gone": "unconfined", f"{PREFIX}app": "x", f"{PREFIX}web": "localhost/web"}, ["gone", "app"]),
        ({"apparmor.example/app": "unconfined"}, []),
    ],
)
def test_annotations(annotations: Any, wrong: list[str]) -> None:
    """Those of AppArmor are looked at, also for containers that don't exist."""
    found = told(app_armor_profiles, pod(), annotations=annotations)
    assert found == [f"metadata.annotations[{PREFIX}{name}]" for name in wrong]


def test_what_is_said() -> None:
    """Who has which profile, and what to set."""
    spec = pod(securityContext={"appArmorProfile": {"type": "Unconfined"}}) | {"securityContext": {"appArmorProfile": {}}}
    default = To("RuntimeDefault")
    assert said(app_armor_profiles, spec, annotations={f"{PREFIX}app": "unconfined"}) == [
        ("the AppArmor profile of the pod has no type", f"Set `spec.{FIELD}` to RuntimeDefault, or leave the profile out.", default),
        (
            "container 'app' has an AppArmor profile of the type 'Unconfined'",
            f"Set `spec.containers[0].{FIELD}` to RuntimeDefault, or leave the profile out.",
            default,
        ),
        (
            "the annotation gives container 'app' the AppArmor profile 'unconfined'",
            f"Take the annotation `{PREFIX}app` away, or set it to runtime/default.",
            To("runtime/default"),
        ),
    ]
