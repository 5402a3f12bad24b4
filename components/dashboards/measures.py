"""What several dashboards ask for, and the variables by which they choose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.dashboards.build import Panel, Query, Variable

if TYPE_CHECKING:
    from components.watch import Watch

RATE: Final = "$__rate_interval"
"""A window that fits the zoom: Grafana fills it in."""
FAILED: Final = 'code=~"5.."'


def service(watch: Watch) -> Variable:
    """Which services."""
    return Variable("service", "Service", query=f'label_values(http_requests_total{{namespace="{watch.namespace}"}}, service)')


SLOT: Final = Variable("slot", "Slot", options=("blue", "green"))


def chosen(watch: Watch, *others: str) -> str:
    """Matchers for what the reader chose."""
    return ", ".join((f'namespace="{watch.namespace}"', 'service=~"$service"', 'slot=~"$slot"', *others))


def throughput(matchers: str, by: str) -> str:
    """Requests a second."""
    return f"sum by ({by}) (rate(http_requests_total{{{matchers}}}[{RATE}]))"


def failures(matchers: str, by: str) -> str:
    """The share of requests that fail."""
    all_ = throughput(matchers, by)
    return f"({throughput(f'{matchers}, {FAILED}', by)} or {all_} * 0) / {all_}"


def quantile(matchers: str, by: str, share: float) -> str:
    """What so many of the requests are faster than."""
    grouped = f"{by}, le" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({grouped}) (rate(http_request_duration_seconds_bucket{{{matchers}}}[{RATE}])))"


def firing(watch: Watch, names: str = ".+", *, title: str = "Alerts that fire", width: int = 24) -> Panel:
    """The alerts of the stack that fire now."""
    matchers = f'alertstate="firing", namespace="{watch.namespace}", alertname=~"{names}"'
    by = "alertname, severity, service, pod"
    return Panel(title, (Query(f"sum by ({by}) (ALERTS{{{matchers}}})"),), kind="table", width=width, height=7)
