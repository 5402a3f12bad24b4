"""Environments on a cluster: what there is, what fits into it, and in which order it comes and changes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from components import pods
from components.quota import service as needed
from embedded.cluster.cluster import Cluster
from tests.local.kubernetes.stack import Stack
from tests.unit.components.examples import example, small
from tidegate.model.slots import desired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from embedded.cluster.model.objects import Obj
    from tidegate.model.intent.intent import Intent

REGISTRY = {"required": ["username", "password"], "values": {"username": "ci", "password": "hush-hush"}}
PULLING = {"pull_secret": "registry"}


class Place:
    """A cluster, and a stack of an environment on it."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        self.cluster, self.client = cluster, httpx.Client(base_url=cluster.url, timeout=10)
        self.stack = Stack(folder / "stack", cluster.kubeconfig_file(folder / "kubeconfig"))

    def all(self, kind: str, namespace: str = "shop") -> dict[str, Obj]:
        """All objects of a kind, by name."""
        return {o["metadata"]["name"]: o for o in self.cluster.call(lambda: list(self.cluster.store.all(kind, namespace)))}

    def create(self, pod: Obj, namespace: str = "shop") -> httpx.Response:
        """Ask for a pod."""
        return self.client.post(f"/api/v1/namespaces/{namespace}/pods", json=pod)

    def order(self, *resources: str) -> list[str]:
        """In which order objects of these kinds were created in the namespace, by kind."""
        lines = [json.loads(line) for line in self.cluster.call(self.cluster.journal.lines)]
        made = [line for line in lines if line["kind"] == "object" and line["verb"] == "create" and line["namespace"] == "shop"]
        kinds = [line["resource"].partition(".")[0] for line in made if line["name"] != "default"]
        return [kind for kind in kinds if kind in resources]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A cluster whose pods are ready in a moment."""
    with Cluster(rate=20) as cluster:
        made = Place(tmp_path, cluster)
        with made.client:
            yield made


def program(intent: Intent, layout: Mapping[str, Any] | None = None, refusal: str = "") -> Callable[[], None]:
    """A program of an environment and its sets of secrets."""

    def run() -> None:
        import pulumi

        from components import environment, secrets

        def named(namespace: str) -> str:
            if refusal:
                raise pulumi.RunError(refusal)
            return namespace

        namespace = pulumi.Output.from_input(intent.environment.namespace).apply(named)
        made = environment.Environment("environment", environment.arguments(intent, namespace, layout))
        secrets.Secrets("secrets", secrets.arguments(intent, made.namespace))
        pulumi.export("accounts", made.accounts)
        pulumi.export("priorities", made.priorities)

    return run


def pod(name: str, containers: list[Obj], **spec: Any) -> Obj:
    """A pod to ask for."""
    return {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def test_an_environment_is_complete_and_stays_as_it_is(place: Place) -> None:
    """All its parts are there and say whose they are; nothing changes with the next update, or after looking at what is really there."""
    intent = example("local")
    space = intent.environment.namespace
    place.stack.up(program(intent)).well()
    kinds = {
        "/namespaces": {space}, "/resourcequotas": {"environment"}, "/limitranges": {"environment"},
        "rbac.authorization.k8s.io/roles": {"viewer", "operator", "deployer"},
        "scheduling.k8s.io/priorityclasses": {f"{space}-services", f"{space}-data"},
        "/serviceaccounts": {*intent.services}, "/secrets": {"database-secrets", "monitoring-secrets", "postgres-secrets"},
    }  # fmt: skip
    for kind, names in kinds.items():
        clusterwide = kind in {"/namespaces", "scheduling.k8s.io/priorityclasses"}
        found = place.all(kind, "" if clusterwide else space)
        assert names <= found.keys()
        assert all(found[name]["metadata"]["labels"].items() >= intent.environment.labels.items() for name in names)
    assert place.all("/namespaces", "")[space]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert len(place.all("networking.k8s.io/networkpolicies", space)) == 2 + len(intent.services) + len(intent.data) + 2
    assert all(one["automountServiceAccountToken"] is False for one in place.all("/serviceaccounts", space).values())
    assert place.stack.up(program(intent)).well().changes == {}
    place.stack.refresh().well()
    assert place.stack.preview(program(intent)).well().changes == {}
    place.stack.destroy().well()
    assert space not in place.all("/namespaces", "")


def test_a_plan_that_is_refused_changes_nothing(place: Place) -> None:
    """Everything waits for the namespace, and the namespace for the plan: what is the cluster's, too."""
    place.stack.up(program(small({"web": {}}), refusal="no: a release is under way")).failed("a release is under way")
    assert "shop" not in place.all("/namespaces", "")
    assert not [name for name in place.all("scheduling.k8s.io/priorityclasses", "") if name.startswith("shop")]
    place.stack.up(program(small({"web": {}}))).well()
    before = place.all("/resourcequotas")
    place.stack.up(program(small({"web": {"replicas": 9}}), refusal="no: a release is under way")).failed("a release is under way")
    assert place.all("/resourcequotas") == before


def test_pods_come_after_the_rules_that_hold_for_them(place: Place) -> None:
    """A service account is there once bounds, rules and what pulls images are: no pod is ever without them."""
    place.stack.up(program(small({"web": {}, "api": {}}, PULLING, secrets={"registry": REGISTRY}))).well()
    found = place.order("networkpolicies", "resourcequotas", "limitranges", "secrets", "serviceaccounts")
    assert found[-2:] == ["serviceaccounts"] * 2
    assert set(found[:-2]) == {"networkpolicies", "resourcequotas", "limitranges", "secrets"}


@pytest.mark.parametrize("stack", ["local", "staging", "production"])
def test_both_slots_full_fit(place: Place, stack: str) -> None:
    """All pods of both slots of all services are taken, and Kubernetes' own reckoning agrees; what is far beyond that is refused."""
    intent = example(stack).model_copy(update={"environment": example(stack).environment.model_copy(update={"pull_secret": None})})
    space = intent.environment.namespace
    place.stack.up(program(intent.model_copy(update={"data": {}, "notifications": {}, "monitoring": small({"a": {}}).monitoring}))).well()
    full = {name: needed(intent, name) for name in intent.services}
    for name, need in full.items():
        container = {"name": "app", "image": "i", "resources": pods.sized(desired(intent, name).resources)}
        for number in range(need.pods - bool(intent.services[name].checks.smoke) - bool(intent.services[name].migrations)):
            answer = place.create(pod(f"{name}-{number}", [container], serviceAccountName=name), space)
            assert answer.status_code == 201, answer.text
    big = {"name": "app", "image": "i", "resources": {side: {"cpu": "2", "memory": "4Gi"} for side in ("requests", "limits")}}
    answers = [place.create(pod(f"big-{number}", [big]), space) for number in range(20)]
    assert "exceeded quota: environment" in answers[-1].json()["message"]


def test_a_container_that_says_nothing_of_its_size_gets_one(place: Place) -> None:
    """And one that is too big is refused."""
    place.stack.up(program(small({"web": {}}))).well()
    assert place.create(pod("none", [{"name": "app", "image": "i"}])).json()["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "250m", "memory": "256Mi"},
        "requests": {"cpu": "50m", "memory": "64Mi"},
    }
    big = {"name": "app", "image": "i", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "9", "memory": "1Gi"}}}
    assert "maximum cpu usage per Container is 2, but limit is 9" in place.create(pod("big", [big])).json()["message"]


def test_what_slots_run_keeps_its_room_and_reach(place: Place) -> None:
    """While a slot runs what the intent doesn't say any more, bounds and rules are for both; afterwards for what there is then."""
    resources = {side: {"cpu": "1", "memory": "1Gi"} for side in ("requests", "limits")}
    before = small({"web": {"depends_on": ["api"], "replicas": 6, "resources": resources}, "api": {}})
    after = small({"web": {"replicas": 2}, "api": {}})

    def layout(live: Intent) -> dict[str, Any]:
        def slot(intent: Intent, name: str) -> Obj:
            return {"spec": desired(intent, name).model_dump(mode="json"), "replicas": intent.services[name].replicas or 2, "scaling": None}

        return {"services": {name: {"slots": {"blue": slot(live, name), "green": slot(after, name)}} for name in after.services}}

    def state() -> tuple[str, bool]:
        (quota,) = place.all("/resourcequotas").values()
        (web,) = [p for name, p in place.all("networking.k8s.io/networkpolicies").items() if name == "service-web"]
        return quota["spec"]["hard"]["requests.memory"], bool(web["spec"].get("egress"))

    place.stack.up(program(before)).well()
    first = state()
    assert first[1]
    place.stack.up(program(after, layout(before))).well()
    assert state() == first
    assert place.stack.up(program(after, layout(after))).well().changes == {"update": 3}
    assert state()[1] is False
    assert place.stack.up(program(after, layout(after))).well().changes == {}


def test_a_renamed_service_s_account_moves(place: Place) -> None:
    """The new one is there before the old one goes."""
    place.stack.up(program(small({"web": {}, "api": {"depends_on": ["web"]}}))).well()
    renamed = small({"site": {"renamed_from": "web"}, "api": {"depends_on": ["site"]}})
    run = place.stack.up(program(renamed)).well()
    assert run.changes["replace"] == 2
    assert {"site", "api"} <= place.all("/serviceaccounts").keys()
    assert "web" not in place.all("/serviceaccounts")
    assert {"service-site", "service-api"} <= place.all("networking.k8s.io/networkpolicies").keys()
    assert "service-web" not in place.all("networking.k8s.io/networkpolicies")
    assert place.stack.up(program(renamed)).well().changes == {}


def test_a_priority_that_changes_is_made_anew(place: Place) -> None:
    """Its value can't be changed, and its name stays."""
    place.stack.up(program(small({"web": {}}))).well()
    place.stack.up(program(small({"web": {}}, {"priorities": {"services": 1500}}))).well()
    assert place.all("scheduling.k8s.io/priorityclasses", "")["shop-services"]["value"] == 1500


def test_secrets_are_what_the_sets_say(place: Place) -> None:
    """A key that is taken out is gone from its Secret; no value is to be read in the state; the registry's has the kubelet's form."""

    def shop(values: dict[str, str]) -> Intent:
        data = {"cache": {"kind": "redis", "secret": "db"}}
        return small(
            {"web": {}},
            PULLING,
            data=data,
            secrets={"registry": REGISTRY, "db": {"required": ["redis-password"], "values": values}},
        )

    place.stack.up(program(shop({"redis-password": "top-secret", "old": "older-secret"}))).well()
    place.stack.up(program(shop({"redis-password": "top-secret"}))).well()
    found = place.all("/secrets")
    assert found["db"]["data"] == {"redis-password": base64.b64encode(b"top-secret").decode()}
    assert found["registry"]["type"] == "kubernetes.io/dockerconfigjson"
    assert "registry.example" in json.loads(base64.b64decode(found["registry"]["data"][".dockerconfigjson"]))["auths"]
    state = (place.stack.folder / "backend" / ".pulumi" / "stacks" / "shop" / "dev.json").read_text()
    hidden = ["top-secret", "hush-hush"]
    assert not [text for text in [*hidden, *(base64.b64encode(one.encode()).decode() for one in hidden)] if text in state]


def test_pods_wait_for_external_secrets(place: Place) -> None:
    """Service accounts come once the operator has made the Secret: nothing starts on half a set."""
    external = {"required": ["username", "password"], "external": {"store": "vault", "path": "shop/registry"}}
    place.stack.up(program(small({"web": {}}, PULLING, secrets={"registry": external}))).well()
    assert place.order("externalsecrets", "secrets", "serviceaccounts") == ["externalsecrets", "secrets", "serviceaccounts"]
    made = place.all("/secrets")["registry"]
    assert made["type"] == "kubernetes.io/dockerconfigjson"
