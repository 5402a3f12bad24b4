"""Containers see /proc as runtimes mask it.

Looks at: `securityContext.procMount` of all containers, init containers and ephemeral containers; `hostUsers`.
Allowed: Default, or nothing; from Kubernetes 1.35 on anything in a pod that has a user namespace of its own (`hostUsers: false`), which
restricted doesn't allow there either: see user_namespace_proc_mounts.py.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Container, Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, USER_NAMESPACES, in_user_namespace

DEFAULT: Final = "Default"


def is_unmasked(mount: Field) -> bool:
    """Whether a container asks for another /proc."""
    return mount.given and mount.text != DEFAULT


def refused(container: Container, mount: Field) -> Violation:
    """That a container asks for another /proc; runtimes' own is right."""
    return Violation(
        mount, f"{container.shown} mounts /proc as {mount.shown}", f"Leave `{mount.path}` out, or set it to Default.", To(DEFAULT)
    )


@of_pods(
    "Containers see /proc as runtimes mask it.",
    severity="high",
    fix="Leave `securityContext.procMount` out, or set it to Default.",
    standards=(BASELINE,),
    tags=("pods", "proc"),
    url=f"{URL}#baseline",
)
def proc_mounts(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each container for itself."""

    def judge(container: Container) -> Iterator[Finding]:
        mount = container.at("securityContext", "procMount")
        if is_unmasked(mount) and not (given.kubernetes >= USER_NAMESPACES and in_user_namespace(pod)):
            yield refused(container, mount)

    yield from each(pod.containers, judge)
