"""Probes and lifecycle hooks ask the pod itself, not another host: the kubelet would ask that from where the pod couldn't.

Looks at: `httpGet.host` and `tcpSocket.host` of `livenessProbe`, `readinessProbe`, `startupProbe`, `lifecycle.postStart` and
`lifecycle.preStop`, of all containers, init containers and ephemeral containers.
Allowed: "", or nothing. Kubernetes asks this from 1.34 on.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL

_SINCE: Final = 34
_ASKING: Final = (("livenessProbe",), ("readinessProbe",), ("startupProbe",), ("lifecycle", "postStart"), ("lifecycle", "preStop"))
_WAYS: Final = ("httpGet", "tcpSocket")


@of_pods(
    "Probes and lifecycle hooks ask the pod itself, not another host.",
    severity="medium",
    fix="Leave `host` out of `httpGet` and `tcpSocket`: the pod itself is asked then.",
    standards=(BASELINE,),
    tags=("pods", "probes", "host"),
    url=f"{URL}#baseline",
)
def host_probes(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each probe and hook for itself."""
    if given.kubernetes >= _SINCE:
        yield from each(pod.containers, _judge_all)


def _judge_all(container: Container) -> Iterator[Finding]:
    hosts = (container.at(*asking, way, "host") for asking in _ASKING for way in _WAYS)
    yield from each(hosts, lambda host: _judge(container, host))


def _judge(container: Container, host: Field) -> Iterator[Finding]:
    if host.text:
        asking = host.steps[-3]
        yield Violation(host, f"the {asking} of {container.shown} asks the host {host.shown}", f"Leave `{host.path}` out.", To())
