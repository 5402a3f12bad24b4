"""Users, and the slots that they are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies.judging import Doubt, Violation, judge, of_resource, stack_of
from policies.judging.fields import UNKNOWN
from policies.release.live_slot_runs import live_slot_runs
from tests.unit.policies.release.stacks import ingress, made, pods, route, service

if TYPE_CHECKING:
    from policies.judging import Subject

BLUE, GREEN = service("web-blue", app="web", slot="blue"), service("web-green", app="web", slot="green")


@pytest.mark.parametrize(
    ("subjects", "blamed"),
    [
        # By the application's own name.
        ([service("web", app="web", slot="blue"), pods("blue", 3), pods("green", 0)], []),
        ([service("web", app="web", slot="blue"), pods("blue", None)], []),
        ([service("web", app="web", slot="green"), pods("blue", 3), pods("green", 0)], ["web"]),
        ([service("web", app="web", slot="blue"), pods("blue", 3, namespace="other")], ["web"]),
        ([service("web", app="web", slot="blue"), pods("blue", 3, app="shop")], ["web"]),
        ([service("web", app="web", slot="blue")], ["web"]),
        ([service("web", app="web", slot="blue"), pods("blue", 3, "Job")], ["web"]),
        # A slot's Service, and the preview's, may lead nowhere as long as no users are sent there.
        ([BLUE, GREEN, service("web-preview", app="web", slot="green"), pods("blue", 3), pods("green", 0)], []),
        ([BLUE, GREEN, route(blue=100, green=0), pods("blue", 3), pods("green", 0)], []),
        ([BLUE, GREEN, route(blue=95, green=5), pods("blue", 3), pods("green", 1)], []),
        ([BLUE, GREEN, route(blue=95, green=5), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([BLUE, GREEN, route(green=None), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([BLUE, GREEN, ingress("web-green"), pods("blue", 3), pods("green", 0)], ["web-green"]),
        ([service("web-preview", app="web", slot="green"), ingress("web-preview"), pods("green", 0)], []),
        (
            [GREEN, made("Ingress", "all", {"defaultBackend": {"service": {"name": "web-green"}}}), pods("blue", 3), pods("green", 0)],
            ["web-green"],
        ),
        # What has no slots.
        ([made("Service", "web", {})], []),
        ([service("redis", app="redis"), pods("blue", 1, "StatefulSet", "redis")], []),
        ([service("redis-pods", app="redis"), pods("blue", 0, "StatefulSet", "redis")], ["redis-pods"]),
        # Elsewhere, and none of our business.
        ([ingress("elsewhere"), made("Ingress", "files", {"rules": [{"http": {"paths": [{"backend": {"resource": {}}}]}}, {}]})], []),
    ],
)
def test_users_are_sent_to_a_slot_that_runs(subjects: list[Subject], blamed: list[str]) -> None:
    """Whatever takes users, by its name or by a route, finds pods of something with replicas, in its own namespace."""
    found = judge(live_slot_runs, stack_of(*subjects))
    assert [one.at.subject.name for one in found] == blamed
    assert all(isinstance(one, Violation) for one in found)


def test_what_is_not_known_yet_is_in_doubt() -> None:
    """One Deployment that isn't known doesn't keep another from serving, and nothing is said against a Service that it may serve."""
    spec = {"replicas": UNKNOWN, "template": {"metadata": {"labels": {"app.kubernetes.io/name": "web"}}, "spec": {"containers": []}}}
    unknown = of_resource("kubernetes:apps/v1:Deployment", {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec})
    users, others = service("web", app="web"), service("shop", app="shop")
    assert [type(one) for one in judge(live_slot_runs, stack_of(users, unknown))] == [Doubt]
    assert judge(live_slot_runs, stack_of(users, unknown, pods("blue", 1))) == []
    assert [one.at.subject.name for one in judge(live_slot_runs, stack_of(others, unknown))] == ["shop"]
