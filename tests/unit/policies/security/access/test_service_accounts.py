"""Who has a token for the API server, and how long it holds."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Doubt, To, Violation, judge, of_manifest, of_resource, stack_of
from policies.judging.fields import UNKNOWN
from policies.security.access.long_lived_tokens import long_lived_tokens
from policies.security.access.service_account_tokens import service_account_tokens
from tests.unit.policies.wrapping import KINDS, NAMESPACE, pod, wrapped


def account(name: str, namespace: str = NAMESPACE, **more: Any) -> dict[str, Any]:
    """A service account."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}, **more}


CLOSED: dict[str, Any] = {"automountServiceAccountToken": False}
OPEN: dict[str, Any] = {"automountServiceAccountToken": True}


@pytest.mark.parametrize(
    ("said", "accounts", "good"),
    [
        (CLOSED, [], True),
        ({}, [], False),
        ({"automountServiceAccountToken": None}, [], False),
        # Who asks for one has an account of its own.
        (OPEN, [], False),
        (OPEN | {"serviceAccountName": "default"}, [], False),
        (OPEN | {"serviceAccountName": "web"}, [], True),
        (OPEN | {"serviceAccount": "web"}, [], True),
        # What the pod doesn't say, its account says.
        ({"serviceAccountName": "web"}, [], False),
        ({"serviceAccountName": "web"}, [account("web", **CLOSED)], True),
        ({"serviceAccountName": "web"}, [account("other", **CLOSED), account("web", **CLOSED)], True),
        ({"serviceAccountName": "web"}, [account("web")], False),
        ({"serviceAccountName": "web"}, [account("web", **OPEN)], False),
        ({"serviceAccountName": "web"}, [account("web", "elsewhere", **CLOSED)], False),
        ({}, [account("default", **CLOSED)], True),
        (OPEN, [account("default", **CLOSED)], False),
    ],
)
def test_tokens_are_asked_for(said: dict[str, Any], accounts: list[dict[str, Any]], good: bool) -> None:
    """By the pod, with an account of its own; whatever makes it."""
    for kind in KINDS:
        stack = stack_of(*map(of_manifest, [*accounts, wrapped(kind, pod() | said)]))
        found = judge(service_account_tokens, stack)
        assert [one.at.path for one in found] == ([] if good else [f"{KINDS[kind][0]}spec.automountServiceAccountToken"])
        assert all(isinstance(one, Violation) and one.mended == To(False) for one in found)


def test_a_pod_that_isnt_known_yet() -> None:
    """Is in doubt, and keeps no other from being judged."""
    unknown = of_resource("kubernetes:core/v1:Pod", {"spec": {"containers": [], "automountServiceAccountToken": UNKNOWN}})
    found = judge(service_account_tokens, stack_of(unknown, of_manifest(wrapped("Pod", pod()))))
    assert [isinstance(one, Doubt) for one in found] == [True, False]


@pytest.mark.parametrize(
    ("kind", "good"), [("kubernetes.io/service-account-token", False), ("Opaque", True), ("kubernetes.io/tls", True), (None, True)]
)
def test_tokens_that_never_end(kind: str | None, good: bool) -> None:
    """Are no Secrets."""
    secret = of_manifest({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token"}, "type": kind})
    assert [one.at.path for one in judge(long_lived_tokens, secret)] == ([] if good else ["type"])
