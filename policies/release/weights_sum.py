"""A route's weights for slots are percents: they make a hundred.

Looks at: `spec.rules[].backendRefs[].weight` of HTTPRoutes, of rules that lead to slots (`web-blue`, `web-green`).
Allowed: weights from 0 to 100 that make 100 together. Rules that lead elsewhere have weights of their own.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Standard, Subject, Violation, each, of_objects
from policies.release.reading import ROUTE, SLOTS, weights

_ALL = 100


@of_objects(
    ROUTE,
    title="A route's weights for slots make a hundred.",
    severity="critical",
    fix="Give the slots weights that make 100 together: what one gets more, the other gets less.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
    url="https://gateway-api.sigs.k8s.io/guides/traffic-splitting/",
)
def weights_sum(route: Subject, given: Given[Settings]) -> Iterator[Finding]:
    """Each rule for itself."""
    yield from each(route.at("spec", "rules").items(), _judge)


def _judge(rule: Field) -> Iterator[Finding]:
    found = list(weights(rule))
    if len(found) < len(SLOTS) or not all(_is_slot(ref) for ref, _ in found):
        return
    for ref, weight in found:
        if not 0 <= weight <= _ALL:
            yield Violation(ref.at("weight"), f"the weight of {ref.at('name').text!r} is {weight}, which is no percent")
    total = sum(weight for _, weight in found)
    if total != _ALL:
        named = ", ".join(f"{ref.at('name').text} {weight}" for ref, weight in found)
        yield Violation(rule.at("backendRefs"), f"the weights make {total}, not 100: {named}")


def _is_slot(ref: Field) -> bool:
    return ref.at("name").text.rpartition("-")[2] in SLOTS
