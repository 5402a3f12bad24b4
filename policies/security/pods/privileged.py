"""Containers aren't privileged.

Looks at: `securityContext.privileged` of all containers, init containers and ephemeral containers.
Allowed: false, or nothing.
"""

from collections.abc import Iterator

from policies.judging import Container, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, cis


@of_pods(
    "Containers aren't privileged.",
    severity="critical",
    fix="Leave `securityContext.privileged` out, or set it to false; add the capabilities that are needed by their names.",
    standards=(BASELINE, cis("5.2.2")),
    tags=("pods",),
    url=f"{URL}#baseline",
)
def privileged(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """Each container for itself."""
    yield from each(pod.containers, _judge)


def _judge(container: Container) -> Iterator[Finding]:
    flag = container.at("securityContext", "privileged")
    if flag.value is True:
        fix = f"Set `{flag.path}` to false, and add the capabilities that are needed by their names."
        yield Violation(flag, f"{container.shown} is privileged", fix, To(value=False))
