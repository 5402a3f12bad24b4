"""The intent's own rules: the tiers' sizes, names that are derived, and what parts may be taken by themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tidegate.model.base import amount, seconds
from tidegate.model.intent.environment import TIERS, Environment
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.service import Service

ENVIRONMENT = {
    "name": "staging",
    "tier": "staging",
    "domain": "team.example",
    "registry": "ghcr.io/team",
    "namespace": "team",
    "team": "core",
    "cost_centre": "4711",
}


def intent(services: dict[str, Any], **more: Any) -> Intent:
    """An intent with these services."""
    return Intent.model_validate_json(json.dumps({"environment": ENVIRONMENT, "services": services, **more}))


def service(**settings: Any) -> dict[str, Any]:
    """A service as it is written."""
    return {"image": "web", "version": "v1", **settings}


@pytest.mark.parametrize(
    ("tier", "replicas", "requests", "limits"),
    [
        ("local", 2, ("50m", "64Mi"), ("250m", "256Mi")),
        ("staging", 2, ("100m", "256Mi"), ("500m", "512Mi")),
        ("production", 5, ("500m", "1Gi"), ("2000m", "4Gi")),
    ],
)
def test_a_tier_gives_the_sizes(tier: str, replicas: int, requests: tuple[str, str], limits: tuple[str, str]) -> None:
    """Those of staging and production are the ones that the systems had which this replaces."""
    sizes = Environment.model_validate({**ENVIRONMENT, "tier": tier}).defaults
    assert sizes.replicas == replicas
    assert (sizes.resources.requests.cpu, sizes.resources.requests.memory) == requests
    assert (sizes.resources.limits.cpu, sizes.resources.limits.memory) == limits


def test_an_environment_may_have_sizes_of_its_own() -> None:
    """They hold instead of the tier's."""
    sizes = {"replicas": 7, "resources": TIERS["local"].resources.model_dump()}
    assert Environment.model_validate({**ENVIRONMENT, "sizes": sizes}).defaults.replicas == 7


def test_an_autoscaler_has_bounds_and_a_target_by_default() -> None:
    """2 to 4 replicas at 70% of the processors."""
    made = intent({"web": service(autoscaling={})}).services["web"].autoscaling
    assert made is not None
    assert (made.min, made.max, made.cpu, made.memory) == (2, 4, 70, None)


def test_a_probe_that_says_one_thing_keeps_its_other_defaults() -> None:
    """A path of one's own doesn't change how often is asked."""
    probes = intent({"web": service(probes={"startup": {"path": "/up"}, "ready": {"path": "/up"}})}).services["web"].probes
    assert (probes.startup.path, probes.startup.period, probes.startup.failures) == ("/up", "2s", 60)
    assert (probes.ready.path, probes.ready.period) == ("/up", "5s")


def test_a_digest_names_the_version_that_has_no_other_name() -> None:
    """Whoever pins an image needs no tag."""
    made = Service.model_validate({"image": "web", "digest": f"sha256:{'0123456789abcdef' * 4}"})
    assert made.version == "sha256-0123456789ab"


def test_services_come_after_those_they_depend_on() -> None:
    """Whatever the order in which they are written."""
    made = intent({"a": service(depends_on=["b", "c"]), "b": service(depends_on=["c"]), "c": service()})
    assert made.order == ("c", "b", "a")


def test_a_part_taken_by_itself_is_checked_too() -> None:
    """Not only whole files are: tools that build a service learn of its slips at once."""
    with pytest.raises(ValidationError, match="replicas: give replicas, or autoscaling, and not both"):
        Service.model_validate(service(replicas=2, autoscaling={}))


def test_nothing_is_converted() -> None:
    """A number is no text, and a text no number."""
    with pytest.raises(ValidationError):
        Service.model_validate(service(version=1))
    with pytest.raises(ValidationError):
        Service.model_validate(service(replicas="3"))


def test_secrets_are_not_in_what_is_printed() -> None:
    """An intent may end up in a log."""
    made = intent({"web": service(secrets=["a"])}, secrets={"a": {"required": ["k"], "values": {"k": "topsecret"}}})
    assert "topsecret" not in repr(made) + repr(made.secrets["a"])


@given(st.lists(st.tuples(st.integers(0, 500), st.sampled_from(["ms", "s", "m", "h", "d"])), min_size=1, max_size=4))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    """1h30m is 5400 seconds."""
    factors = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    assert seconds("".join(f"{number}{unit}" for number, unit in parts)) == pytest.approx(sum(n * factors[u] for n, u in parts))


@pytest.mark.parametrize(
    ("quantity", "wanted"), [("500m", 0.5), ("2", 2), ("0.5", 0.5), ("1Ki", 1024), ("1k", 1000), ("1.5Gi", 1.5 * 2**30)]
)
def test_a_quantity_is_as_kubernetes_reads_it(quantity: str, wanted: float) -> None:
    """Thousandths, thousands, and powers of 1024."""
    assert amount(quantity) == wanted


SCHEDULES = [
    ("0 2 * * *", True),
    ("*/15 0-6,20-23 1,15 * mon-fri", True),
    ("0 18 * * 5", True),
    ("59 23 31 12 7", True),
    ("0 2 * JAN SUN", True),
    ("60 2 * * *", False),
    ("0 24 * * *", False),
    ("0 2 0 * *", False),
    ("0 2 * 13 *", False),
    ("0 2 * * 8", False),
    ("0 2 * *", False),
    ("@daily", False),
    ("*/0 2 * * *", False),
]


@pytest.mark.parametrize(("schedule", "right"), SCHEDULES)
def test_a_schedule_is_five_fields_of_crons(schedule: str, right: bool) -> None:
    """Hours that no day has are found before the first night."""
    backup = {"backup": {"schedule": schedule}}
    if right:
        assert intent({"web": service()}, **backup).backup
    else:
        with pytest.raises(ValidationError):
            intent({"web": service()}, **backup)


MANAGED = {"kind": "managed", "host": "db.example", "port": 5432, "cidr": "10.0.0.1/32"}


def sets(**keys: str) -> dict[str, Any]:
    """Sets of secrets, each with one key."""
    return {name: {"required": [key], "values": {key: "x"}} for name, key in keys.items()}


BETWEEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("web was called that too", {"web": service(renamed_from="old"), "api": service(renamed_from="old")}, {}),
    ("api is still a service", {"web": service(renamed_from="api"), "api": service()}, {}),
    ("there is a service of that name", {"web": service()}, {"data": {"web": MANAGED}}),
    ("the service web has objects of that name", {"web": service(), "web-blue": service()}, {}),
    ("the service web has objects of that name", {"web": service()}, {"data": {"web-preview": MANAGED}}),
    (
        "monitoring has a server of that name",
        {"grafana": service()},
        {"monitoring": {"kind": "own", "secret": "a"}, "secrets": sets(a="grafana-password")},
    ),
    (
        "kind gateway needs one",
        {"web": service(traffic={"kind": "gateway"})},
        {"environment": {**ENVIRONMENT, "gateway": {"name": "public"}}},
    ),
    ("is an address", {"web": service()}, {"data": {"db": MANAGED | {"host": "10.0.0.1"}}}),
    ("is no range of addresses", {"web": service()}, {"data": {"db": MANAGED | {"cidr": "10.0.0.1/33"}}}),
    ("web has the same host and path", {"web": service(traffic={"host": "a"}), "api": service(traffic={"host": "a"})}, {}),
    ("web has the same host and path", {"web": service(traffic={"host": "a"}), "api": service(traffic={"preview_host": "a"})}, {}),
    ("is the service's host too", {"web": service(traffic={"host": "a", "preview_host": "a"})}, {}),
    ("the variable K is in the set a too", {"web": service(secrets=["a", "b"])}, {"secrets": sets(a="K", b="K")}),
    (
        "must have smtp-url and recipients",
        {"web": service()},
        {"notifications": {"team": {"kind": "email", "secret": "a"}}, "secrets": sets(a="url")},
    ),
    (
        "must have password",
        {"web": service()},
        {"environment": {**ENVIRONMENT, "pull_secret": "a"}, "secrets": sets(a="username")},
    ),
    ("9s is above latency_p95_critical, which is 5s", {"web": service()}, {"monitoring": {"thresholds": {"latency_p95": "9s"}}}),
]


@pytest.mark.parametrize(("message", "services", "more"), BETWEEN, ids=[message for message, *_ in BETWEEN])
def test_parts_must_fit_together(message: str, services: dict[str, Any], more: dict[str, Any]) -> None:
    """What one part needs of another is there."""
    with pytest.raises(ValidationError, match=message):
        intent(services, **more)


def test_one_host_may_have_several_services_below_different_paths() -> None:
    """Only the same path twice is a mistake."""
    made = intent({"web": service(traffic={"host": "@"}), "api": service(traffic={"host": "@", "path": "/api"})})
    assert made.services["api"].traffic.path == "/api"
