"""Security groups: who is let in, where."""

from __future__ import annotations

import pytest

from policies.judging import Given
from policies.judging.fields import UNKNOWN
from policies.security.aws.default_groups import default_security_groups
from policies.security.aws.networks import is_world
from policies.security.aws.open_ports import Ports, open_security_groups
from tests.unit.policies.security.aws.saying import paths, resource

GROUP, DEFAULT = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
RULE, INGRESS = "aws:ec2/securityGroupRule:SecurityGroupRule", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


@pytest.mark.parametrize(
    ("cidr", "world"),
    [
        ("0.0.0.0/0", True), ("::/0", True), ("0.0.0.0/1", True), ("128.0.0.0/1", True), ("52.0.0.0/8", True), ("2000::/3", True),
        ("10.0.0.0/8", False), ("172.16.0.0/12", False), ("203.0.113.0/24", False), ("fc00::/7", False), ("2001:db8::/32", False),
        ("", False), ("everywhere", False),
    ],
)  # fmt: skip
def test_worlds(cidr: str, world: bool) -> None:
    """Everybody, or so many that it is the same."""
    assert is_world(cidr) == world


@pytest.mark.parametrize(
    ("protocol", "first", "last", "good"),
    [
        ("tcp", 443, 443, True),
        ("tcp", 80, 80, True),
        ("tcp", 22, 22, False),
        ("tcp", 80, 443, False),
        ("tcp", 0, 65535, False),
        ("-1", 0, 0, False),
        ("-1", 443, 443, False),
        ("tcp", None, None, False),
        ("icmp", -1, -1, True),
        ("icmpv6", 0, 0, True),
        ("udp", 53, 53, False),
    ],
)
@pytest.mark.parametrize("world", ["0.0.0.0/0", "::/0"])
def test_ports(protocol: str, first: int | None, last: int | None, good: bool, world: str) -> None:
    """The same rule inside of a group and apart, in each way to say it; the place is that of the network."""
    ports = {"fromPort": first, "toPort": last}
    block, single = ("ipv6CidrBlocks", "cidrIpv6") if ":" in world else ("cidrBlocks", "cidrIpv4")
    inside = {
        "ingress": [{"protocol": "tcp", "fromPort": 1, "toPort": 9, block: ["10.0.0.0/8"]}, {"protocol": protocol, **ports, block: [world]}]
    }
    for kind in (GROUP, DEFAULT):
        assert paths(open_security_groups, resource(kind, inside)) == ([] if good else [f"ingress[1].{block}[0]"])
    apart = {"type": "ingress", "protocol": protocol, **ports, block: ["203.0.113.0/24", world]}
    assert paths(open_security_groups, resource(RULE, apart)) == ([] if good else [f"{block}[1]"])
    assert paths(open_security_groups, resource(RULE, {**apart, "type": "egress"})) == []
    assert paths(open_security_groups, resource(INGRESS, {"ipProtocol": protocol, **ports, single: world})) == ([] if good else [single])


def test_who_is_named() -> None:
    """Other groups, named networks and lists of them are nobody's affair; ports can be set; what isn't known yet is judged later."""
    assert paths(open_security_groups, resource(RULE, {"type": "ingress", "protocol": "-1", "sourceSecurityGroupId": "sg-1"})) == []
    assert paths(open_security_groups, resource(INGRESS, {"ipProtocol": "-1", "prefixListId": "pl-1"})) == []
    ssh = resource(INGRESS, {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0"})
    assert paths(open_security_groups, ssh, Given(Ports(ports=(22,)))) == []
    unknown = resource(GROUP, {"ingress": [{"protocol": "-1", "cidrBlocks": UNKNOWN}, {"protocol": "-1", "cidrBlocks": ["::/0"]}]})
    assert paths(open_security_groups, unknown) == ["ingress[0].cidrBlocks?", "ingress[1].cidrBlocks[0]"]


def test_default_groups() -> None:
    """Nothing goes in or out."""
    rule = [{"protocol": "-1", "self": True}]
    assert paths(default_security_groups, resource(DEFAULT, {})) == []
    assert paths(default_security_groups, resource(DEFAULT, {"ingress": [], "egress": []})) == []
    assert paths(default_security_groups, resource(DEFAULT, {"ingress": rule, "egress": rule})) == ["ingress", "egress"]
