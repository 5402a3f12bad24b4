"""How a dashboard is put together: panels with queries, in rows, and Grafana's JSON of it.

Panels say how wide they are; where they are follows from their order. Ids and uids follow from order and names, so that the same
dashboard is the same JSON, and a link to it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from tidegate.model.base import digest_of

if TYPE_CHECKING:
    from components.watch import Watch

Kind = Literal["timeseries", "stat", "gauge", "bargauge", "table", "state-timeline"]

WIDTH: Final = 24
SCHEMA: Final = 41
# Grafana takes uids of up to 40 characters.
_UID: Final = 40
_DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True, slots=True)
class Query:
    """A query, and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    title: str
    queries: tuple[Query, ...]
    kind: Kind = "timeseries"
    unit: str = "short"
    width: int = 12
    height: int = 8
    bad: tuple[float, float] | None = None
    """Where it gets yellow, and where red; the other way round if the first is greater."""
    description: str = ""
    words: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Words and colours instead of values."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels with a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """What the reader chooses: from a query's labels, or from a list."""

    name: str
    label: str
    query: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard."""

    slug: str
    title: str
    rows: tuple[Row, ...]
    variables: tuple[Variable, ...] = ()

    @property
    def queries(self) -> tuple[str, ...]:
        """All that it asks Prometheus."""
        return tuple(query.expression for row in self.rows for panel in row.panels for query in panel.queries)


def uid(namespace: str, slug: str) -> str:
    """By which Grafana knows a dashboard: several stacks may share a Grafana."""
    whole = f"{namespace}-{slug}"
    return whole if len(whole) <= _UID else f"{digest_of(namespace)}-{slug}"


def grafana(board: Board, watch: Watch) -> dict[str, Any]:
    """The dashboard as Grafana takes it."""
    return {
        "uid": uid(watch.namespace, board.slug),
        "title": f"{watch.namespace} / {board.title}",
        "tags": ["tidegate", watch.namespace, watch.environment],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "utc",
        "links": [_links(watch)],
        "templating": {"list": [_datasource(), *(_variable(variable) for variable in board.variables)]},
        "annotations": {"list": [_releases(watch)]},
        "panels": _placed(board.rows),
    }


def _placed(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        panels.append({"id": len(panels) + 1, "type": "row", "title": row.title, "collapsed": False, "panels": []} | _at(0, y, WIDTH, 1))
        y, x, tallest = y + 1, 0, 0
        for panel in row.panels:
            if x + panel.width > WIDTH:
                y, x, tallest = y + tallest, 0, 0
            panels.append({"id": len(panels) + 1} | _panel(panel) | _at(x, y, panel.width, panel.height))
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest
    return panels


def _at(x: int, y: int, w: int, h: int) -> dict[str, Any]:
    return {"gridPos": {"x": x, "y": y, "w": w, "h": h}}


def _panel(panel: Panel) -> dict[str, Any]:
    now = panel.kind not in {"timeseries", "state-timeline"}
    targets = [
        {
            "refId": chr(ord("A") + i),
            "datasource": _DATASOURCE,
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "instant": now,
            "range": not now,
            "format": "table" if panel.kind == "table" else "time_series",
        }
        for i, query in enumerate(panel.queries)
    ]
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel),
    } | ({"transformations": [{"id": "organize", "options": {"excludeByName": {"Time": True}}}]} if panel.kind == "table" else {})


def _defaults(panel: Panel) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": _steps(panel.bad)}}
    if panel.kind == "timeseries":
        drawn = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "spanNulls": False}
        defaults["custom"] = drawn | {"thresholdsStyle": {"mode": "dashed" if panel.bad else "off"}}
        defaults["color"] = {"mode": "palette-classic"}
    else:
        defaults["color"] = {"mode": "thresholds"}
    if panel.unit == "percentunit":
        defaults |= {"min": 0} | ({"max": 1} if panel.kind in {"gauge", "bargauge"} else {})
    if panel.words:
        words = {value: {"text": text, "color": colour, "index": i} for i, (value, (text, colour)) in enumerate(panel.words.items())}
        defaults["mappings"] = [{"type": "value", "options": words}]
    return defaults


def _steps(bad: tuple[float, float] | None) -> list[dict[str, Any]]:
    if bad is None:
        return [{"color": "green", "value": None}]
    first, second = bad
    if first <= second:
        return [{"color": "green", "value": None}, {"color": "yellow", "value": first}, {"color": "red", "value": second}]
    return [{"color": "red", "value": None}, {"color": "yellow", "value": second}, {"color": "green", "value": first}]


def _options(panel: Panel) -> dict[str, Any]:
    reduced = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.kind:
        case "timeseries":
            return {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
        case "stat":
            return {"reduceOptions": reduced, "colorMode": "background", "graphMode": "none", "textMode": "auto"}
        case "gauge":
            return {"reduceOptions": reduced, "showThresholdLabels": False, "showThresholdMarkers": True}
        case "bargauge":
            return {"reduceOptions": reduced, "displayMode": "gradient", "orientation": "horizontal"}
        case "table":
            return {"showHeader": True, "cellHeight": "sm"}
        case "state-timeline":
            return {"showValue": "auto", "mergeValues": True, "rowHeight": 0.8}


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0}


def _variable(variable: Variable) -> dict[str, Any]:
    common = {
        "name": variable.name,
        "label": variable.label,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all", "selected": True},
        "hide": 0,
    }
    if variable.query:
        asked = {"query": variable.query, "refId": f"variable-{variable.name}"}
        return common | {"type": "query", "datasource": _DATASOURCE, "query": asked, "definition": variable.query, "refresh": 2, "sort": 1}
    options = [{"text": option, "value": option, "selected": False} for option in variable.options]
    return common | {"type": "custom", "query": ",".join(variable.options), "options": options}


def _links(watch: Watch) -> dict[str, Any]:
    return {
        "type": "dashboards",
        "title": "Dashboards",
        "tags": ["tidegate", watch.namespace],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
    }


def _releases(watch: Watch) -> dict[str, Any]:
    """A line wherever the last release changed."""
    return {
        "name": "Releases",
        "datasource": _DATASOURCE,
        "enable": True,
        "iconColor": "blue",
        "expr": f'changes(tidegate_releases{{namespace="{watch.namespace}"}}[2m]) > 0',
        "titleFormat": "Release",
        "textFormat": "A release begins",
        "step": "60s",
    }
