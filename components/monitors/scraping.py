"""Prometheus' configuration: whom it asks for metrics, and what it calls them. As JSON, which is YAML as well."""

import json
from typing import Any, Final

from components.monitors.server import ALERTMANAGER, STATE_METRICS
from components.watch import Watch

INTERVAL: Final = "30s"
CONFIG: Final = "/etc/prometheus/config"
RULES: Final = "/etc/prometheus/rules"

_ACCOUNT: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_POD: Final = "__meta_kubernetes_pod"
# What series are called by: whose pod it is, in which slot, and which version.
_NAMES: Final = {
    f"{_POD}_name": "pod",
    f"{_POD}_node_name": "node",
    "__meta_kubernetes_namespace": "namespace",
    f"{_POD}_label_app_kubernetes_io_name": "service",
    f"{_POD}_label_tidegate_dev_slot": "slot",
    f"{_POD}_label_app_kubernetes_io_version": "version",
}


def configuration(watch: Watch) -> str:
    """The whole configuration."""
    jobs = [_pods(), _states(), _kubelet("cadvisor", "/metrics/cadvisor", "container_.+", watch)]
    jobs += [_kubelet("volumes", "/metrics", "kubelet_volume_stats_.+", watch), _static("prometheus", "localhost:9090")]
    return json.dumps(
        {
            "global": {
                "scrape_interval": INTERVAL,
                "evaluation_interval": INTERVAL,
                "external_labels": {"environment": watch.environment},
            },
            "rule_files": [f"{RULES}/*.yaml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"{ALERTMANAGER.name}:{ALERTMANAGER.port}"]}]}]},
            "scrape_configs": jobs,
        },
        indent=1,
    )


def _pods() -> dict[str, Any]:
    """All pods that say by annotations where their metrics are. Those with several ports are found as often, and are one all the same."""
    annotation = f"{_POD}_annotation_prometheus_io"
    return {
        "job_name": "pods",
        "kubernetes_sd_configs": [{"role": "pod", "namespaces": {"own_namespace": True}}],
        "relabel_configs": [
            {"source_labels": [f"{annotation}_scrape"], "regex": "true", "action": "keep"},
            {"source_labels": [f"{_POD}_phase"], "regex": "Pending|Succeeded|Failed", "action": "drop"},
            {"source_labels": [f"{annotation}_path"], "regex": "(.+)", "target_label": "__metrics_path__"},
            {
                "source_labels": ["__address__", f"{annotation}_port"],
                "regex": r"(.+?)(?::\d+)?;(\d+)",
                "replacement": "$1:$2",
                "target_label": "__address__",
            },
            *({"source_labels": [source], "target_label": target} for source, target in _NAMES.items()),
        ],
    }


def _states() -> dict[str, Any]:
    """What kube-state-metrics says is of other pods than its own: its labels hold."""
    return _static("kube-state-metrics", f"{STATE_METRICS.name}:{STATE_METRICS.port}") | {"honor_labels": True}


def _kubelet(job: str, path: str, names: str, watch: Watch) -> dict[str, Any]:
    """What kubelets measure of pods and volumes: of all that are on their node, so the others are left out."""
    return {
        "job_name": job,
        "scheme": "https",
        "metrics_path": path,
        "honor_labels": True,
        "authorization": {"credentials_file": f"{_ACCOUNT}/token"},
        # Kubelets sign their certificates themselves unless the cluster was told otherwise.
        "tls_config": {"ca_file": f"{_ACCOUNT}/ca.crt", "insecure_skip_verify": True},
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [{"source_labels": ["__meta_kubernetes_node_name"], "target_label": "node"}],
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": names, "action": "keep"},
            {"source_labels": ["namespace"], "regex": watch.namespace, "action": "keep"},
        ],
    }


def _static(job: str, target: str) -> dict[str, Any]:
    return {"job_name": job, "static_configs": [{"targets": [target]}]}
