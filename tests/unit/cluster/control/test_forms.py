"""Faults as JSON."""

from __future__ import annotations

import re
from typing import Any

import pytest

from embedded.cluster.control import forms
from embedded.cluster.faults.disruptions import Disruption
from embedded.cluster.faults.rules import Rule, Where
from tests.unit.cluster.faults.conftest import make


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"kind": "503"}, Rule("503")),
        ({"kind": "503", "verb": "create", "resource": "pods", "nth": 3}, Rule("503", Where("create", "pods"), nth=3)),
        ({"kind": "slow", "delay": 2, "probability": 0.5}, Rule("slow", delay=2, probability=0.5)),
        ({"kind": "lost", "name": None, "path": "/apis*"}, Rule("lost", Where(path="/apis*"))),
        ({"kind": "crash", "pod": "shop/web-*", "period": 30}, Disruption("crash", "shop/web-*", period=30)),
        ({"kind": "evict"}, Disruption("evict")),
        ({"kind": "node-lost", "node": "node-2", "lasts": 60.5}, Disruption("node-lost", "node-2", lasts=60.5)),
    ],
)
def test_what_is_said_is_what_comes_of_it(data: dict[str, Any], fault: Rule | Disruption) -> None:
    """And what is told of the fault in force is what was asked for, with what has come of it."""
    assert forms.fault(data) == fault
    rig = make()
    told = forms.data(rig.faults.add(fault), 0.0)
    asked = {key: value for key, value in told.items() if key not in {"id", "spent", "counted", "struck", "hits"}}
    assert forms.fault(asked) == fault
    assert (told["id"], told.keys() >= {"spent", "hits"}) == ("1", True)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ([], 'a fault is an object with a kind, as in {"kind": "503"'),
        ({"verb": "create"}, "a fault is an object with a kind"),
        ({"kind": 503}, "a fault is an object with a kind"),
        ({"kind": "explode", "pod": "x"}, "there is no fault 'explode' of requests"),
        ({"kind": "503", "pod": "shop/web"}, "a fault 503 has no pod; it takes verb, resource, namespace, name, path, agent, nth"),
        ({"kind": "crash", "node": "x"}, "a fault crash has no node; it takes pod, after, period, probability, count, lasts"),
        ({"kind": "node-lost", "pod": "x"}, "a fault node-lost has no pod; it takes node"),
        ({"kind": "503", "nth": "3"}, "nth is '3'; it must be a whole number"),
        ({"kind": "503", "nth": 1.5}, "nth is 1.5; it must be a whole number"),
        ({"kind": "503", "nth": True}, "nth is True; it must be a whole number"),
        ({"kind": "503", "verb": 1}, "verb is 1; it must be a text"),
        ({"kind": "slow", "delay": float("inf")}, "delay is inf; it must be a number"),
        ({"kind": "crash", "period": -1}, "period is -1; it must be more than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(data: Any, text: str) -> None:
    """The text says what was wrong, and what there is."""
    with pytest.raises(ValueError, match="^" + re.escape(text)):
        forms.fault(data)
