"""Dashboards as Grafana takes them: well-formed, without overlaps, and every query parses."""

from __future__ import annotations

import json
import re
from itertools import combinations
from typing import Any, Final

import promql_parser
import pytest

from components.alerts.groups import groups
from components.dashboards.boards import boards, written
from components.dashboards.build import Board, Panel, Query, Row, grafana, uid
from components.watch import Watch, watch, watch_of
from tests.unit.components.examples import example

FULL: Final = Watch(
    "shop",
    "test",
    "web",
    ("www.shop.example",),
    {"db": "postgresql", "cache": "redis"},
    backup=True,
    business={"Orders": 'sum(rate(orders_total{namespace="{{namespace}}"}[5m]))'},
)
ALL: Final = {board.slug: board for board in boards(FULL)}
SLUGS: Final = ["overview", "application", "infrastructure", "database", "security", "release"]
# What Grafana fills in.
FILLED: Final = {"$__rate_interval": "5m", "$__range": "1h", "$service": "web", "$slot": "blue", "$pod": "web-1"}


def filled(query: str) -> str:
    """A query as Prometheus gets it."""
    for variable, value in FILLED.items():
        query = query.replace(variable, value)
    return query


def test_there_are_all() -> None:
    """What the earlier systems had, in one set."""
    assert list(ALL) == SLUGS
    assert all(json.loads(text)["panels"] for text in written(FULL).values())


@pytest.mark.parametrize("slug", SLUGS)
def test_every_query_parses(slug: str) -> None:
    """With Grafana's variables filled in; none is left over."""
    for query in ALL[slug].queries:
        whole = filled(query)
        assert not re.search(r"\$[^12]", whole)
        promql_parser.parse(whole)


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_the_examples_dashboards_parse(stack: str) -> None:
    """In each of the example's stacks."""
    for board in boards(watch(watch_of(example(stack)))):
        for query in board.queries:
            promql_parser.parse(filled(query))


@pytest.mark.parametrize("slug", SLUGS)
def test_panels_are_in_their_places(slug: str) -> None:
    """Ids are unique, panels fit the grid of 24 columns, and none covers another."""
    panels = grafana(ALL[slug], FULL)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 and place["h"] > 0 for place in places)
    for one, other in combinations(places, 2):
        assert not _covers(one, other), (one, other)


def _covers(one: dict[str, int], other: dict[str, int]) -> bool:
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@pytest.mark.parametrize("slug", SLUGS)
def test_panels_are_whole(slug: str) -> None:
    """Each has a title, queries with ids of their own, a unit, and the datasource that the reader chose."""
    for panel in (panel for panel in grafana(ALL[slug], FULL)["panels"] if panel["type"] != "row"):
        assert panel["title"]
        assert panel["targets"]
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"]
        steps = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert steps[0] is None
        assert steps[1:] == sorted(steps[1:])


@pytest.mark.parametrize("slug", SLUGS)
def test_variables_that_are_used_are_there(slug: str) -> None:
    """And no others."""
    whole = grafana(ALL[slug], FULL)
    known = {variable["name"] for variable in whole["templating"]["list"]}
    asked = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps([panel.get("targets", []) for panel in whole["panels"]])))
    assert asked == known


@pytest.mark.parametrize("slug", ["application", "release"])
def test_one_can_look_at_a_service_and_a_slot(slug: str) -> None:
    """The two that a release is watched with."""
    assert {variable.name for variable in ALL[slug].variables} == {"service", "slot"}


def test_uids_are_stable_short_and_each_stacks_own() -> None:
    """Stacks that share a Grafana don't overwrite each other's dashboards, and a link to one lasts."""
    found = {uid(space, slug) for space in ("shop", "shop-staging", "a-namespace-with-quite-a-long-name-for-it") for slug in SLUGS}
    assert len(found) == 3 * len(SLUGS)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", one) for one in found)
    assert uid("shop", "overview") == "shop-overview"


def test_what_isnt_there_has_no_dashboard() -> None:
    """Without databases and backups there is none of them, and without business figures no row for them."""
    bare = Watch("shop", "test", "web")
    assert [board.slug for board in boards(bare)] == [slug for slug in SLUGS if slug != "database"]
    rows = {row.title for board in boards(bare) for row in board.rows}
    assert "Business" not in rows


def test_the_teams_own_figures_are_panels() -> None:
    """With the namespace filled in."""
    (row,) = (row for row in ALL["application"].rows if row.title == "Business")
    assert [(panel.title, panel.queries[0].expression) for panel in row.panels] == [
        ("Orders", 'sum(rate(orders_total{namespace="shop"}[5m]))')
    ]


def test_the_security_dashboard_names_alerts_that_there_are() -> None:
    """Its list is not of alerts that once were."""
    known = {alert.name for group in groups(FULL) for alert in group.alerts}
    (listed,) = re.findall(r'alertname=~"([^"]*)"', ALL["security"].queries[0])
    assert set(listed.split("|")) <= known


def test_panels_wrap_below_the_tallest() -> None:
    """What doesn't fit beside goes below all that is in its line."""
    panels = tuple(Panel(str(i), (Query("up"),), width=10, height=height) for i, height in enumerate((4, 9, 3)))
    placed: list[dict[str, Any]] = grafana(Board("x", "X", (Row("Row", panels),)), FULL)["panels"]
    assert [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in placed] == [(0, 0), (0, 1), (10, 1), (0, 10)]
