"""Who has a role that is too much, and roles that are for anybody."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Violation, judge, of_manifest
from policies.security.access.anonymous_access import anonymous_access
from policies.security.access.cluster_admin import cluster_admin
from tests.unit.policies.security.access.roles import binding, paths

CI, MASTERS = ("Group", "ci"), ("Group", "system:masters")


@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (binding("view", CI), []),
        (binding("cluster-admin", CI), ["roleRef.name"]),
        # A Role of one's own may be called so.
        (binding("cluster-admin", CI, of="Role"), []),
        (binding("cluster-administrator", CI), []),
        (binding("view", CI, MASTERS), ["subjects[1].name"]),
        (binding("view", ("User", "system:masters")), []),
        (binding("cluster-admin", MASTERS), ["roleRef.name", "subjects[0].name"]),
    ],
)
def test_administrators(kind: str, made: dict[str, Any], wrong: list[str]) -> None:
    """Are made by no binding."""
    assert paths(cluster_admin, made | {"kind": kind}) == wrong


def test_of_what_is_told() -> None:
    """Of a namespace, or of all."""
    found = [
        judge(cluster_admin, of_manifest(binding("cluster-admin", CI, kind=kind)))[0] for kind in ("RoleBinding", "ClusterRoleBinding")
    ]
    assert [one.reason for one in found if isinstance(one, Violation)] == [
        "shop/RoleBinding/some makes administrators of its namespace",
        "shop/ClusterRoleBinding/some makes administrators of the whole cluster",
    ]


@pytest.mark.parametrize("kind", ["RoleBinding", "ClusterRoleBinding"])
@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (binding("view", CI), []),
        (binding("view", ("User", "system:anonymous")), ["subjects[0].name"]),
        (binding("view", CI, ("Group", "system:unauthenticated")), ["subjects[1].name"]),
        (binding("view", ("Group", "system:authenticated")), ["subjects[0].name"]),
        (binding("view", ("ServiceAccount", "system:authenticated")), []),
        (binding("view", ("Group", "system:serviceaccounts")), []),
        (binding("system:public-info-viewer", ("Group", "system:unauthenticated")), []),
        (binding("system:discovery", ("Group", "system:authenticated")), []),
    ],
)
def test_anybody(kind: str, made: dict[str, Any], wrong: list[str]) -> None:
    """Gets only what Kubernetes gives them."""
    assert paths(anonymous_access, made | {"kind": kind}) == wrong


def test_a_binding_of_nobody() -> None:
    """Is allowed, and says nothing."""
    alone = binding("view")
    assert paths(anonymous_access, alone | {"subjects": None}) == paths(cluster_admin, alone | {"subjects": None}) == []
