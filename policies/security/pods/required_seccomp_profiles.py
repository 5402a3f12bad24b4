"""Each container has a seccomp profile.

Looks at: `securityContext.seccompProfile` of the pod and of all containers, init containers and ephemeral containers; `os.name`.
Allowed: a profile of the container, or else of the pod. Pods of Windows (`os.name: windows`) aren't asked.
Which profiles, seccomp_profiles.py says.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL, cis
from policies.security.pods.seccomp_profiles import RUNTIME_DEFAULT


@of_pods(
    "Each container has a seccomp profile.",
    severity="medium",
    fix="Set the pod's `securityContext.seccompProfile.type` to RuntimeDefault.",
    standards=(RESTRICTED, cis("5.7.2")),
    tags=("pods", "seccomp"),
    url=f"{URL}#restricted",
)
def required_seccomp_profiles(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each container for itself; the pod's profile is that of all which have none of their own."""
    yield from each(pod.containers, _judge)


def _judge(container: Container) -> Iterator[Finding]:
    own, shared = container.at("securityContext", "seccompProfile"), container.pod.at("securityContext", "seccompProfile")
    if not own.given and not shared.given and not container.pod.windows:
        fix = f"Set `{shared.path}.type` to {RUNTIME_DEFAULT}, for the whole pod; or `{own.path}.type`."
        yield Violation(own, f"{container.shown} has no seccomp profile", fix, To({"type": RUNTIME_DEFAULT}))
