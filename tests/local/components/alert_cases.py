"""For each alert, what it fires at, and what it stays quiet at."""

from __future__ import annotations

from typing import Final

from tests.local.components.alert_series import (
    CACHE,
    CRON,
    DB,
    LIVE,
    NS,
    POD,
    QUICK,
    RELEASE,
    SLOW,
    VOLUME,
    WEB,
    Case,
    burning,
    certificate,
    container,
    quota,
    replicas,
    requests,
    restarts,
    scaler,
    series,
    times,
    volume,
)

SERVICES: Final = (
    Case(
        "ServiceErrorRate",
        "warning",
        fires=(requests("0+98x10", "0+2x10"),),
        quiet=(requests("0+995x10", "0+5x10"), requests("0+100x10")),
        at="7m",
        about='service="web"',
    ),
    Case(
        "ServiceErrorRate",
        "critical",
        fires=(requests("0+85x20", "0+15x20"),),
        quiet=(requests("0+95x20", "0+5x20"),),
        at="15m",
        about='service="web"',
    ),
    Case(
        "ServiceLatency",
        "warning",
        fires=(times(le_1="0+50x20", le_2_5="0+90x20", le_5="0+100x20", inf="0+100x20"),),
        quiet=(times(le_1="0+99x20", le_2_5="0+100x20", inf="0+100x20"), times(le_1="5x20", inf="5x20")),
        at="12m",
        about='service="web"',
    ),
    Case(
        "ServiceLatency",
        "critical",
        fires=(times(le_1="0+50x20", le_5="0+90x20", le_10="0+100x20", inf="0+100x20"),),
        quiet=(times(le_1="0+50x20", le_2_5="0+90x20", le_5="0+100x20", inf="0+100x20"),),
        at="12m",
        about='service="web"',
    ),
    Case(
        "ServiceTrafficLost",
        "critical",
        fires=(requests("0+600x60 36000x30"), requests("0+600x60 _x30")),
        quiet=(requests("0+600x90"), requests("0+6x60 360x30")),
        at="75m",
        about='service="web"',
    ),
    Case(
        "ServiceDown",
        "critical",
        fires=(
            series("kube_deployment_status_replicas_available", WEB, "0x10")
            | series("kube_deployment_status_replicas_available", 'deployment="web-green"', "0x10"),
        ),
        quiet=(
            series("kube_deployment_status_replicas_available", WEB, "3x10")
            | series("kube_deployment_status_replicas_available", 'deployment="web-green"', "0x10"),
        ),
        at="5m",
        about='service="web"',
    ),
)

PODS: Final = (
    Case(
        "ContainerProcessor",
        "warning",
        fires=(container("container_cpu_usage_seconds_total", "0+54x20", "cpu", 1),),
        quiet=(container("container_cpu_usage_seconds_total", "0+30x20", "cpu", 1),),
        at="15m",
        about='pod="web-blue-1"',
    ),
    Case(
        "ContainerMemory",
        "warning",
        fires=(container("container_memory_working_set_bytes", "950x20", "memory", 1000),),
        quiet=(container("container_memory_working_set_bytes", "850x20", "memory", 1000),),
        at="10m",
        about='pod="web-blue-1"',
    ),
    Case(
        "ContainerKilledForMemory",
        "warning",
        fires=(series("kube_pod_container_status_last_terminated_reason", f'{POD}, reason="OOMKilled"', "1x20") | restarts("0x5 1x15"),),
        quiet=(
            series("kube_pod_container_status_last_terminated_reason", f'{POD}, reason="OOMKilled"', "1x20") | restarts("1x20"),
            series("kube_pod_container_status_last_terminated_reason", f'{POD}, reason="Error"', "1x20") | restarts("0x5 1x15"),
        ),
        at="10m",
        about='pod="web-blue-1"',
    ),
    Case(
        "PodCrashLooping",
        "warning",
        fires=(
            series("kube_pod_container_status_waiting_reason", f'{POD}, reason="CrashLoopBackOff"', "0 1 _ 1 _ 1 _ 1x10"),
            restarts("0+1x20"),
        ),
        quiet=(
            series("kube_pod_container_status_waiting_reason", f'{POD}, reason="ContainerCreating"', "1x20"),
            restarts("0x5 1x15"),
        ),
        at="12m",
        about='pod="web-blue-1"',
    ),
    Case(
        "ReplicasUnavailable",
        "warning",
        fires=(replicas(3, 2),),
        quiet=(replicas(3, 3), replicas(0, 0)),
        at="15m",
        about='service="web", slot="blue"',
    ),
    Case(
        "MetricsMissing",
        "warning",
        fires=(series("up", 'job="pods", pod="web-blue-1"', "0x20"),),
        quiet=(series("up", 'job="pods", pod="web-blue-1"', "1x20"),),
        at="15m",
        about='pod="web-blue-1"',
    ),
)

CAPACITY: Final = (
    Case("QuotaExhausted", "warning", fires=(quota("95x30"),), quiet=(quota("80x30"),), at="10m", about='resource="requests.cpu"'),
    Case(
        "VolumeFilling",
        "warning",
        fires=(volume("90x30", "10x30"),),
        quiet=(volume("80x30", "20x30"),),
        at="10m",
        about=VOLUME,
    ),
    Case(
        "VolumeFilling",
        "critical",
        fires=(volume("97x150", "3x150", 150), volume("40+0.2x150", "60-0.2x150", 150)),
        quiet=(volume("90x150", "10x150", 150), volume("10+0.2x150", "90-0.2x150", 150)),
        at="140m",
        about=VOLUME,
    ),
    Case(
        "AutoscalerExhausted",
        "warning",
        fires=(scaler(10, 3, 10),),
        quiet=(scaler(9, 3, 10), scaler(10, 10, 10)),
        at="20m",
        about='service="web", slot="blue"',
    ),
)

DATA: Final = (
    Case(
        "DatabaseDown",
        "critical",
        fires=(series("pg_up", DB, "0x10"), series("redis_up", CACHE, "0x10")),
        quiet=(series("pg_up", DB, "1x10") | series("redis_up", CACHE, "1x10"),),
        at="5m",
    ),
    Case(
        "DatabaseConnections",
        "warning",
        fires=(
            series("pg_stat_activity_count", f'{DB}, state="active"', "60x20")
            | series("pg_stat_activity_count", f'{DB}, state="idle"', "30x20")
            | series("pg_settings_max_connections", DB, "100x20"),
            series("redis_connected_clients", CACHE, "9000x20") | series("redis_config_maxclients", CACHE, "10000x20"),
        ),
        quiet=(
            series("pg_stat_activity_count", f'{DB}, state="active"', "60x20") | series("pg_settings_max_connections", DB, "100x20"),
            series("redis_connected_clients", CACHE, "90x20") | series("redis_config_maxclients", CACHE, "10000x20"),
        ),
        at="10m",
    ),
    Case(
        "DatabaseArchiveFailing",
        "critical",
        fires=(series("pg_stat_archiver_failed_count", DB, "0+1x30"),),
        quiet=(series("pg_stat_archiver_failed_count", DB, "3x30"),),
        at="20m",
        about=DB,
    ),
    Case(
        "DatabasePersistenceFailing",
        "critical",
        fires=(series("redis_aof_last_write_status", CACHE, "0x20"), series("redis_rdb_last_bgsave_status", CACHE, "0x20")),
        quiet=(series("redis_aof_last_write_status", CACHE, "1x20") | series("redis_rdb_last_bgsave_status", CACHE, "1x20"),),
        at="10m",
        about=CACHE,
    ),
    Case(
        "BackupAge",
        "warning",
        fires=(
            series("kube_cronjob_status_last_successful_time", CRON, "0x60") | series("kube_cronjob_created", CRON, "0x60"),
            series("kube_cronjob_created", CRON, "0x60"),
        ),
        quiet=(
            series("kube_cronjob_status_last_successful_time", CRON, "0+1800x60") | series("kube_cronjob_created", CRON, "0x60"),
            series("kube_cronjob_created", CRON, "36000x60"),
        ),
        at="27h",
        interval="30m",
        about=CRON,
    ),
    Case(
        "BackupAge",
        "critical",
        fires=(series("kube_cronjob_status_last_successful_time", CRON, "0x120"),),
        quiet=(series("kube_cronjob_status_last_successful_time", CRON, "0x50 90000x70"),),
        at="53h",
        interval="30m",
        about=CRON,
    ),
)

SECURITY: Final = (
    Case(
        "SecurityViolation",
        "critical",
        fires=(series("tidegate_policy_violations", 'policy="non-root", severity="high", enforcement="mandatory"', "2x10"),),
        quiet=(
            series("tidegate_policy_violations", 'policy="non-root", severity="high", enforcement="mandatory"', "0x10"),
            series("tidegate_policy_violations", 'policy="labels", severity="low", enforcement="advisory"', "2x10"),
        ),
        at="5m",
        about='policy="non-root"',
    ),
    Case(
        "VulnerabilitiesFound",
        "warning",
        fires=(
            series("tidegate_scan_findings", 'service="web", version="1", severity="critical"', "1x10"),
            series("tidegate_scan_findings", 'service="web", version="1", severity="high"', "6x10"),
        ),
        quiet=(
            series("tidegate_scan_findings", 'service="web", version="1", severity="high"', "5x10"),
            series("tidegate_scan_findings", 'service="web", version="1", severity="low"', "50x10"),
        ),
        at="5m",
        about='service="web"',
    ),
    Case(
        "AuthenticationFailures",
        "warning",
        fires=(requests("0+300x20", "0+120x20", code="401"), requests("0+300x20", "0+120x20", code="403")),
        quiet=(requests("0+900x20", "0+120x20", code="401"), requests("0+3x20", "0+3x20", code="401")),
        at="12m",
        about='service="web"',
    ),
    Case(
        "CertificateExpiry",
        "warning",
        fires=(certificate(10 * 86400),),
        quiet=(certificate(30 * 86400),),
        at="20m",
        about='name="web-tls"',
    ),
    Case(
        "CertificateExpiry",
        "critical",
        fires=(certificate(2 * 86400),),
        quiet=(certificate(10 * 86400),),
        at="20m",
        about='name="web-tls"',
    ),
)

RELEASES: Final = (
    Case(
        "DeploymentFailed",
        "critical",
        fires=(series("kube_deployment_status_condition", f'{WEB}, condition="Progressing", status="false"', "1x10"),),
        quiet=(
            series("kube_deployment_status_condition", f'{WEB}, condition="Progressing", status="true"', "1x10")
            | series("kube_deployment_status_condition", f'{WEB}, condition="Progressing", status="false"', "0x10"),
        ),
        at="5m",
        about='service="web", slot="blue"',
    ),
    Case(
        "SmokeTestFailed",
        "warning",
        fires=(series("kube_job_failed", 'job_name="web-green-smoke", condition="true"', "1x10"),),
        quiet=(
            series("kube_job_failed", 'job_name="web-green-smoke", condition="false"', "1x10"),
            series("kube_job_failed", 'job_name="postgres-backup-29000000", condition="true"', "1x10"),
        ),
        at="5m",
        about='job_name="web-green-smoke"',
    ),
    Case(
        "UpdateFailed",
        "critical",
        fires=(series("tidegate_updates_total", 'result="failed"', "0x5 1x15"),),
        quiet=(
            series("tidegate_updates_total", 'result="failed"', "1x20"),
            series("tidegate_updates_total", 'result="succeeded"', "0+1x20"),
        ),
        at="10m",
    ),
    Case(
        "ReleaseStalled",
        "warning",
        fires=(
            series("tidegate_release_changed_timestamp_seconds", RELEASE, "0x20")
            | series("tidegate_release", f'{RELEASE}, phase="shifting"', "1x20"),
        ),
        quiet=(
            series("tidegate_release_changed_timestamp_seconds", RELEASE, "0x20")
            | series("tidegate_release", f'{RELEASE}, phase="promoted"', "1x20"),
            series("tidegate_release_changed_timestamp_seconds", RELEASE, "0+1800x20")
            | series("tidegate_release", f'{RELEASE}, phase="staged"', "1x20"),
        ),
        at="5h",
        interval="30m",
        about=RELEASE,
    ),
    Case(
        "CandidateSlower",
        "warning",
        fires=(LIVE | QUICK | SLOW,),
        quiet=(
            LIVE | QUICK | times("green", le_0_1="0+100x60", le_0_5="0+100x60", inf="0+100x60"),
            # What is live is the slower one.
            LIVE
            | times("blue", le_0_1="0+10x60", le_0_5="0+100x60", inf="0+100x60")
            | times("green", le_0_1="0+9x60", le_0_5="0+9x60", inf="0+9x60"),
            # The candidate has no traffic.
            LIVE | QUICK | times("green", le_0_1="0x60", le_0_5="0x60", inf="0x60"),
        ),
        at="15m",
        about='service="web", slot="green"',
    ),
    Case(
        "CandidateFailsMore",
        "critical",
        fires=(LIVE | requests("0+100x60") | requests("0+95x60", "0+5x60", slot="green"),),
        quiet=(
            LIVE | requests("0+95x60", "0+5x60") | requests("0+95x60", "0+5x60", slot="green"),
            LIVE | requests("0+95x60", "0+5x60") | requests("0+100x60", slot="green"),
        ),
        at="10m",
        about='service="web", slot="green"',
    ),
    Case(
        "ServiceSlowerThanYesterday",
        "warning",
        fires=(times(le_0_1="0+100x144 14400x20", le_0_5="0+100x164", inf="0+100x164"),),
        quiet=(
            times(le_0_1="0+100x164", le_0_5="0+100x164", inf="0+100x164"),
            times(le_0_1="_x140 0x24", le_0_5="_x140 0+100x24", inf="_x140 0+100x24"),
        ),
        at="26h",
        interval="10m",
        about='service="web"',
    ),
    Case(
        "ConfigurationDrift",
        "warning",
        fires=({f"tidegate_drift_resources{{{NS}}}": "2x20"},),
        quiet=({f"tidegate_drift_resources{{{NS}}}": "0x20"},),
        at="10m",
    ),
    Case(
        "DriftUnchecked",
        "warning",
        fires=({f"tidegate_drift_checked_timestamp_seconds{{{NS}}}": "0x60"},),
        quiet=({f"tidegate_drift_checked_timestamp_seconds{{{NS}}}": "0+1800x60"},),
        at="27h",
        interval="30m",
    ),
)

# Promised are 99.9 % without failure and 95 % within 2 seconds. The steps are as long as the windows allow.
_FAILING: Final = {"1h": ("98", "2", 80), "6h": ("99", "1", 90), "1d": ("995", "5", 160), "3d": ("998", "2", 160)}
_FINE: Final = {"1h": ("99", "1", 80), "6h": ("996", "4", 90), "1d": ("998", "2", 160), "3d": ("1999", "1", 160)}
_SLOW: Final = {"1h": (20, 80), "6h": (60, 90), "1d": (80, 160), "3d": (94, 160)}
_FAST: Final = {"1h": (50, 80), "6h": (80, 90), "1d": (90, 160), "3d": (96, 160)}

OBJECTIVES: Final = (
    *burning(
        "ErrorBudgetBurn",
        {window: requests(f"0+{ok}x{n}", f"0+{bad}x{n}") for window, (ok, bad, n) in _FAILING.items()},
        {window: requests(f"0+{ok}x{n}", f"0+{bad}x{n}") for window, (ok, bad, n) in _FINE.items()},
    ),
    *burning(
        "LatencyBudgetBurn",
        {window: times(le_2=f"0+{fast}x{n}", inf=f"0+100x{n}", count=f"0+100x{n}") for window, (fast, n) in _SLOW.items()},
        {window: times(le_2=f"0+{fast}x{n}", inf=f"0+100x{n}", count=f"0+100x{n}") for window, (fast, n) in _FAST.items()},
    ),
)

SUBJECTS: Final = {
    "services": SERVICES,
    "pods": PODS,
    "capacity": CAPACITY,
    "data": DATA,
    "security": SECURITY,
    "releases": RELEASES,
    "objectives": OBJECTIVES,
}
