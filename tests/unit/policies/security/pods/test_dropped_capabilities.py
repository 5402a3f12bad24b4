"""Containers give up all capabilities."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Doubt, To, judge, of_resource
from policies.judging.fields import UNKNOWN
from policies.security.pods.dropped_capabilities import dropped_capabilities
from tests.unit.policies.security.pods.telling import below, everywhere, said, told
from tests.unit.policies.wrapping import pod, wrapped

FIELD = "securityContext.capabilities"


@pytest.mark.parametrize(
    ("context", "wrong"),
    [
        (None, ["drop"]),
        ({}, ["drop"]),
        ({"capabilities": None}, ["drop"]),
        ({"capabilities": {}}, ["drop"]),
        ({"capabilities": {"drop": None}}, ["drop"]),
        ({"capabilities": {"drop": []}}, ["drop"]),
        ({"capabilities": {"drop": ["all"]}}, ["drop"]),
        ({"capabilities": {"drop": ["NET_RAW", "CHOWN"]}}, ["drop"]),
        ({"capabilities": {"drop": ["ALL"]}}, []),
        ({"capabilities": {"drop": ["NET_RAW", "ALL"]}}, []),
        ({"capabilities": {"drop": ["ALL", "NET_RAW"]}}, []),
        ({"capabilities": {"drop": ["ALL"], "add": []}}, []),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}, []),
        ({"capabilities": {"drop": ["ALL"], "add": ["CHOWN", "NET_BIND_SERVICE", "KILL"]}}, ["add[0]", "add[2]"]),
        ({"capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}, []),
    ],
)
def test_dropped_capabilities(context: Any, wrong: list[str]) -> None:
    """ALL are to be dropped, in containers of each sort, and one may be added; what baseline refuses is its policy's."""
    found = told(dropped_capabilities, everywhere({"securityContext": context}))
    assert sorted(found) == sorted(below(*(f"{FIELD}.{path}" for path in wrong)))


@pytest.mark.parametrize(("system", "good"), [("windows", True), ("linux", False), ("", False)])
@pytest.mark.parametrize(("capabilities", "wrong"), [({}, "drop"), ({"drop": ["ALL"], "add": ["KILL"]}, "add[0]")])
def test_windows(system: str, capabilities: Any, wrong: str, good: bool) -> None:
    """Pods of Windows aren't asked."""
    spec = pod(securityContext={"capabilities": capabilities}) | {"os": {"name": system}}
    assert told(dropped_capabilities, spec) == ([] if good else [f"spec.containers[0].{FIELD}.{wrong}"])


def test_what_is_said() -> None:
    """Who keeps or adds what, and what to set."""
    assert said(dropped_capabilities, pod(securityContext={"capabilities": {"add": ["KILL"]}})) == [
        ("container 'app' doesn't give up all capabilities", f'Set `spec.containers[0].{FIELD}.drop` to ["ALL"].', To(["ALL"])),
        ("container 'app' adds the capability 'KILL'", f"Take 'KILL' out of `spec.containers[0].{FIELD}.add`.", To()),
    ]


@pytest.mark.parametrize(
    ("drop", "kinds"),
    [
        (UNKNOWN, [Doubt]),
        ([UNKNOWN], [Doubt]),
        (["KILL", UNKNOWN], [Doubt]),
        (["ALL", UNKNOWN], []),
        ([UNKNOWN, "ALL"], []),
        ([UNKNOWN, "KILL", "ALL"], []),
    ],
)
def test_what_is_not_known_yet(drop: Any, kinds: list[type]) -> None:
    """Where ALL is known to be among them, the others don't matter."""
    manifest = wrapped("Deployment", pod(securityContext={"capabilities": {"drop": drop}}))
    found = judge(dropped_capabilities, of_resource("kubernetes:apps/v1:Deployment", manifest))
    assert [type(one) for one in found] == kinds
