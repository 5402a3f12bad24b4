"""Pods set only such parameters of the kernel as are theirs alone.

Looks at: `securityContext.sysctls[*].name` of the pod.
Allowed: kernel.shm_rmid_forced, net.ipv4.ip_local_port_range, net.ipv4.ip_unprivileged_port_start, net.ipv4.ping_group_range,
net.ipv4.tcp_syncookies, net.ipv4.ip_local_reserved_ports; from Kubernetes 1.29 on net.ipv4.tcp_fin_timeout, net.ipv4.tcp_keepalive_intvl,
net.ipv4.tcp_keepalive_probes, net.ipv4.tcp_keepalive_time; from 1.32 on net.ipv4.tcp_rmem, net.ipv4.tcp_wmem; from 1.37 on
net.ipv4.tcp_notsent_lowat, net.ipv4.tcp_slow_start_after_idle.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL

_SINCE: Final = {
    "kernel.shm_rmid_forced": 0,
    "net.ipv4.ip_local_port_range": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
    "net.ipv4.ping_group_range": 0,
    "net.ipv4.tcp_syncookies": 0,
    "net.ipv4.ip_local_reserved_ports": 27,
    "net.ipv4.tcp_fin_timeout": 29,
    "net.ipv4.tcp_keepalive_intvl": 29,
    "net.ipv4.tcp_keepalive_probes": 29,
    "net.ipv4.tcp_keepalive_time": 29,
    "net.ipv4.tcp_rmem": 32,
    "net.ipv4.tcp_wmem": 32,
    "net.ipv4.tcp_notsent_lowat": 37,
    "net.ipv4.tcp_slow_start_after_idle": 37,
}
"""From which minor of Kubernetes on a parameter is allowed."""


@of_pods(
    "Pods set only such parameters of the kernel as are theirs alone.",
    severity="high",
    fix="Take the sysctl away; where it is needed, it is for whoever runs the nodes to set it there.",
    standards=(BASELINE,),
    tags=("pods", "sysctls", "host"),
    url=f"{URL}#baseline",
)
def sysctls(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each parameter for itself."""

    def judge(sysctl: Field) -> Iterator[Finding]:
        name = sysctl.at("name")
        since = _SINCE.get(name.text)
        if since is None or since > given.kubernetes:
            later = "" if since is None else f", which is allowed from Kubernetes 1.{since} on"
            yield Violation(sysctl, f"the pod sets the sysctl {name.shown}{later}", f"Take `{sysctl.path}` away.", To())

    yield from each(pod.at("securityContext", "sysctls").items(), judge)
