"""No user is root.

Looks at: `securityContext.runAsUser` of the pod and of all containers, init containers and ephemeral containers; `hostUsers`.
Allowed: any but 0, or nothing; from Kubernetes 1.35 on 0 too in a pod that has a user namespace of its own (`hostUsers: false`).
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import RESTRICTED, URL, USER_NAMESPACES, Context, cis, contexts, in_user_namespace


@of_pods(
    "No container is run as the user root.",
    severity="high",
    fix="Set `securityContext.runAsUser` to another id than 0, or leave it to the image.",
    standards=(RESTRICTED, cis("5.2.7")),
    tags=("pods", "root"),
    url=f"{URL}#restricted",
)
def root_users(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own user, then each container's."""

    def judge(context: Context) -> Iterator[Finding]:
        user = context.at("runAsUser")
        if user.value == 0 and not (given.kubernetes >= USER_NAMESPACES and in_user_namespace(pod)):
            fix = f"Set `{user.path}` to another id than 0, or leave it out: the image's user is taken then."
            yield Violation(user, f"{context.shown} runs as root", fix, To())

    yield from each(contexts(pod), judge)
