"""Containers may not be started as root.

Looks at: `securityContext.runAsNonRoot` of the pod and of all containers, init containers and ephemeral containers; `hostUsers`.
Allowed: true, of the pod or else of each container, and nowhere false; from Kubernetes 1.35 on anything in a pod that has a user namespace
of its own (`hostUsers: false`).
"""

from collections.abc import Iterator

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL, USER_NAMESPACES, cis, in_user_namespace


@of_pods(
    "Containers may not be started as root.",
    severity="high",
    fix="Set the pod's `securityContext.runAsNonRoot` to true, and false nowhere.",
    standards=(RESTRICTED, cis("5.2.7")),
    tags=("pods", "root"),
    url=f"{URL}#restricted",
)
def non_root(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own flag, then each container's; the pod's is that of all which have none of their own."""
    shared = pod.at("securityContext", "runAsNonRoot")

    def may_be_root() -> bool:
        return given.kubernetes >= USER_NAMESPACES and in_user_namespace(pod)

    def judge_shared(flag: Field) -> Iterator[Finding]:
        if flag.value is False and not may_be_root():
            yield Violation(flag, "the pod lets its containers run as root", f"Set `{flag.path}` to true.", To(value=True))

    def judge(container: Container) -> Iterator[Finding]:
        own = container.at("securityContext", "runAsNonRoot")
        if own.value is False and not may_be_root():
            yield Violation(
                own, f"{container.shown} may run as root", f"Set `{own.path}` to true, or leave it to the pod's.", To(value=True)
            )
        elif not own.given and not shared.given and not may_be_root():
            fix = f"Set `{shared.path}` to true, for the whole pod; or `{own.path}`."
            yield Violation(own, f"{container.shown} may run as root: neither it nor the pod says runAsNonRoot", fix, To(value=True))

    yield from each((shared,), judge_shared)
    yield from each(pod.containers, judge)
