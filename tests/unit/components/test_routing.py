"""Who is told: Alertmanager's configuration follows from the keys that there are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from components.alerts.groups import groups
from components.monitors.routing import configuration
from components.watch import Watch


def config(*keys: str) -> dict[str, Any]:
    """The configuration as Alertmanager reads it."""
    read: dict[str, Any] = json.loads(configuration(keys))
    return read


@pytest.mark.parametrize(
    ("keys", "receivers"),
    [
        ((), []),
        (("grafana-password",), []),
        (("grafana-password", "slack-url"), ["team"]),
        (("pagerduty-key",), ["on-call"]),
        (("slack-url", "pagerduty-key"), ["on-call", "team"]),
    ],
)
def test_whoever_there_is_a_key_for_is_told(keys: tuple[str, ...], receivers: list[str]) -> None:
    """And nobody else; without any key alerts are still to be seen, but go nowhere."""
    found = config(*keys)
    assert [route["receiver"] for route in found["route"]["routes"]] == receivers
    assert {receiver["name"] for receiver in found["receivers"]} == {"nobody", *receivers}


def test_those_on_call_are_told_of_what_is_critical_only() -> None:
    """And the team's channel has all of it."""
    pager, chat = config("slack-url", "pagerduty-key")["route"]["routes"]
    assert pager["matchers"] == ['severity="critical"']
    assert pager["continue"]
    assert chat["matchers"] == ['severity=~"critical|warning"']


def test_keys_are_read_from_files() -> None:
    """No address and no key is in the configuration itself."""
    text = configuration(["slack-url", "pagerduty-key"])
    assert '"api_url_file": "/etc/alertmanager/secrets/slack-url"' in text
    assert '"routing_key_file": "/etc/alertmanager/secrets/pagerduty-key"' in text


def test_what_follows_from_a_service_that_is_down_is_named_rightly() -> None:
    """The alerts that are then left out are alerts that there are."""
    known = {alert.name for group in groups(Watch("shop", "test", "web")) for alert in group.alerts}
    (rule,) = (rule for rule in config()["inhibit_rules"] if 'alertname="ServiceDown"' in rule["source_matchers"])
    (listed,) = rule["target_matchers"]
    assert set(listed.removeprefix('alertname=~"').removesuffix('"').split("|")) <= known
