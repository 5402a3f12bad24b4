"""Users are led to proven slots only.

Looks at: weights of HTTPRoutes, selectors of Services; the annotation `tidegate.dev/proven` of the slots' Deployments, and what the ledger
says of it.
Allowed: a slot that is live or has a weight, whose Deployment has the proof that the ledger has.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.release.reading import APP, PROVEN, ROUTE, SLOT, SLOTS, labels_of, ledger_of, slots_of, weights


@of_stack(
    "Users are led to proven slots only.",
    severity="critical",
    fix="Let a release bring the slot up first: `tidegate release` proves it ready before users get there.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
)
def proven_slots(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each slot that users are led to, by a route or by the application's own name."""
    slots = slots_of(stack)
    ledger = ledger_of(stack) if stack.output("ledger").known else None

    def judge(led: tuple[Subject, str, str]) -> Iterator[Finding]:
        leading, service, slot = led
        deployment = slots.get((service, slot))
        if deployment is None:
            return
        proof = deployment.at("metadata", "annotations", PROVEN)
        if not proof.given:
            yield Violation(proof, f"{leading.shown} leads users to the {slot} slot of {service}, and nothing has proven it ready")
            return
        record = ledger.services.get(service) if ledger is not None else None
        occupant = record.slots.get("blue" if slot == "blue" else "green") if record is not None else None
        if occupant is not None and not occupant.running:
            yield Violation(proof, f"{leading.shown} leads users to the {slot} slot of {service}, which doesn't run by the ledger")
        elif occupant is not None and occupant.proven != proof.text:
            reason = f"the {slot} slot of {service}, where {leading.shown} leads, was proven for {proof.text}, not {occupant.proven}"
            yield Violation(proof, reason)

    yield from each(stack.of("Service"), lambda service: each(_by_selector(service), judge))
    yield from each(stack.of(ROUTE), lambda route: each(_by_weights(route), judge))


def _by_selector(service: Subject) -> Iterator[tuple[Subject, str, str]]:
    """The slot that the Service of an application's own name leads to."""
    selector = labels_of(service.at("spec", "selector"))
    app, slot = selector.get(APP), selector.get(SLOT)
    if app is not None and slot in SLOTS and service.name == app:
        yield service, app, slot


def _by_weights(route: Subject) -> Iterator[tuple[Subject, str, str]]:
    """The slots that users are led to by weights; a rule for testers has none."""
    for rule in route.at("spec", "rules").items():
        found = list(weights(rule))
        if len(found) == len(SLOTS):
            for ref, weight in found:
                service, _, slot = ref.at("name").text.rpartition("-")
                if weight > 0 and slot in SLOTS:
                    yield route, service, slot
