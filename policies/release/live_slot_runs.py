"""Whoever takes users has pods.

Looks at: backends of HTTPRoutes and Ingresses; `spec.selector` of Services; `spec.replicas` and the template's labels of whatever keeps
pods running in the same namespace.
Allowed: a Service without a selector; one that matches a workload with at least one replica; and, as long as no route gives it users, the
Service of a slot (`web-green`, `web-preview`): the slot may be empty.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from policies.judging import Field, Finding, Given, Settings, Stack, Standard, Subject, Violation, each, of_stack
from policies.judging.fields import UnknownError
from policies.judging.pods import pods_of

INGRESS, ROUTE = "networking.k8s.io/Ingress", "gateway.networking.k8s.io/HTTPRoute"
# These have pods for a while, or none of their own.
PASSING = frozenset({"Job", "CronJob", "PodTemplate"})
APP, SLOT = "app.kubernetes.io/name", "tidegate.dev/slot"

_One = TypeVar("_One")


@of_stack(
    "The users are sent to a slot that runs.",
    severity="critical",
    fix="Send them to a slot with replicas, or bring its pods up first.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
    url="https://kubernetes.io/docs/concepts/services-networking/service/",
)
def live_slot_runs(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each Service that takes users finds pods."""
    workloads = [one for one in stack.subjects if one.kind not in PASSING and pods_there(one)]
    routes = stack.of(INGRESS, ROUTE)

    def judge(service: Subject) -> Iterator[Finding]:
        at = service.at("spec", "selector")
        selector: dict[str, str] = at.value or {}
        here = (service.namespace, service.name)
        if not selector or not (by_itself(service.name, selector) or (by_route(service.name, selector) and reached(routes, here))):
            return
        if not any_known(workloads, lambda one: serves(one, service.namespace, selector)):
            named = ", ".join(f"{key}={value}" for key, value in selector.items())
            yield Violation(at, f"the users would be sent where nothing runs: nothing with replicas has pods with {named}")

    yield from each(stack.of("Service"), judge)


def by_itself(name: str, selector: dict[str, str]) -> bool:
    """Whether it takes users without a route: by having no slots, or from inside by the application's own name."""
    return SLOT not in selector or name == selector.get(APP)


def by_route(name: str, selector: dict[str, str]) -> bool:
    """Whether a route would give it users, and not only testers."""
    return name != f"{selector.get(APP)}-preview"


def reached(routes: Iterable[Subject], service: tuple[str, str]) -> bool:
    """Whether a route sends requests to a Service."""
    return any_known(routes, lambda route: service in backends(route))


def backends(route: Subject) -> set[tuple[str, str]]:
    """The Services that a route sends requests to, each with its namespace."""
    found: set[tuple[str, str]] = set()
    if route.kind == "Ingress":
        default = route.at("spec", "defaultBackend", "service", "name")
        paths = [path for rule in route.at("spec", "rules").items() for path in rule.at("http", "paths").items()]
        for name in (default, *(path.at("backend", "service", "name") for path in paths)):
            if name.given:
                found.add((route.namespace, name.text))
        return found
    for rule in route.at("spec", "rules").items():
        for ref in rule.at("backendRefs").items():
            if _number(ref.at("weight"), 1) > 0:
                found.add((ref.at("namespace").text or route.namespace, ref.at("name").text))
    return found


def serves(workload: Subject, namespace: str, selector: dict[str, str]) -> bool:
    """Whether a workload has pods that the selector finds."""
    if workload.namespace != namespace or not any(selector.items() <= labels_of(pod.metadata).items() for pod in pods_of(workload)):
        return False
    return _number(workload.at("spec", "replicas"), 1) > 0


def labels_of(metadata: Field) -> dict[str, str]:
    """An object's labels."""
    found: dict[str, str] = metadata.at("labels").value or {}
    return found


def pods_there(subject: Subject) -> bool:
    """Whether an object makes pods, as far as is known."""
    try:
        return bool(pods_of(subject))
    except UnknownError:
        return False


def any_known(items: Iterable[_One], holds: Callable[[_One], bool]) -> bool:
    """Whether it holds of any; in doubt only if it holds of none that is known."""
    doubt: UnknownError | None = None
    for one in items:
        try:
            if holds(one):
                return True
        except UnknownError as unknown:
            doubt = doubt or unknown
    if doubt is not None:
        raise doubt
    return False


def _number(field: Field, default: int) -> float:
    value = field.value
    return value if isinstance(value, (int, float)) else default
