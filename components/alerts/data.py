"""Databases and their backups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from components.alerts.rules import Alert, Group
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.alerts.rules import Severity
    from components.watch import Watch


def data(watch: Watch) -> Group:
    """Alerts about the kinds of database that there are, and about backups if there are any."""
    connections = (connections_share(watch.namespace, kind) for kind in ("postgresql", "redis") if watch.has(kind))
    return Group(
        "data",
        (
            *((_down(watch), _connections(watch, " or ".join(connections))) if watch.databases else ()),
            *((_archive(watch),) if watch.has("postgresql") else ()),
            *((_persistence(watch),) if watch.has("redis") else ()),
            *(_backups(watch) if watch.backup else ()),
        ),
    )


def connections_share(namespace: str, kind: str) -> str:
    """Which share of the connections that a database takes are taken."""
    used, most = ("pg_stat_activity_count", "pg_settings_max_connections")
    if kind == "redis":
        used, most = ("redis_connected_clients", "redis_config_maxclients")
    return f'sum by (namespace, pod) ({used}{{namespace="{namespace}"}}) / max by (namespace, pod) ({most}{{namespace="{namespace}"}})'


def backup_age(namespace: str) -> str:
    """How old the newest backup is, in seconds; where there is none, how long it could have been there."""
    last, first = (
        f'max by (namespace, cronjob) (kube_cronjob_{metric}{{namespace="{namespace}", cronjob=~".+-backup"}})'
        for metric in ("status_last_successful_time", "created")
    )
    return f"time() - ({last} or {first})"


def _down(watch: Watch) -> Alert:
    up = (f'max by (namespace, pod) ({metric}{{namespace="{watch.namespace}"}})' for metric in ("pg_up", "redis_up"))
    return Alert(
        "DatabaseDown",
        "critical",
        " or ".join(f"{value} == 0" for value in up),
        hold="1m",
        summary="{{ $labels.pod }} doesn't answer",
        description="The exporter beside the database in {{ $labels.pod }} can't reach it.",
    )


def _connections(watch: Watch, share: str) -> Alert:
    return Alert(
        "DatabaseConnections",
        "warning",
        f"({share}) > {watch.thresholds.connections / 100:g}",
        hold="5m",
        summary="{{ $value | humanizePercentage }} of the connections to {{ $labels.pod }} are taken",
        description="The database in {{ $labels.pod }} will soon refuse connections.",
    )


def _archive(watch: Watch) -> Alert:
    return Alert(
        "DatabaseArchiveFailing",
        "critical",
        f'max by (namespace, pod) (increase(pg_stat_archiver_failed_count{{namespace="{watch.namespace}"}}[15m])) > 0',
        hold="5m",
        summary="{{ $labels.pod }} can't archive its log",
        description="What is written from now on can't be brought back, and the database's own volume fills.",
    )


def _persistence(watch: Watch) -> Alert:
    states = ("redis_aof_last_write_status", "redis_aof_last_bgrewrite_status", "redis_rdb_last_bgsave_status")
    status = " or ".join(f'min by (namespace, pod) ({state}{{namespace="{watch.namespace}"}}) == 0' for state in states)
    return Alert(
        "DatabasePersistenceFailing",
        "critical",
        status,
        hold="5m",
        summary="{{ $labels.pod }} can't write to its volume",
        description="The Redis in {{ $labels.pod }} failed to write its append-only file or its dump: a restart loses data.",
    )


def _backups(watch: Watch) -> tuple[Alert, ...]:
    age = seconds(watch.thresholds.backup_age)
    bounds: tuple[tuple[Severity, float], ...] = (("warning", age), ("critical", 2 * age))
    return tuple(
        Alert(
            "BackupAge",
            severity,
            f"{backup_age(watch.namespace)} > {bound:.10g}",
            hold="10m",
            summary="The newest backup of {{ $labels.cronjob }} is {{ $value | humanizeDuration }} old",
            description=f"It should never be older than {watch.thresholds.backup_age}. Releases that want a backup first won't begin.",
        )
        for severity, bound in bounds
    )
