"""Whether users get what they were promised: how fast the error budget of 30 days burns.

As in the SRE workbook: each alert looks at a long window, so that a blip tells nobody, and at a short one, so that it ends soon after the
trouble does. 14.4 times too fast for an hour is 2 % of the month's budget; once too fast for three days is a tenth of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

from components.alerts.rules import Alert, Group, Recording, percent
from components.alerts.services import errors
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.alerts.rules import Severity
    from components.watch import Watch

BY: Final = "namespace, service"
FAILED: Final = "service:http_errors:ratio_rate"
SLOW: Final = "service:http_slow:ratio_rate"


@dataclass(frozen=True, slots=True)
class Burn:
    """So many times too fast, over these windows."""

    factor: float
    long: str
    short: str
    severity: Severity
    hold: str


BURNS: Final = (
    Burn(14.4, "1h", "5m", "critical", "2m"),
    Burn(6, "6h", "30m", "critical", "15m"),
    Burn(3, "1d", "2h", "warning", "1h"),
    Burn(1, "3d", "6h", "warning", "3h"),
)
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")


@dataclass(frozen=True, slots=True)
class Promise:
    """What is promised, how much of it may be broken, and the series that says how much is."""

    alert: str
    series: str
    budget: float
    says: str


def promises(watch: Watch) -> tuple[Promise, ...]:
    """What users are promised."""
    objective = watch.objective
    return (
        Promise(
            "ErrorBudgetBurn",
            FAILED,
            1 - objective.availability,
            f"{percent(objective.availability)} of requests succeed",
        ),
        Promise(
            "LatencyBudgetBurn",
            SLOW,
            1 - objective.latency_share,
            f"{percent(objective.latency_share)} of requests take at most {objective.latency}",
        ),
    )


def recordings(watch: Watch) -> tuple[Group, ...]:
    """The shares of bad requests over each window. Long ones change slowly, and are looked at less often."""

    def shares(windows: tuple[str, ...]) -> tuple[Recording, ...]:
        failed = (Recording(f"{FAILED}{window}", errors(watch, BY, window)) for window in windows)
        return (*failed, *(_slow(watch, window) for window in windows))

    return Group("objectives.short", shares(WINDOWS[:4])), Group("objectives.long", shares(WINDOWS[4:]), interval="5m")


def objectives(watch: Watch) -> Group:
    """Alerts about budgets that burn too fast."""
    pairs = product(promises(watch), BURNS)
    return Group("objectives", tuple(_burning(watch, promise, burn) for promise, burn in pairs if _can_burn(promise, burn)))


def _can_burn(promise: Promise, burn: Burn) -> bool:
    """Of a small promise not even failing everything burns the budget that fast."""
    return burn.factor * promise.budget < 1


def _slow(watch: Watch, window: str) -> Recording:
    bound = seconds(watch.objective.latency)
    # Prometheus 3 writes whole numbers as 2.0, earlier ones as the service does.
    le = f"{bound:g}|{bound:g}.0" if bound == int(bound) else f"{bound:g}"
    matchers = f'namespace="{watch.namespace}", le=~"{le}"'
    fast = f"sum by ({BY}) (rate(http_request_duration_seconds_bucket{{{matchers}}}[{window}]))"
    of = f'sum by ({BY}) (rate(http_request_duration_seconds_count{{namespace="{watch.namespace}"}}[{window}]))'
    return Recording(f"{SLOW}{window}", f"1 - {fast} / {of}")


def _burning(watch: Watch, promise: Promise, burn: Burn) -> Alert:
    long, short = (f'{promise.series}{window}{{namespace="{watch.namespace}"}}' for window in (burn.long, burn.short))
    bound = f"{burn.factor * promise.budget:.6g}"
    return Alert(
        promise.alert,
        burn.severity,
        f"{long} > {bound} and on ({BY}) {short} > {bound}",
        hold=burn.hold,
        labels={"window": burn.long},
        summary=f"{{{{ $labels.service }}}} burns its budget {burn.factor:g} times too fast",
        description=f"Promised is that {promise.says}; over {burn.long} {{{{ $value | humanizePercentage }}}} did not.",
    )
