"""Budgets for disruptions keep users served, and let nodes be emptied.

Looks at: `spec.minAvailable` and `spec.maxUnavailable` of PodDisruptionBudgets, and the size of what they select.
Allowed: a budget that lets at least one pod go. A StatefulSet of one pod may keep it: whoever empties its node is to think of the data.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.judging.pods import pods_of
from policies.release.reading import BUDGET, DEPLOYMENT, STATEFUL_SET, autoscaler_of, labels_of, selects, whole

_ALL = 100


@of_stack(
    "Budgets for disruptions keep users served, and let nodes be emptied.",
    severity="medium",
    fix="Let all pods but one be kept: `minAvailable` one less than there are, or `maxUnavailable: 1`.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "availability"),
    url="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
)
def disruption_budgets(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each budget, with what it is for."""
    workloads = stack.of(DEPLOYMENT, STATEFUL_SET)

    def judge(budget: Subject) -> Iterator[Finding]:
        least, most = budget.at("spec", "minAvailable"), budget.at("spec", "maxUnavailable")
        if least.given and most.given:
            yield Violation(most, "a budget has either minAvailable or maxUnavailable, not both")
            return
        if most.given and _is_none(most):
            yield Violation(most, "no pod may ever go: no node with one of them can be emptied")
        if least.given and _percent(least) == _ALL:
            yield Violation(least, "all pods are to be kept: no node with one of them can be emptied")
        for workload in workloads:
            if least.given and _selected(budget, workload):
                yield from _sized(least, workload, _size(stack, workload))

    yield from each(stack.of(BUDGET), judge)


def _sized(least: Field, workload: Subject, size: int) -> Iterator[Finding]:
    kept = whole(least, 0)
    if size and kept >= size and not (size == 1 and workload.kind == "StatefulSet"):
        yield Violation(least, f"{kept} pods are to be kept of {workload.shown}, which has {size}: no node with one of them can be emptied")


def _size(stack: Stack, workload: Subject) -> int:
    """How many pods a workload has at least."""
    replicas, autoscaler = workload.at("spec", "replicas"), autoscaler_of(stack, workload)
    if autoscaler is not None and not replicas.given:
        return whole(autoscaler.at("spec", "minReplicas"), 1)
    return whole(replicas, 1)


def _selected(budget: Subject, workload: Subject) -> bool:
    return budget.namespace == workload.namespace and any(
        selects(budget.at("spec", "selector"), labels_of(pod.metadata.at("labels"))) for pod in pods_of(workload)
    )


def _percent(field: Field) -> int | None:
    text = field.text
    return int(text[:-1]) if text.endswith("%") and text[:-1].isdigit() else None


def _is_none(field: Field) -> bool:
    return _percent(field) == 0 or (isinstance(field.value, int) and field.value == 0)
