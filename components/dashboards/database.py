"""PostgreSQL, Redis, and how old their backups are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from components.alerts.data import backup_age, connections_share
from components.dashboards.build import Board, Panel, Query, Row
from tidegate.model.base import seconds

if TYPE_CHECKING:
    from components.watch import Watch

POD: Final = "{{pod}}"
_UP: Final = {"0": ("down", "red"), "1": ("up", "green")}


def database(watch: Watch) -> Board:
    """The kinds of database that there are."""
    rows = []
    if watch.has("postgresql"):
        rows.append(Row("PostgreSQL", _postgresql(watch)))
    if watch.has("redis"):
        rows.append(Row("Redis", _redis(watch)))
    if watch.backup:
        age = seconds(watch.thresholds.backup_age)
        query = Query(backup_age(watch.namespace), "{{cronjob}}")
        rows.append(Row("Backups", (Panel("Age of the newest backup", (query,), kind="stat", unit="s", width=24, bad=(age, 2 * age)),)))
    return Board("database", "Databases", tuple(rows))


def _connections(watch: Watch, kind: str) -> Panel:
    limit = watch.thresholds.connections / 100
    query = Query(connections_share(watch.namespace, kind), POD)
    return Panel("Connections, of those it takes", (query,), unit="percentunit", width=8, bad=(limit * 0.9, limit))


def _postgresql(watch: Watch) -> tuple[Panel, ...]:
    space = f'namespace="{watch.namespace}"'

    def rate(metric: str) -> str:
        return f'sum by (pod) (rate(pg_stat_database_{metric}{{{space}, datname!~"template.*"}}[$__rate_interval]))'

    changes = tuple(Query(rate(f"tup_{done}"), f"{{{{pod}}}} {done}") for done in ("inserted", "updated", "deleted", "fetched"))
    ends = (Query(rate("xact_commit"), "{{pod}} committed"), Query(rate("xact_rollback"), "{{pod}} rolled back"))
    hit = f"{rate('blks_hit')} / ({rate('blks_hit')} + {rate('blks_read')})"
    by_end = f"sum by (pod) (increase(pg_stat_archiver_{{end}}_count{{{space}}}[15m]))"
    archived = tuple(Query(by_end.replace("{end}", word), f"{{{{pod}}}} {word}") for word in ("archived", "failed"))
    return (
        Panel("Up", (Query(f"max by (pod) (pg_up{{{space}}})", POD),), kind="stat", width=8, bad=(1, 0.5), words=_UP),
        _connections(watch, "postgresql"),
        Panel("Sessions", (Query(f"sum by (state) (pg_stat_activity_count{{{space}}})", "{{state}}"),), width=8),
        Panel("Transactions", ends, unit="ops", width=8),
        Panel("Rows", changes, unit="ops", width=8),
        Panel("Found in memory", (Query(hit, POD),), unit="percentunit", width=8, bad=(0.95, 0.9)),
        Panel("Deadlocks", (Query(rate("deadlocks"), POD),), unit="ops", width=8),
        Panel("Size", (Query(f"sum by (datname) (pg_database_size_bytes{{{space}}})", "{{datname}}"),), unit="bytes", width=8),
        Panel("Archived in 15 minutes", archived, width=8),
        Panel("Longest transaction", (Query(f"max by (pod) (pg_stat_activity_max_tx_duration{{{space}}})", POD),), unit="s", width=8),
        Panel("Locks", (Query(f"sum by (mode) (pg_locks_count{{{space}}})", "{{mode}}"),), width=8),
    )


def _redis(watch: Watch) -> tuple[Panel, ...]:
    space = f'namespace="{watch.namespace}"'

    def rate(metric: str) -> str:
        return f"sum by (pod) (rate(redis_{metric}_total{{{space}}}[$__rate_interval]))"

    hit = f"{rate('keyspace_hits')} / ({rate('keyspace_hits')} + {rate('keyspace_misses')})"
    memory = (
        Query(f"max by (pod) (redis_memory_used_bytes{{{space}}})", "{{pod}} used"),
        Query(f"max by (pod) (redis_memory_max_bytes{{{space}}}) > 0", "{{pod}} at most"),
    )
    return (
        Panel("Up", (Query(f"max by (pod) (redis_up{{{space}}})", POD),), kind="stat", width=8, bad=(1, 0.5), words=_UP),
        _connections(watch, "redis"),
        Panel("Commands", (Query(rate("commands_processed"), POD),), unit="ops", width=8),
        Panel("Memory", memory, unit="bytes", width=8),
        Panel("Found", (Query(hit, POD),), unit="percentunit", width=8),
        Panel("Evicted keys", (Query(rate("evicted_keys"), POD),), unit="ops", width=8),
        Panel(
            "Append-only file",
            (Query(f"min by (pod) (redis_aof_last_write_status{{{space}}})", POD),),
            kind="stat",
            width=8,
            bad=(1, 0.5),
            words={"0": ("fails", "red"), "1": ("written", "green")},
        ),
        Panel("Keys", (Query(f"sum by (pod, db) (redis_db_keys{{{space}}})", "{{pod}} {{db}}"),), width=8),
    )
