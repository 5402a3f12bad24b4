"""Grafana's dashboards as code. One module a dashboard, put together in `boards`."""
