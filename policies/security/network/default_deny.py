"""What no network policy allows is denied.

Looks at: `podSelector`, `policyTypes`, `ingress` and `egress` of the NetworkPolicies of each namespace that has some.
Allowed: a namespace where one NetworkPolicy selects all pods for incoming traffic, and one for outgoing (it may be the same), and none of
them lets everything through. A namespace without any is for another policy to tell.
"""

from collections import defaultdict
from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.security.namespaces import namespace_of

_PEERS = {"ingress": "from", "egress": "to"}
_CALLED = {"ingress": "incoming", "egress": "outgoing"}


class Denied(Settings):
    """What has to be denied."""

    egress: bool = True
    """Outgoing traffic too."""
    ignored: tuple[str, ...] = ("kube-node-lease", "kube-public", "kube-system")
    """Namespaces that needn't."""


@of_stack(
    "What no network policy allows is denied.",
    severity="high",
    fix="Add a NetworkPolicy with `podSelector: {}` and `policyTypes: [Ingress, Egress]`, and without rules.",
    standards=(Standard("cis-kubernetes", ("5.3.2",), "1.9"), Standard("nsa-kubernetes"), Standard("soc2", ("CC6.6",))),
    tags=("network",),
    url="https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies",
    settings=Denied,
)
def default_deny(stack: Stack, given: Given[Denied]) -> Iterator[Finding]:
    """Each namespace, in each direction."""
    found: dict[str, list[Subject]] = defaultdict(list)
    for policy in stack.of("NetworkPolicy"):
        found[namespace_of(policy)].append(policy)
    directions = ("ingress", "egress") if given.settings.egress else ("ingress",)

    def judge(name: str) -> Iterator[Finding]:
        for direction in directions:
            if not any(_denies(policy, direction) for policy in found[name]):
                first = found[name][0]
                yield Violation(
                    first.at("spec", "podSelector"),
                    f"{_CALLED[direction]} traffic of the other pods in {name!r} isn't denied by any NetworkPolicy",
                )

    yield from each([name for name in found if name not in given.settings.ignored], judge)


def _denies(policy: Subject, direction: str) -> bool:
    spec = policy.at("spec")
    selector = spec.at("podSelector")
    if any(True for name in ("matchLabels", "matchExpressions") for _ in (*selector.at(name).items(), *selector.at(name).entries())):
        return False
    return _isolates(spec, direction) and not any(_lets_all(rule, direction) for rule in spec.at(direction).items())


def _isolates(spec: Field, direction: str) -> bool:
    types = [one.text.lower() for one in spec.at("policyTypes").items()]
    # Without a word, a policy is for what comes in, and for what goes out if it has rules for that.
    return direction in types if types else direction == "ingress" or spec.at("egress").given


def _lets_all(rule: Field, direction: str) -> bool:
    if any(True for _ in rule.at("ports").items()):
        return False
    peers = tuple(rule.at(_PEERS[direction]).items())
    return not peers or any(peer.value == {"namespaceSelector": {}} for peer in peers)
