"""What the port finds out on the simulated cluster: how slots are, whether a check passes, and what can't be found out."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

import httpx
import pytest

from embedded.cluster.faults.rules import Rule
from tests.local.kubernetes.stack import lose_patience
from tests.local.program.stack import SPACE, event, shop
from tidegate.cluster.port import KubernetesCluster
from tidegate.model.comparing import Values
from tidegate.model.errors import AuthenticationError, UnreachableError
from tidegate.model.intent.intent import Intent
from tidegate.model.intent.service import Check
from tidegate.model.told import Told

if TYPE_CHECKING:
    from tests.local.cluster_port.scene import Scene
    from tests.local.program.stack import Config

KUBECONFIG = Values({"kubernetes:kubeconfig": "kubeconfig"})
# The cluster's time passes fast: a machine with much to do has no time to waste in this.
PATHS = Check(paths=("/health",), timeout="10m", retries=0)


def told(config: Config) -> Told:
    """What a stack's file would say."""
    return Told(Values({}), Intent.model_validate(deepcopy(config), strict=False), "a test")


def test_a_check_goes_where_testers_go(scene: Scene) -> None:
    """To the slot itself, or by the header through the gateway; what was wrong is said, and nothing of it stays."""
    there = scene.there
    match = {"web": {"traffic": {"kind": "gateway", "host": "www", "match": {"header": "X-Candidate", "value": "yes"}}}}
    old, new = shop(canary=True, more=match), shop("v2-broken", canary=True, more={**match})
    for config in (old, new):
        del config["services"]["web"]["checks"]
    there.up(old).well()
    there.up(new).well()
    jobs = set(there.all("batch/jobs"))
    assert scene.port.check(told(new), "api", "blue", PATHS) is None
    said = scene.port.check(told(new), "web", "green", PATHS)
    assert said is not None
    assert "GET http://www.shop.example/health: 500" in said
    assert set(there.all("batch/jobs")) == jobs
    there.up(new, event("abort", reason="test")).well()
    # Testers get what all get.
    assert scene.port.check(told(new), "web", "green", PATHS) is None


def test_health_says_what_is_wrong_with_which_pod(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the pods that are to stay; those that are about to go count for nothing. And an API server that is away is said to be so."""
    there = scene.there
    there.up(shop()).well()
    well = scene.health().slots["blue"]
    assert (well.ready, well.wanted, well.restarts, well.troubles) == (2, 2, 0, ())
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "registry.example/web:v2-missing"}]}}}}
    scene.edit("apps/v1/deployments", "web-blue", image)
    scene.arrived(lambda: bool(scene.health().slots["blue"].troubles))
    bad = scene.health().slots["blue"]
    assert (bad.ready, bad.wanted) == (0, 2)
    kind, text = bad.troubles[0]
    assert kind == "configuration"
    assert "container app doesn't get its image registry.example/web:v2-missing: " in text
    assert scene.health("api").slots["blue"] == well
    (drift,) = scene.port.drift(scene.reading())
    assert drift.startswith("Deployment web-blue of service web was changed since the last update, by kubectl-edit: spec.template.spec.")

    # Somebody has set a quota, in which there is room for one more pod; the stack's own has enough.
    assert scene.port.room(told(shop("v2")), scene.reading()) == []
    running = sum(pod["status"]["phase"] in {"Pending", "Running"} for pod in there.all("/pods").values())
    quota = {"metadata": {"name": "theirs"}, "spec": {"hard": {"pods": running + 1, "requests.cpu": "20"}}}
    httpx.post(f"{there.cluster.url}/api/v1/namespaces/{SPACE}/resourcequotas", json=quota, timeout=10).raise_for_status()
    scene.arrived(lambda: "used" in there.all("/resourcequotas")["theirs"].get("status", {}))
    assert scene.port.room(told(shop()), scene.reading()) == []
    (lacking,) = scene.port.room(told(shop("v2")), scene.reading())
    assert lacking.startswith("quota theirs has 1 of pods left (")
    assert "and the candidates need 3: have it raised" in lacking

    lose_patience(monkeypatch)
    with KubernetesCluster(KUBECONFIG, there.stack.folder.parent) as port:
        there.fault(Rule("503"))
        with pytest.raises(UnreachableError, match="the API server can't just now"):
            port.health(scene.reading())
        there.mend()
        assert port.health(scene.reading())["api"].slots["blue"] == well
        there.fault(Rule("403"))
        with pytest.raises(AuthenticationError, match=r"list .* in namespace shop: .* role `viewer` may"):
            port.health(scene.reading())
        with pytest.raises(AuthenticationError, match=r"patch httproutes.gateway.networking.k8s.io in .* role `deployer` may"):
            port.lead(scene.reading(), {"web": 0})
        there.mend()
