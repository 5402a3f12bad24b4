"""Each namespace with pods has network policies.

Looks at: the namespaces of all pods, and those of NetworkPolicies (Calico's and Cilium's too).
Allowed: namespaces with at least one; `kube-system` and what else the settings name needs none.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Pod, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.security.namespaces import namespace_of

KINDS = (
    "NetworkPolicy",
    "projectcalico.org/NetworkPolicy",
    "crd.projectcalico.org/NetworkPolicy",
    "cilium.io/CiliumNetworkPolicy",
)
# These hold wherever they select something, and aren't in a namespace.
_EVERYWHERE = (
    "projectcalico.org/GlobalNetworkPolicy",
    "crd.projectcalico.org/GlobalNetworkPolicy",
    "cilium.io/CiliumClusterwideNetworkPolicy",
    "policy.networking.k8s.io/AdminNetworkPolicy",
    "policy.networking.k8s.io/BaselineAdminNetworkPolicy",
    "policy.networking.k8s.io/ClusterNetworkPolicy",
)


class Ignored(Settings):
    """Where none are needed."""

    ignored: tuple[str, ...] = ("kube-node-lease", "kube-public", "kube-system")
    """Namespaces."""


@of_stack(
    "Each namespace with pods has network policies.",
    severity="high",
    fix="Add a NetworkPolicy that denies everything to the namespace, and one for each thing that is to be allowed.",
    standards=(Standard("cis-kubernetes", ("5.3.2",), "1.9"), Standard("nsa-kubernetes"), Standard("soc2", ("CC6.6",))),
    tags=("network",),
    url="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    settings=Ignored,
)
def network_policies(stack: Stack, given: Given[Ignored]) -> Iterator[Finding]:
    """Each namespace once, at its object if there is one, else at the first pod in it."""
    if stack.of(*_EVERYWHERE):
        return
    covered = {namespace_of(one) for one in stack.of(*KINDS)}
    told = {*covered, *given.settings.ignored}

    def judge(pod: Pod) -> Iterator[Finding]:
        name = namespace_of(pod.subject)
        if name not in told:
            told.add(name)
            yield Violation(
                _place(stack, pod.subject, name),
                f"namespace {name!r} has pods and no NetworkPolicy: whoever is in the cluster reaches them",
            )

    yield from each(stack.pods, judge)


def _place(stack: Stack, subject: Subject, name: str) -> Field:
    for one in stack.of("Namespace"):
        field = one.at("metadata", "name")
        if field.known and field.value == name:
            return field
    return subject.at("metadata", "namespace")
