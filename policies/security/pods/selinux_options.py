"""Containers run with SELinux types of containers, and with no user or role of their own.

Looks at: `type`, `user` and `role` of `securityContext.seLinuxOptions`, of the pod and of all containers, init containers and ephemeral
containers.
Allowed: types container_t, container_init_t, container_kvm_t, from Kubernetes 1.31 on container_engine_t, or none; no user; no role.
"""

from collections.abc import Iterator
from typing import Final

from policies.judging import Field, Finding, Given, Pod, Settings, To, Violation, each, of_pods
from policies.security.pods.frame import BASELINE, URL, Context, contexts

_SINCE: Final = {"": 0, "container_t": 0, "container_init_t": 0, "container_kvm_t": 0, "container_engine_t": 31}
"""From which minor of Kubernetes on a type is allowed."""


@of_pods(
    "Containers run with SELinux types of containers, and with no user or role of their own.",
    severity="high",
    fix="Leave `user` and `role` out of `seLinuxOptions`, and `type` too, or set it to container_t.",
    standards=(BASELINE,),
    tags=("pods", "selinux"),
    url=f"{URL}#baseline",
)
def selinux_options(pod: Pod, given: Given[Settings]) -> Iterator[Finding]:
    """The pod's own options, then each container's: type, user and role each for itself."""

    def judge(context: Context) -> Iterator[Finding]:
        options = context.at("seLinuxOptions")
        yield from each((options.at("type"),), lambda kind: judge_type(context, kind))
        yield from each((options.at("user"), options.at("role")), lambda label: _judge_label(context, label))

    def judge_type(context: Context, kind: Field) -> Iterator[Finding]:
        since = _SINCE.get(kind.text)
        if since is None or since > given.kubernetes:
            later = "" if since is None else f", which is allowed from Kubernetes 1.{since} on"
            reason = f"{context.shown} has the SELinux type {kind.shown}{later}"
            yield Violation(kind, reason, f"Leave `{kind.path}` out, or set it to container_t.", To())

    yield from each(contexts(pod), judge)


def _judge_label(context: Context, label: Field) -> Iterator[Finding]:
    if label.text:
        yield Violation(label, f"{context.shown} has the SELinux {label.key} {label.shown}", f"Leave `{label.path}` out.", To())
