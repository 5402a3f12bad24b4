"""A stack's own Prometheus, Alertmanager, Grafana and kube-state-metrics: one component a file, and beside it what it is configured by."""
