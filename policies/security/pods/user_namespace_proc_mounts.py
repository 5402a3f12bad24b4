"""Containers see /proc as runtimes mask it, also in a user namespace of their own.

Looks at: `securityContext.procMount` of all containers, init containers and ephemeral containers; `hostUsers`.
Allowed: Default, or nothing. Where a pod has no user namespace of its own, and before Kubernetes 1.35, proc_mounts.py says it.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL, USER_NAMESPACES, in_user_namespace
from policies.security.pods.proc_mounts import is_unmasked, refused


@of_pods(
    "Containers see /proc as runtimes mask it, also in a user namespace of their own.",
    severity="medium",
    fix="Leave `securityContext.procMount` out, or set it to Default.",
    standards=(RESTRICTED,),
    tags=("pods", "proc"),
    url=f"{URL}#restricted",
)
def user_namespace_proc_mounts(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each container for itself."""

    def judge(container: Container) -> Iterator[Finding]:
        mount = container.at("securityContext", "procMount")
        if is_unmasked(mount) and in_user_namespace(pod):
            yield refused(container, mount)

    if given.kubernetes >= USER_NAMESPACES:
        yield from each(pod.containers, judge)
