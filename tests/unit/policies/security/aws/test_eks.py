"""Clusters of EKS: who reaches them, how secrets are kept, what is written down."""

from __future__ import annotations

from typing import Any

import pytest

from policies.judging import Given
from policies.judging.fields import UNKNOWN
from policies.security.aws.cluster_endpoints import Endpoints, eks_endpoints
from policies.security.aws.cluster_logs import Logs, eks_logging
from policies.security.aws.cluster_secrets import eks_secrets_encryption
from tests.unit.policies.security.aws.saying import paths, resource

CLUSTER = "aws:eks/cluster:Cluster"
PUBLIC, CIDRS = "vpcConfig.endpointPublicAccess", "vpcConfig.publicAccessCidrs"


@pytest.mark.parametrize(
    ("network", "named", "never"),
    [
        ({}, [PUBLIC], [PUBLIC]),
        ({"endpointPublicAccess": True}, [PUBLIC], [PUBLIC]),
        ({"endpointPublicAccess": False}, [], []),
        ({"publicAccessCidrs": []}, [PUBLIC], [PUBLIC]),
        ({"publicAccessCidrs": ["203.0.113.0/24"]}, [], [PUBLIC]),
        ({"publicAccessCidrs": ["203.0.113.0/24", "0.0.0.0/0"]}, [f"{CIDRS}[1]"], [PUBLIC]),
        ({"publicAccessCidrs": ["0.0.0.0/1", "128.0.0.0/1"]}, [f"{CIDRS}[0]", f"{CIDRS}[1]"], [PUBLIC]),
        ({"endpointPublicAccess": UNKNOWN}, [f"{PUBLIC}?"], [f"{PUBLIC}?"]),
    ],
)
def test_endpoints(network: dict[str, Any], named: list[str], never: list[str]) -> None:
    """Private, or for named networks if these will do."""
    cluster = resource(CLUSTER, {"vpcConfig": network})
    assert paths(eks_endpoints, cluster) == named
    assert paths(eks_endpoints, cluster, Given(Endpoints(public="never"))) == never


@pytest.mark.parametrize(
    ("configuration", "found"),
    [
        (None, ["encryptionConfig"]),
        ({"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:..."}}, []),
        ({"resources": ["secrets"], "provider": {"keyArn": UNKNOWN}}, []),
        ({"resources": ["secrets"], "provider": {}}, ["encryptionConfig"]),
        ({"resources": [], "provider": {"keyArn": "arn:aws:kms:..."}}, ["encryptionConfig"]),
        ({"resources": UNKNOWN}, ["encryptionConfig.resources?"]),
    ],
)
def test_secrets(configuration: Any, found: list[str]) -> None:
    """With a key of one's own, that may be made just now."""
    assert paths(eks_secrets_encryption, resource(CLUSTER, {"encryptionConfig": configuration})) == found


@pytest.mark.parametrize(
    ("types", "asked", "good"),
    [
        (["api", "audit", "authenticator"], None, True),
        (["api", "audit"], None, False),
        (None, None, False),
        (["audit"], ("audit",), True),
        (["api", "audit", "authenticator", "scheduler"], None, True),
    ],
)
def test_logs(types: list[str] | None, asked: Any, good: bool) -> None:
    """All that is asked for; more does no harm."""
    given = Given(Logs(types=asked) if asked else Logs())
    assert paths(eks_logging, resource(CLUSTER, {"enabledClusterLogTypes": types}), given) == ([] if good else ["enabledClusterLogTypes"])
