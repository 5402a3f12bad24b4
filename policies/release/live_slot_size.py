"""The live slot keeps its size as long as a release is under way: all users may have to go back to it.

Looks at: the stack's output `ledger`; `spec.replicas` of the live slots' Deployments; `minReplicas` and `behavior.scaleDown` of their
autoscalers.
Allowed: as many pods as the slot was proven with, or an autoscaler that may not shrink it. A size given by hand counts instead.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.release.reading import autoscaler_of, ledger_of, slots_of, whole


@of_stack(
    "The live slot keeps its size while a release is under way.",
    severity="high",
    fix="Leave its size until the release is promoted, or take the release back first.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "availability"),
)
def live_slot_size(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each service of the release."""
    ledger = ledger_of(stack)
    if ledger is None or ledger.under_way is None:
        return
    slots = slots_of(stack)
    wanted = {name: ledger.services[name] for name in ledger.under_way.services if name in ledger.services}

    def judge(name: str) -> Iterator[Finding]:
        record = wanted[name]
        deployment = slots.get((name, record.live))
        size = record.scale if record.scale is not None else record.slots[record.live].replicas
        if deployment is not None:
            yield from _judge(stack, deployment, f"the live slot of {name}", size)

    yield from each(wanted, judge)


def _judge(stack: Stack, deployment: Subject, called: str, size: int) -> Iterator[Finding]:
    replicas = deployment.at("spec", "replicas")
    autoscaler = autoscaler_of(stack, deployment)
    if replicas.given or autoscaler is None:
        if whole(replicas, 1) < size:
            yield Violation(replicas, f"{called} would have {whole(replicas, 1)} pods instead of {size} while a release is under way")
        return
    least = autoscaler.at("spec", "minReplicas")
    held = autoscaler.at("spec", "behavior", "scaleDown", "selectPolicy").text == "Disabled"
    if not held and whole(least, 1) < size:
        yield Violation(least, f"{called} may shrink from {size} to {whole(least, 1)} pods while a release is under way")
