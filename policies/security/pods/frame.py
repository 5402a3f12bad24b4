"""What the policies of the Pod Security Standards share: how they name it, and the security contexts of a pod."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.judging import Field, Pod, Standard

URL: Final = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
BASELINE: Final = Standard("pod-security/baseline")
RESTRICTED: Final = Standard("pod-security/restricted")
USER_NAMESPACES: Final = 35
"""From this minor of Kubernetes on, pods in a user namespace of their own are allowed more."""


def cis(*controls: str) -> Standard:
    """Controls of the CIS Benchmark for Kubernetes."""
    return Standard("cis-kubernetes", controls, "1.9")


@dataclass(frozen=True, slots=True)
class Context:
    """The security context of a pod, which holds for all its containers, or of one container."""

    shown: str
    """Whose it is: `the pod`, `container 'app'`."""
    field: Field

    def at(self, *keys: str | int) -> Field:
        """A field of it."""
        return self.field.at(*keys)


def contexts(pod: Pod) -> Iterator[Context]:
    """The pod's own, then each container's, there or not."""
    yield Context("the pod", pod.at("securityContext"))
    for container in pod.containers:
        yield Context(container.shown, container.at("securityContext"))


def in_user_namespace(pod: Pod) -> bool:
    """Whether root in the pod is nobody on the node."""
    return pod.at("hostUsers").value is False
