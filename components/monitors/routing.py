"""Alertmanager's configuration: who is told of what. As JSON, which is YAML as well.

Addresses and keys stay in their Secret: the configuration has the files' names.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

CONFIG: Final = "/etc/alertmanager/config"
SECRETS: Final = "/etc/alertmanager/secrets"
SLACK: Final = "slack-url"
PAGERDUTY: Final = "pagerduty-key"

# What alerts of one name are about: the warning of the same thing is silenced by its critical one.
_ABOUT: Final = ("namespace", "alertname", "service", "persistentvolumeclaim", "cronjob", "name", "host")
_FOLLOWS: Final = "ServiceErrorRate|ServiceLatency|ServiceTrafficLost|ReplicasUnavailable|ErrorBudgetBurn|LatencyBudgetBurn"
"""What is clear anyway where a service has no pod left."""


def configuration(keys: Iterable[str]) -> str:
    """Everybody is told by what there is a key for: critical alerts go to who is on call, and everything to the team's channel."""
    known = set(keys)
    pager, chat = PAGERDUTY in known, SLACK in known
    receivers: list[dict[str, Any]] = [{"name": "nobody"}]
    receivers += [{"name": "team", "slack_configs": [_slack()]}] if chat else []
    receivers += [{"name": "on-call", "pagerduty_configs": [_pagerduty()]}] if pager else []
    routes: list[dict[str, Any]] = [{"receiver": "on-call", "matchers": ['severity="critical"'], "continue": True}] if pager else []
    routes += [{"receiver": "team", "matchers": ['severity=~"critical|warning"']}] if chat else []
    return json.dumps(
        {
            "route": {
                "receiver": "nobody",
                "group_by": ["alertname", "service"],
                "group_wait": "30s",
                "group_interval": "5m",
                "repeat_interval": "4h",
                "routes": routes,
            },
            "receivers": receivers,
            "inhibit_rules": [
                {"source_matchers": ['severity="critical"'], "target_matchers": ['severity="warning"'], "equal": list(_ABOUT)},
                {
                    "source_matchers": ['alertname="ServiceDown"'],
                    "target_matchers": [f'alertname=~"{_FOLLOWS}"'],
                    "equal": ["namespace", "service"],
                },
            ],
        },
        indent=1,
    )


def _slack() -> dict[str, Any]:
    listed = (
        "{{ range .Alerts }}*{{ .Annotations.summary }}*\n{{ .Annotations.description }}\n"
        "What to do: {{ .Annotations.runbook_url }}\n{{ end }}"
    )
    return {
        "api_url_file": f"{SECRETS}/{SLACK}",
        "send_resolved": True,
        "color": '{{ if eq .Status "resolved" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}',
        "title": "[{{ .Status | toUpper }}] {{ .CommonLabels.environment }}: {{ .GroupLabels.alertname }} {{ .GroupLabels.service }}",
        "text": listed,
    }


def _pagerduty() -> dict[str, Any]:
    return {
        "routing_key_file": f"{SECRETS}/{PAGERDUTY}",
        "send_resolved": True,
        "severity": "{{ .CommonLabels.severity }}",
        "description": "{{ .CommonLabels.environment }}: {{ .CommonAnnotations.summary }}",
        "details": {"runbook": "{{ .CommonAnnotations.runbook_url }}"},
    }
