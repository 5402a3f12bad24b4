"""What of CIS' benchmarks the pack `security` hasn't."""

from __future__ import annotations

from typing import Any

import pytest

from policies.compliance.cis.default_namespace import default_namespace
from policies.compliance.cis.flow_logs import flow_logs
from policies.compliance.cis.instance_metadata import instance_metadata
from policies.compliance.cis.minor_upgrades import minor_upgrades
from policies.compliance.cis.passwords import password_policy
from policies.judging import of_manifest, of_resource, stack_of
from policies.judging.fields import UNKNOWN
from tests.unit.policies.security.aws.saying import paths, resource


@pytest.mark.parametrize(
    ("kind", "metadata", "good"),
    [
        ("Deployment", {"name": "web", "namespace": "shop"}, True),
        ("Deployment", {"name": "web", "namespace": "default"}, False),
        ("Deployment", {"name": "web"}, False),
        ("Service", {"name": "kubernetes", "namespace": "default"}, True),
        ("Namespace", {"name": "shop"}, True),
    ],
)
def test_default_namespace(kind: str, metadata: dict[str, str], good: bool) -> None:
    """What runs, and what it needs, is in another."""
    manifest = {"apiVersion": "apps/v1" if kind == "Deployment" else "v1", "kind": kind, "metadata": metadata}
    assert paths(default_namespace, of_manifest(manifest)) == ([] if good else ["metadata.namespace"])


def test_namespace_of_the_provider() -> None:
    """What the provider says holds; what isn't known yet is judged later."""
    web = {"metadata": {"name": "web"}}
    assert paths(default_namespace, of_resource("kubernetes:apps/v1:Deployment", web, namespace="shop")) == []
    unknown = {"metadata": {"name": "web", "namespace": UNKNOWN}}
    assert paths(default_namespace, of_resource("kubernetes:apps/v1:Deployment", unknown)) == ["metadata.namespace?"]


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ({}, False),
        ({"metadataOptions": {"httpTokens": "required"}}, True),
        ({"metadataOptions": {"httpTokens": "optional"}}, False),
        ({"metadataOptions": {"httpEndpoint": "disabled"}}, True),
        ({"launchTemplate": {"id": "lt-1"}}, True),
        ({"launchTemplate": {"id": "lt-1"}, "metadataOptions": {"httpTokens": "optional"}}, False),
    ],
)
@pytest.mark.parametrize("kind", ["aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate"])
def test_instance_metadata(kind: str, values: dict[str, Any], good: bool) -> None:
    """Only with a token that was fetched first."""
    assert paths(instance_metadata, resource(kind, values)) == ([] if good else ["metadataOptions.httpTokens"])


@pytest.mark.parametrize(
    ("log", "good"),
    [
        ({"vpcId": "vpc-1", "trafficType": "ALL"}, True),
        ({"vpcId": "vpc-1", "trafficType": "REJECT"}, True),
        ({"vpcId": "vpc-1", "trafficType": "ACCEPT"}, False),
        ({"vpcId": "vpc-2", "trafficType": "ALL"}, False),
        (None, False),
    ],
)
def test_flow_logs(log: dict[str, str] | None, good: bool) -> None:
    """Of each network."""
    network = resource("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "id": "vpc-1"}, "net")
    parts = [resource("aws:ec2/flowLog:FlowLog", log, "log")] if log else []
    assert paths(flow_logs, stack_of(network, *parts)) == ([] if good else ["cidrBlock"])


def test_flow_logs_of_a_new_network() -> None:
    """Before it has a name, Pulumi tells whose log it is."""
    network = resource("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, "net")
    log = resource("aws:ec2/flowLog:FlowLog", {"vpcId": UNKNOWN, "trafficType": "ALL"}, "log", made_of={"vpcId": (network.urn,)})
    assert paths(flow_logs, stack_of(network, log)) == []


@pytest.mark.parametrize(
    ("flag", "found"), [(None, []), (True, []), (False, ["autoMinorVersionUpgrade"]), (UNKNOWN, ["autoMinorVersionUpgrade?"])]
)
def test_minor_upgrades(flag: Any, found: list[str]) -> None:
    """Not turned off."""
    for kind in ("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"):
        assert paths(minor_upgrades, resource(kind, {"autoMinorVersionUpgrade": flag})) == found


@pytest.mark.parametrize(
    ("length", "reuse", "found"),
    [
        (14, 24, []),
        (16, 24, []),
        (8, 24, ["minimumPasswordLength"]),
        (14, 5, ["passwordReusePrevention"]),
        (None, None, ["minimumPasswordLength", "passwordReusePrevention"]),
    ],
)
def test_passwords(length: int | None, reuse: int | None, found: list[str]) -> None:
    """Long, and new."""
    values = {"minimumPasswordLength": length, "passwordReusePrevention": reuse}
    assert paths(password_policy, resource("aws:iam/accountPasswordPolicy:AccountPasswordPolicy", values)) == found
