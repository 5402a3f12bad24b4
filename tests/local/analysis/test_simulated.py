"""The program's stack on a simulated cluster, judged by the cluster's own measurements."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.local.program.stack import event, place, shop
from tidegate.analysis.judge import ThresholdJudge
from tidegate.analysis.places import Places
from tidegate.cluster.port import KubernetesCluster
from tidegate.model.comparing import Values
from tidegate.model.loading import from_config
from tidegate.model.told import Told
from tidegate.planner.reading import Reading

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.local.program.stack import Config, Place
    from tidegate.model.analysis import Look

CPU = {
    "query": 'sum(rate(container_cpu_usage_seconds_total{pod=~"{{service}}-{{slot}}-.*"}[{{window}}]))',
    "compare": "increase",
    "allowed": 3,
}
ANALYSIS = {"window": "3m", "metrics": {"cpu": CPU}}


def shopping(version: str) -> Config:
    """A shop whose `web` is judged."""
    return shop(version, canary=True, more={"web": {"analysis": ANALYSIS}})


def judged(there: Place, config: Config, since: datetime) -> Look:
    """A look at `web`, now; the cluster is asked as the driver does it."""
    values = Values({f"tidegate:{key}": json.dumps(value) for key, value in config.items()} | {"kubernetes:kubeconfig": "kubeconfig"})
    told = Told(values, from_config(values.texts, None, "tidegate").required(), "Pulumi.test.yaml")
    with KubernetesCluster(values, there.stack.folder.parent) as cluster, Places(cluster.ask, {}) as places:
        return ThresholdJudge(places).look(told, Reading(there.ledger), "web", since, now(there))


def now(there: Place) -> datetime:
    """The cluster's time."""
    return datetime.fromtimestamp(there.cluster.call(there.cluster.clock.now), UTC)


def test_a_candidate_of_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One with three errors in a thousand is found out, though one in a hundred would be borne; without users nothing is known of it."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "password")
    monkeypatch.setattr(os, "fsync", lambda _: None)
    config = shopping("v2-sparse")
    with place(tmp_path) as there:
        there.install(shopping("v1"), host="http://www.shop.example/")
        there.up(config, event("stage")).well()
        there.up(config, event("shift", weight=50)).well()
        since = now(there)
        there.pass_time("200s")
        found = judged(there, config, since)
        assert (found.verdict, [one.verdict for one in found.measured]) == ("fail", ["fail", "pass", "pass"]), found
        assert found.measured[0].text.startswith("error rate 0.")
        there.cluster.call(lambda: there.cluster.traffic.end_flow("host"))
        there.pass_time("20s")
        since = now(there)
        there.pass_time("60s")
        silent = judged(there, config, since)
        assert silent.verdict == "no-data"
        assert "the candidate got no requests in " in silent.text
