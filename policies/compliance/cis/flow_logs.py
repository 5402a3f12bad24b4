"""Who speaks with whom in a network is written down.

Looks at: `vpcId` of `aws:ec2/flowLog:FlowLog`, for each `aws:ec2/vpc:Vpc`.
Allowed: one of all traffic, or of what is rejected.
"""

from collections.abc import Iterator

from policies.compliance.frameworks import cis_aws, gdpr, soc2
from policies.judging import Finding, Given, Settings, Stack, Subject, Violation, each, of_stack


@of_stack(
    "Who speaks with whom in a network is written down.",
    severity="medium",
    fix="Declare a FlowLog of the network, of the traffic that is rejected at least.",
    standards=(cis_aws("3.7"), soc2("CC7.2"), gdpr("33")),
    tags=("aws", "network", "logging"),
    url="https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
)
def flow_logs(stack: Stack, _given: Given[Settings]) -> Iterator[Finding]:
    """Each network for itself."""
    yield from each(stack.of("aws:ec2/vpc:Vpc"), lambda network: _judge(stack, network))


def _judge(stack: Stack, network: Subject) -> Iterator[Finding]:
    if not any(_is_of(log, network) and log.at("trafficType").text in {"ALL", "REJECT"} for log in stack.of("aws:ec2/flowLog:FlowLog")):
        yield Violation(network.at("cidrBlock"), f"nothing is written down of who speaks with whom in {network.shown}")


def _is_of(log: Subject, network: Subject) -> bool:
    made_of = log.comes_from("vpcId")
    if made_of:
        return network.urn in made_of
    name = log.at("vpcId").text
    return bool(name) and network.at("id").known and name == network.at("id").text
