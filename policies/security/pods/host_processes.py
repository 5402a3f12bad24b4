"""No container is a process of its Windows node.

Looks at: `securityContext.windowsOptions.hostProcess` of the pod and of all containers, init containers and ephemeral containers.
Allowed: false, or nothing.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, Context, cis, contexts


@of_pods(
    "No container is a process of its Windows node.",
    severity="critical",
    fix="Leave `securityContext.windowsOptions.hostProcess` out, or set it to false.",
    standards=(BASELINE, cis("5.2.11")),
    tags=("pods", "windows"),
    url=f"{URL}#baseline",
)
def host_processes(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own setting, then each container's."""
    yield from each(contexts(pod), _judge)


def _judge(context: Context) -> Iterator[Finding]:
    flag = context.at("windowsOptions", "hostProcess")
    if flag.value is True:
        yield Violation(flag, f"{context.shown} runs as a process of the node", f"Set `{flag.path}` to false.", To(value=False))
