"""What the release policies read of a stack: its ledger, and the objects that are a service's slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from tidegate.model.errors import ConfigurationError
from tidegate.model.ledger import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.judging import Field, Stack, Subject
    from tidegate.model.ledger import Ledger

APP: Final = "app.kubernetes.io/name"
COMPONENT: Final = "app.kubernetes.io/component"
SLOT: Final = "tidegate.dev/slot"
PROVEN: Final = "tidegate.dev/proven"
SLOTS: Final = ("blue", "green")
DEPLOYMENT: Final = "apps/Deployment"
STATEFUL_SET: Final = "apps/StatefulSet"
AUTOSCALER: Final = "autoscaling/HorizontalPodAutoscaler"
BUDGET: Final = "policy/PodDisruptionBudget"
ROUTE: Final = "gateway.networking.k8s.io/HTTPRoute"
INGRESS: Final = "networking.k8s.io/Ingress"


def ledger_of(stack: Stack) -> Ledger | None:
    """The stack's ledger as it will be; None where there is none. It may not be known yet."""
    found = stack.output("ledger")
    if not found.given:
        return None
    try:
        return migrate(found.value)
    except ConfigurationError:
        # Something else is exported by that name.
        return None


def slots_of(stack: Stack) -> dict[tuple[str, str], Subject]:
    """The Deployments that are slots, by service and slot."""
    return {key: one for one in stack.of(DEPLOYMENT) if (key := slot_of(one)) is not None}


def slot_of(deployment: Subject) -> tuple[str, str] | None:
    """The service and the slot that a Deployment is; None if it is none, or that isn't known."""
    labels = deployment.at("metadata", "labels")
    if not labels.known:
        return None
    service, slot = labels.at(APP), labels.at(SLOT)
    if not (service.known and slot.known):
        return None
    return (service.text, slot.text) if service.text and slot.text in SLOTS else None


def autoscaler_of(stack: Stack, deployment: Subject) -> Subject | None:
    """What moves the number of a Deployment's pods, if anything does."""
    for one in stack.of(AUTOSCALER):
        target = one.at("spec", "scaleTargetRef")
        same = target.at("name").text == deployment.name and target.at("kind").text == deployment.kind
        if same and one.namespace == deployment.namespace:
            return one
    return None


def labels_of(field: Field) -> dict[str, str]:
    """Labels, or what selects them, as a mapping."""
    found = field.value
    return cast("dict[str, str]", found) if isinstance(found, dict) else {}


def selects(selector: Field, labels: Mapping[str, Any]) -> bool:
    """Whether a selector of labels (`matchLabels`, `matchExpressions`) finds something with these."""
    wanted = labels_of(selector.at("matchLabels"))
    return all(labels.get(key) == text for key, text in wanted.items()) and all(
        _expressed(one, labels) for one in selector.at("matchExpressions").items()
    )


def whole(field: Field, default: int) -> int:
    """A whole number; the default where there is nothing, or something else."""
    value = field.value
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def weights(rule: Field) -> Iterator[tuple[Field, int]]:
    """The backends of a route's rule, each with its weight."""
    for ref in rule.at("backendRefs").items():
        yield ref, whole(ref.at("weight"), 1)


def _expressed(expression: Field, labels: Mapping[str, Any]) -> bool:
    found, values = labels.get(expression.at("key").text), expression.at("values").value or []
    match expression.at("operator").text:
        case "In":
            return found in values
        case "NotIn":
            return found not in values
        case "Exists":
            return found is not None
        case "DoesNotExist":
            return found is None
    return False
