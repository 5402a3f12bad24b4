"""Containers take no ports of their node.

Looks at: `ports[*].hostPort` of all containers, init containers and ephemeral containers.
Allowed: 0, or nothing.
"""

from collections.abc import Iterator

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, cis


@of_pods(
    "Containers take no ports of their node.",
    severity="high",
    fix="Leave `hostPort` out; a Service makes the port reachable.",
    standards=(BASELINE, cis("5.2.13")),
    tags=("pods", "host", "network"),
    url=f"{URL}#baseline",
)
def host_ports(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each port for itself."""
    yield from each(pod.containers, _judge_all)


def _judge_all(container: Container) -> Iterator[Finding]:
    yield from each(container.at("ports").items(), lambda port: _judge(container, port))


def _judge(container: Container, port: Field) -> Iterator[Finding]:
    taken = port.at("hostPort")
    if taken.value:
        fix = f"Leave `{taken.path}` out; a Service makes the port reachable."
        yield Violation(taken, f"{container.shown} takes port {taken.shown} of its node", fix, To())
