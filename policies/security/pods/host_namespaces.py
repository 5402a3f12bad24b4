"""Pods share no namespace with their node.

Looks at: `hostNetwork`, `hostPID`, `hostIPC`.
Allowed: false, or nothing.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, cis

_SHARED: Final = {"hostNetwork": "network", "hostPID": "processes", "hostIPC": "shared memory"}


@of_pods(
    "Pods share no namespace with their node.",
    severity="critical",
    fix="Leave `hostNetwork`, `hostPID` and `hostIPC` out, or set them to false.",
    standards=(BASELINE, cis("5.2.3", "5.2.4", "5.2.5")),
    tags=("pods", "host"),
    url=f"{URL}#baseline",
)
def host_namespaces(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each of the three for itself."""
    yield from each((pod.at(name) for name in _SHARED), _judge)


def _judge(flag: Field) -> Iterator[Finding]:
    if flag.value is True:
        shared = _SHARED[str(flag.key)]
        yield Violation(flag, f"the pod shares its node's {shared}", f"Set `{flag.path}` to false.", To(value=False))
