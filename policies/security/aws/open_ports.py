"""Security groups let the world in only where it is meant to.

Looks at: `ingress` of `aws:ec2/securityGroup:SecurityGroup` and DefaultSecurityGroup; `aws:ec2/securityGroupRule:SecurityGroupRule` of the
type `ingress`; `aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule`.
Allowed: any port for private networks, named ones, and other security groups; for 0.0.0.0/0, ::/0 and what is as good as these, those of
the setting `ports` (80 and 443 unless it says otherwise), and ICMP.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounded

from policies.judging import Field, Finding, Given, Settings, Subject, Violation, each, of_objects
from policies.security.aws.frameworks import cis, gdpr, soc2
from policies.security.aws.networks import is_world

_GROUPS = ("aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_ICMP = frozenset({"icmp", "icmpv6", "1", "58"})
_ALL = "all ports"

Port = Annotated[int, Bounded(ge=0, le=65535)]


class Ports(Settings):
    """What the world may reach."""

    ports: tuple[Port, ...] = (80, 443)
    """Ports that may be open to everybody."""


@of_objects(
    *_GROUPS,
    _RULE,
    _INGRESS,
    title="Security groups let the world in only where it is meant to.",
    severity="critical",
    fix="Name the networks or the security groups that may, or put a load balancer before it.",
    standards=(cis("5.2", "5.3"), soc2("CC6.1", "CC6.6"), gdpr("32")),
    tags=("aws", "network", "public"),
    url="https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    settings=Ports,
)
def open_security_groups(subject: Subject, given: Given[Ports]) -> Iterator[Finding]:
    """Rules inside of a group, and rules apart, each for itself."""
    allowed = frozenset(given.settings.ports)
    if subject.type in _GROUPS:
        yield from each(subject.at("ingress").items(), lambda rule: _judge(rule, rule.at("protocol"), allowed))
    elif subject.type == _INGRESS:
        yield from _judge(subject.root, subject.at("ipProtocol"), allowed)
    elif subject.at("type").text == "ingress":
        yield from _judge(subject.root, subject.at("protocol"), allowed)


def _judge(rule: Field, protocol: Field, allowed: frozenset[int]) -> Iterator[Finding]:
    worlds = [source for source in _sources(rule) if is_world(source.text)]
    if not worlds or protocol.text.lower() in _ICMP:
        return
    ports = _ports(rule, protocol, allowed)
    if ports:
        yield from (Violation(source, f"{rule.subject.shown} lets {source.text} in on {ports}") for source in worlds)


def _sources(rule: Field) -> Iterator[Field]:
    for name in ("cidrIpv4", "cidrIpv6"):
        if rule.at(name).given:
            yield rule.at(name)
    for name in ("cidrBlocks", "ipv6CidrBlocks"):
        yield from rule.at(name).items()


def _ports(rule: Field, protocol: Field, allowed: frozenset[int]) -> str:
    """The ports that shouldn't be open, for people."""
    first, last = rule.at("fromPort").value, rule.at("toPort").value
    every = protocol.text.lower() in {"-1", "all"} or not isinstance(first, int) or first < 0
    if every:
        return _ALL
    last = last if isinstance(last, int) else first
    if (first, last) == (0, 0) and protocol.text.lower() not in {"tcp", "udp", "6", "17"}:
        return _ALL
    if last - first < len(allowed) and allowed.issuperset(range(first, last + 1)):
        return ""
    return f"port {first}" if first == last else f"ports {first} to {last}"
