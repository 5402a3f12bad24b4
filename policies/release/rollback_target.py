"""What a release can be taken back to stays until the release is settled.

Looks at: the stack's output `ledger`; `spec.replicas` of the Deployments of the slots that were live before.
Allowed: a slot with pods, until the release is cleaned up after.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Standard, Violation, each, of_stack
from policies.release.reading import ledger_of, slots_of, whole


@of_stack(
    "What a release can be taken back to stays until it is settled.",
    severity="high",
    fix="Keep the slot as it was; `tidegate cleanup` takes its pods away when it has been kept long enough.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "rollback"),
)
def rollback_target(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each service of a release that was promoted."""
    ledger = ledger_of(stack)
    release = ledger.release if ledger is not None else None
    if ledger is None or release is None or release.kind != "release" or release.phase != "promoted":
        return
    slots, services = slots_of(stack), ledger.services

    def judge(name: str) -> Iterator[Finding]:
        record = services[name]
        kept = record.slots[record.candidate]
        called = f"{name} {kept.version} in the {record.candidate} slot"
        deployment = slots.get((name, record.candidate))
        if deployment is None:
            yield Violation(stack.output("ledger").at("services", name), f"{called} is gone: {release.id} could not be taken back")
        elif kept.running and deployment.at("spec", "replicas").given and not whole(deployment.at("spec", "replicas"), 1):
            yield Violation(deployment.at("spec", "replicas"), f"{called} would have no pods: {release.id} could not be taken back at once")

    yield from each([name for name in release.services if name in services], judge)
