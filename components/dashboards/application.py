"""A service from the outside: what it is asked, and how it answers, by slot and version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.dashboards.build import Board, Panel, Query, Row
from components.dashboards.measures import SLOT, chosen, failures, quantile, service, throughput
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.watch import Watch


def application(watch: Watch) -> Board:
    """Requests, errors, latencies, and what the team itself counts."""
    matchers, by, legend = chosen(watch), "service, slot, version", "{{service}} {{version}} ({{slot}})"
    thresholds = watch.thresholds
    slow = (seconds(thresholds.latency_p95), seconds(thresholds.latency_p95_critical))
    errors = (thresholds.error_rate, thresholds.error_rate_critical)
    codes = throughput(matchers, "service, code")
    answers = (
        Panel("Requests", (Query(throughput(matchers, by), legend),), unit="reqps"),
        Panel("Answers by code", (Query(codes, "{{service}} {{code}}"),), unit="reqps"),
        Panel("Failed requests", (Query(failures(matchers, by), legend),), unit="percentunit", bad=errors),
        Panel("95th percentile", (Query(quantile(matchers, by, 0.95), legend),), unit="s", bad=slow),
    )
    mean = f"sum by ({by}) (rate(http_request_duration_seconds_sum{{{matchers}}}[$__rate_interval]))"
    count = f"sum by ({by}) (rate(http_request_duration_seconds_count{{{matchers}}}[$__rate_interval]))"
    times = (
        Panel("Median", (Query(quantile(matchers, by, 0.5), legend),), unit="s", width=8),
        Panel("99th percentile", (Query(quantile(matchers, by, 0.99), legend),), unit="s", width=8),
        Panel("Mean", (Query(f"{mean} / {count}", legend),), unit="s", width=8),
    )
    rows = [Row("Answers", answers), Row("Times", times)]
    if watch.business:
        own = (Panel(title, (Query(query.replace("{{namespace}}", watch.namespace)),), width=8) for title, query in watch.business.items())
        rows.append(Row("Business", tuple(own)))
    return Board("application", "Application", tuple(rows), (service(watch), SLOT))
