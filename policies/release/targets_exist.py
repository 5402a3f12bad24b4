"""What is named is there: workloads that autoscalers scale, pods that budgets count, ports of Services that routes lead to.

Looks at: `scaleTargetRef` of HorizontalPodAutoscalers, `selector` of PodDisruptionBudgets, the backends of Ingresses and HTTPRoutes with
their ports.
Allowed: what the same stack has, in the same namespace. A route may lead to a Service of another stack, if that is none of a slot's.
"""

from collections.abc import Iterator

from policies.judging import Field, Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.release.reading import AUTOSCALER, BUDGET, INGRESS, ROUTE, SLOTS, labels_of, selects


@of_stack(
    "What is selected or named is there.",
    severity="high",
    fix="Name something that this stack has in the same namespace.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
)
def targets_exist(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each kind of thing that names another."""
    there = {(one.namespace, one.kind, one.name): one for one in stack.subjects if one.package == "kubernetes"}

    def of_autoscaler(one: Subject) -> Iterator[Finding]:
        target = one.at("spec", "scaleTargetRef")
        kind, name = target.at("kind").text, target.at("name").text
        if (one.namespace, kind, name) not in there:
            yield Violation(target, f"{one.shown} would scale {kind} {name!r}, which isn't there")

    def of_budget(one: Subject) -> Iterator[Finding]:
        selector = one.at("spec", "selector")
        if any(other.package == "kubernetes" and not other.built_in and other.namespace == one.namespace for other in stack.subjects):
            # Somebody else's controller may make them.
            return
        pods = (pod for pod in stack.pods if pod.subject.namespace == one.namespace)
        if not any(selects(selector, labels_of(pod.metadata.at("labels"))) for pod in pods):
            yield Violation(selector, f"{one.shown} counts pods that nothing makes")

    def of_route(one: Subject) -> Iterator[Finding]:
        for name, port, namespace in _backends(one):
            service = there.get((namespace, "Service", name.text))
            if service is not None and not _has_port(service, port):
                yield Violation(port, f"the Service {name.text!r} has no port {port.shown}")
            if service is None and _is_slot(stack, name.text, namespace):
                yield Violation(name, f"{one.shown} leads to the Service {name.text!r}, which isn't there")

    yield from each(stack.of(AUTOSCALER), of_autoscaler)
    yield from each(stack.of(BUDGET), of_budget)
    yield from each(stack.of(INGRESS, ROUTE), of_route)


def _backends(route: Subject) -> Iterator[tuple[Field, Field, str]]:
    """The names and ports of the Services that a route leads to, each with its namespace."""
    if route.kind == "HTTPRoute":
        for rule in route.at("spec", "rules").items():
            for ref in rule.at("backendRefs").items():
                if ref.at("kind").text in {"", "Service"}:
                    yield ref.at("name"), ref.at("port"), ref.at("namespace").text or route.namespace
        return
    backends = [path.at("backend") for rule in route.at("spec", "rules").items() for path in rule.at("http", "paths").items()]
    for backend in (route.at("spec", "defaultBackend"), *backends):
        service = backend.at("service")
        if service.at("name").given:
            port = service.at("port", "number") if service.at("port", "number").given else service.at("port", "name")
            yield service.at("name"), port, route.namespace


def _has_port(service: Subject, port: Field) -> bool:
    wanted = port.value
    return wanted is None or any(wanted in {one.at("port").value, one.at("name").value} for one in service.at("spec", "ports").items())


def _is_slot(stack: Stack, name: str, namespace: str) -> bool:
    """Whether a Service of that name would be one of a slot of this stack's services."""
    service, _, ending = name.rpartition("-")
    return ending in SLOTS and any(one.name == service and one.namespace == namespace for one in stack.of("Service"))
