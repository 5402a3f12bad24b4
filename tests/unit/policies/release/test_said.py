"""What people are told: where, and in which words, as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Change, Given, Violation, judge, of_resource, stack_of
from policies.release.autoscalers import autoscalers
from policies.release.contract_migrations import contract_migrations
from policies.release.disruption_budgets import disruption_budgets
from policies.release.kept_data import kept_data
from policies.release.live_slot_runs import live_slot_runs
from policies.release.live_slot_size import live_slot_size
from policies.release.one_slot import one_slot
from policies.release.protected_resources import protected_resources
from policies.release.proven_slots import proven_slots
from policies.release.reading import selects
from policies.release.rollback_target import rollback_target
from policies.release.targets_exist import targets_exist
from policies.release.update_size import Size, update_size
from policies.release.weight_steps import weight_steps
from policies.release.weights_sum import weights_sum
from tests.unit.policies.release.stacks import APP, autoscaler, ingress, ledger, made, occupant, pods, route, service

if TYPE_CHECKING:
    from policies.judging import Policy, Stack, Subject

WEB = service("web", app="web", slot="blue")
BLUE = "metadata.annotations[tidegate.dev/proven]"
NEW: dict[str, Any] = {"template": {"spec": {"containers": []}}}
BACKEND = "spec.rules[0].http.paths[0].backend.service"


def told(phase: str = "shifting", **more: Any) -> dict[str, Any]:
    """A stack's outputs."""
    return {"ledger": ledger(phase, **more)}


def budget(**spec: Any) -> Subject:
    """A budget of web's pods."""
    return made("PodDisruptionBudget", "web", {"selector": {"matchLabels": {APP: "web"}}, **spec})


def updates(*changes: tuple[Any, Subject | None, Subject | None]) -> Stack:
    """What is done to some resources."""
    return stack_of(changes=tuple(Change(operation, "urn", before, after) for operation, before, after in changes))


@pytest.mark.parametrize(
    ("policy", "what", "said"),
    [
        (
            live_slot_runs,
            stack_of(service("web", app="web", slot="green")),
            [
                (
                    "spec.selector",
                    (
                        "the users would be sent where nothing runs: nothing with replicas has pods with "
                        "app.kubernetes.io/name=web, tidegate.dev/slot=green"
                    ),
                )
            ],
        ),
        (
            proven_slots,
            stack_of(WEB, pods("blue", 3, proof=None)),
            [(BLUE, "shop/Service/web leads users to the blue slot of web, and nothing has proven it ready")],
        ),
        (
            proven_slots,
            stack_of(route(blue=75, green=25), pods("blue", 3), pods("green", 1), outputs=told(green=occupant("v2", 0))),
            [(BLUE, "shop/HTTPRoute/web leads users to the green slot of web, which doesn't run by the ledger")],
        ),
        (
            proven_slots,
            stack_of(WEB, pods("blue", 3, proof="r0.1"), outputs=told()),
            [(BLUE, "the blue slot of web, where shop/Service/web leads, was proven for r0.1, not r1.0")],
        ),
        (
            weights_sum,
            route(blue=95, green=10),
            [("spec.rules[0].backendRefs", "the weights make 105, not 100: web-blue 95, web-green 10")],
        ),
        (
            weights_sum,
            route(blue=101, green=-1),
            [
                ("spec.rules[0].backendRefs[0].weight", "the weight of 'web-blue' is 101, which is no percent"),
                ("spec.rules[0].backendRefs[1].weight", "the weight of 'web-green' is -1, which is no percent"),
            ],
        ),
        (
            weight_steps,
            stack_of(outputs=told(steps=(("stage", 0), ("shift", 90)))),
            [("ledger.release.taken[1].weight", "release r2 goes from 0% to 90% in one step, more than 50 at once")],
        ),
        (
            live_slot_size,
            stack_of(pods("blue", 2), outputs=told()),
            [("spec.replicas", "the live slot of web would have 2 pods instead of 3 while a release is under way")],
        ),
        (
            live_slot_size,
            stack_of(pods("blue", None), autoscaler(2, 9), outputs=told()),
            [("spec.minReplicas", "the live slot of web may shrink from 3 to 2 pods while a release is under way")],
        ),
        (
            rollback_target,
            stack_of(pods("blue", 3), outputs=told("promoted")),
            [("ledger.services.web", "web v2 in the green slot is gone: r2 could not be taken back")],
        ),
        (
            rollback_target,
            stack_of(pods("green", 0), outputs=told("promoted")),
            [("spec.replicas", "web v2 in the green slot would have no pods: r2 could not be taken back at once")],
        ),
        (
            contract_migrations,
            stack_of(outputs=told(green=occupant("v2", contract=True, migration="2"))),
            [
                (
                    "ledger.services.web.slots.green.contract",
                    "web v2 takes away what v1 needs of the schema, and that still has users",
                )
            ],
        ),
        (
            disruption_budgets,
            stack_of(budget(minAvailable=3), pods("blue", 3)),
            [
                (
                    "spec.minAvailable",
                    "3 pods are to be kept of shop/Deployment/web-blue, which has 3: no node with one of them can be emptied",
                )
            ],
        ),
        (
            disruption_budgets,
            stack_of(budget(minAvailable="100%")),
            [("spec.minAvailable", "all pods are to be kept: no node with one of them can be emptied")],
        ),
        (
            disruption_budgets,
            stack_of(budget(maxUnavailable=0)),
            [("spec.maxUnavailable", "no pod may ever go: no node with one of them can be emptied")],
        ),
        (
            disruption_budgets,
            stack_of(budget(maxUnavailable=1, minAvailable=1), pods("blue", 1)),
            [("spec.maxUnavailable", "a budget has either minAvailable or maxUnavailable, not both")],
        ),
        (
            autoscalers,
            autoscaler(0, 9),
            [("spec.minReplicas", "an autoscaler that may take all pods away leaves nobody to serve the first request")],
        ),
        (autoscalers, autoscaler(5, 4), [("spec.maxReplicas", "at most 4 pods are fewer than the least, 5")]),
        (autoscalers, autoscaler(200, 201), [("spec.maxReplicas", "201 pods are more than the 200 that are allowed")]),
        (autoscalers, autoscaler(1, 2, metrics=[]), [("spec.metrics", "nothing says what is measured")]),
        (autoscalers, autoscaler(1, 200), []),
        (
            targets_exist,
            stack_of(autoscaler(2, 9)),
            [("spec.scaleTargetRef", "shop/HorizontalPodAutoscaler/web-blue would scale Deployment 'web-blue', which isn't there")],
        ),
        (targets_exist, stack_of(budget()), [("spec.selector", "shop/PodDisruptionBudget/web counts pods that nothing makes")]),
        (
            targets_exist,
            stack_of(ingress("web", {"number": 81}), WEB),
            [(f"{BACKEND}.port.number", "the Service 'web' has no port 81")],
        ),
        (
            targets_exist,
            stack_of(ingress("web", {"name": "grpc"}), WEB),
            [(f"{BACKEND}.port.name", "the Service 'web' has no port 'grpc'")],
        ),
        (
            targets_exist,
            stack_of(ingress("web-green", {"number": 80}), WEB),
            [(f"{BACKEND}.name", "shop/Ingress/web leads to the Service 'web-green', which isn't there")],
        ),
        (
            targets_exist,
            stack_of(made("Ingress", "all", {"defaultBackend": {"service": {"name": "web", "port": {"number": 81}}}}), WEB),
            [("spec.defaultBackend.service.port.number", "the Service 'web' has no port 81")],
        ),
        (
            targets_exist,
            stack_of(
                made("HTTPRoute", "all", {"rules": [{"backendRefs": [{"name": "web", "port": 81, "namespace": "shop"}]}]}, "other"),
                made("HTTPRoute", "far", {"rules": [{"backendRefs": [{"name": "web", "port": 81, "namespace": "elsewhere"}]}]}),
                made("HTTPRoute", "odd", {"rules": [{"backendRefs": [{"kind": "Bucket", "name": "web", "port": 81}]}]}),
                made("HTTPRoute", "service", {"rules": [{"backendRefs": [{"kind": "Service", "name": "web", "port": 80}]}]}),
                WEB,
            ),
            [("spec.rules[0].backendRefs[0].port", "the Service 'web' has no port 81")],
        ),
        (
            targets_exist,
            stack_of(budget(), made("Cluster", "db")),
            [],
        ),
        (
            one_slot,
            updates(("update", pods("blue", 3), pods("blue", 3, **NEW)), ("replace", pods("green", None), pods("green", 3))),
            [("spec.template", "the update makes the pods of both slots of web anew")],
        ),
        (
            kept_data,
            updates(("delete", made("PersistentVolumeClaim", "data"), None)),
            [("", "shop/PersistentVolumeClaim/data would be deleted, and its data with it")],
        ),
        (
            kept_data,
            updates(("replace", made("PersistentVolumeClaim", "data"), None)),
            [("", "shop/PersistentVolumeClaim/data would be replaced, and its data with it")],
        ),
        (
            kept_data,
            updates(("delete", pods("blue", 3, "StatefulSet"), None)),
            [("", "shop/StatefulSet/web-blue would be deleted: its pods go, and new ones may not find their volumes")],
        ),
        (
            kept_data,
            updates(("update", pods("blue", 3, "StatefulSet"), pods("blue", None, "StatefulSet"))),
            [("spec.replicas", "shop/StatefulSet/web-blue would shrink from 3 to 1 pods: what only those have is served by nobody")],
        ),
        (kept_data, updates(("update", pods("blue", None, "StatefulSet"), pods("blue", 1, "StatefulSet"))), []),
        (
            protected_resources,
            updates(("delete", of_resource("aws:sqs/queue:Queue", {}, label="q", protected=True), None)),
            [("", "Queue/q is protected and would be deleted")],
        ),
        (
            protected_resources,
            updates(("replace", made("Namespace", "shop", namespace=""), None)),
            [("", "Namespace/shop would be replaced, and what is in it with it")],
        ),
    ],
)
def test_what_is_said(policy: Policy, what: Subject | Stack, said: list[tuple[str, str]]) -> None:
    """With the names of what it is about, and what would be."""
    assert [(one.at.path, one.reason) for one in judge(policy, what) if isinstance(one, Violation)] == said


def test_the_size_of_an_update_is_said_with_examples() -> None:
    """The first three, by name."""
    names = ("d", "c", "b", "a")
    changes = updates(*(("delete", made("ConfigMap", name), None) for name in names), ("replace", made("ConfigMap", "x"), None))
    (found,) = judge(update_size, changes, Given(Size(replaced=1, deleted=3)))
    assert isinstance(found, Violation)
    named = "shop/ConfigMap/a, shop/ConfigMap/b, shop/ConfigMap/c and so on"
    assert found.reason == f"4 resources would be deleted, more than the 3 that one update may: {named}"
    (found,) = judge(update_size, changes, Given(Size(replaced=0, deleted=4)))
    assert isinstance(found, Violation)
    assert found.reason == "1 resources would be replaced, more than the 0 that one update may: shop/ConfigMap/x and so on"
    assert judge(update_size, updates(*[("delete", made("ConfigMap", "x"), None)] * 5, *[("replace", WEB, WEB)] * 5)) == []


@pytest.mark.parametrize(
    ("operator", "values", "labels", "found"),
    [
        ("In", ["a", "b"], {"app": "a"}, True),
        ("In", ["a", "b"], {"app": "c"}, False),
        ("In", None, {"app": "c"}, False),
        ("NotIn", ["a"], {"app": "c"}, True),
        ("NotIn", ["a"], {"app": "a"}, False),
        ("NotIn", ["a"], {}, True),
        ("Exists", None, {"app": "a"}, True),
        ("Exists", None, {}, False),
        ("DoesNotExist", None, {}, True),
        ("DoesNotExist", None, {"app": "a"}, False),
        ("Near", None, {"app": "a"}, False),
    ],
)
def test_selectors_are_read_as_kubernetes_does(operator: str, values: list[str] | None, labels: dict[str, str], found: bool) -> None:
    """Each operator; both parts must hold."""
    expression = {"key": "app", "operator": operator, "values": values}
    subject = made(
        "PodDisruptionBudget",
        "x",
        {"a": {"matchExpressions": [expression]}, "b": {"matchLabels": {"app": "z"}, "matchExpressions": [expression]}},
    )
    assert selects(subject.at("spec", "a"), labels) is found
    assert not selects(subject.at("spec", "b"), labels)
