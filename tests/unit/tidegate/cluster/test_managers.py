"""Who has set a field, by what the API server keeps of it."""

from __future__ import annotations

import json

import pytest

from tidegate.cluster.managers import managers_of

PORT = json.dumps({"port": 80, "protocol": "TCP"})
LIVE = {
    "metadata": {
        "managedFields": [
            {"manager": "tidegate", "time": "1", "fieldsV1": {"f:spec": {"f:rules": {}, "f:selector": {"f:a": {}}, "f:replicas": {}}}},
            {"manager": "kubectl", "time": "3", "fieldsV1": {"f:spec": {"f:ports": {f"k:{PORT}": {".": {}, "f:name": {}}}}}},
            {"manager": "scaler", "time": "2", "fieldsV1": {"f:spec": {"f:replicas": {}}, "f:metadata": {"f:finalizers": {'v:"x"': {}}}}},
        ],
        "finalizers": ["x"],
    },
    "spec": {
        "rules": [{"a": 1}],
        "selector": {"a": "1", "b": "2"},
        "ports": [{"port": 81, "protocol": "TCP"}, {"port": 80, "protocol": "TCP", "name": "n"}],
    },
}


@pytest.mark.parametrize(
    ("path", "managers"),
    [
        (("spec", "rules", 0, "a"), ["tidegate"]),
        (("spec", "selector", "a"), ["tidegate"]),
        (("spec", "selector", "b"), []),
        (("spec", "replicas"), ["scaler", "tidegate"]),
        (("spec", "ports", 1, "name"), ["kubectl"]),
        (("spec", "ports", 0, "name"), []),
        (("spec", "ports", 7), []),
        (("metadata", "finalizers", 0), ["scaler"]),
        (("kind",), []),
    ],
)
def test_who_has_set_it(path: tuple[str | int, ...], managers: list[str]) -> None:
    """Fields that are whole, keys of lists, members of sets; the last to write comes first."""
    assert managers_of(LIVE, path) == managers
