"""No process in a container can get more privileges than the one that started it, as by set-user-ID programs.

Looks at: `securityContext.allowPrivilegeEscalation` of all containers, init containers and ephemeral containers; `os.name`.
Allowed: false. Pods of Windows (`os.name: windows`) aren't asked.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL, cis


@of_pods(
    "No process in a container can get more privileges than it was started with.",
    severity="high",
    fix="Set each container's `securityContext.allowPrivilegeEscalation` to false.",
    standards=(RESTRICTED, cis("5.2.6", "5.7.3")),
    tags=("pods",),
    url=f"{URL}#restricted",
)
def privilege_escalation(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each container for itself; that nothing is said allows it."""
    yield from each(pod.containers, _judge)


def _judge(container: Container) -> Iterator[Finding]:
    flag = container.at("securityContext", "allowPrivilegeEscalation")
    if flag.value is not False and not container.pod.windows:
        yield Violation(flag, f"{container.shown} allows privilege escalation", f"Set `{flag.path}` to false.", To(value=False))
