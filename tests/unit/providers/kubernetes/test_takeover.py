"""Whose fields become ours before the first apply."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.providers.kubernetes.applying import takeover


def entry(manager: str, operation: str = "Update", *fields: str, subresource: str = "") -> dict[str, Any]:
    """A line of managedFields."""
    found: dict[str, Any] = {"manager": manager, "operation": operation, "fieldsV1": {"f:data": {f"f:{f}": {} for f in fields}}}
    return {**found, "subresource": subresource} if subresource else found


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], None),
        ([entry("me", "Apply", "a")], None),
        ([entry("somebody", "Update", "a"), entry("kube-controller-manager", "Update", "s", subresource="status")], None),
        ([entry("pulumi-kubernetes", "Update", "a")], [entry("me", "Apply", "a")]),
        ([entry("kubectl-edit", "Update", "a"), entry("x", "Update", "b")], [entry("x", "Update", "b"), entry("me", "Apply", "a")]),
        ([entry("kubectl", "Apply", "a"), entry("me", "Apply", "b")], [entry("me", "Apply", "b", "a")]),
        ([entry("pulumi-kubernetes", "Update", "a"), entry("kubectl-patch", "Update", "b")], [entry("me", "Apply", "a", "b")]),
        ([entry("pulumi-kubernetes-old", "Apply", "a")], [entry("me", "Apply", "a")]),
        ([entry("kubectl", "Update", "s", subresource="scale")], None),
    ],
)
def test_takeover(entries: list[dict[str, Any]], expected: list[dict[str, Any]] | None) -> None:
    """A create's, kubectl's and our former self's, merged into one; never those of a sub-resource, never anybody else's."""
    assert takeover(entries, "me", "pulumi-kubernetes-old") == expected
