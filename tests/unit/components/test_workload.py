"""A slot's pods, sizes and settings, as they are rendered: pure functions of what the plan says."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import labels, pods, sizes
from components.ports import service_ports
from components.slots import after, parsed, slot_of
from tests.local.components.shop import Position, intent_of, service
from tidegate.model.intent.service import Autoscaling, Container, Metrics, Probes, ReadyProbe
from tidegate.model.slots import SlotSpec, desired

if TYPE_CHECKING:
    from components.slots import State

PLACE = pods.Place("web", "green", "web", "services", "web-green-config-1", ("web-green-secrets-1",))
HOLD = {"min": 4, "max": 8, "hold": True}


def spec_of(**settings: Any) -> SlotSpec:
    """What the pods of a service with these settings are made from."""
    return desired(intent_of(service(**settings)), "web")


def state(replicas: int = 3, scaling: dict[str, Any] | None = None, **settings: Any) -> State:
    """A slot."""
    layout = Position.installed(intent_of(service(**settings)), replicas, scaling).layout
    return parsed(layout["slots"]["blue"])


def autoscaled(replicas: int, scaling: dict[str, Any] | None) -> State:
    """A slot of a service that scales by itself."""
    return state(replicas, scaling, autoscaling=Autoscaling(min=2, max=8))


def test_pods_are_as_the_restricted_standard_wants_them() -> None:
    """Of the pod and of each of its containers, those beside the main one too."""
    made = pods.template(spec_of(init={"a": Container(image="a:1")}, sidecars={"b": Container(image="b:1")}), PLACE)["spec"]
    assert made["securityContext"]["runAsNonRoot"]
    assert made["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not made["automountServiceAccountToken"]
    for container in made["containers"] + made["initContainers"]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert not container["securityContext"]["allowPrivilegeEscalation"]
        assert container["resources"]["limits"]["memory"]


def test_a_pod_takes_requests_until_every_proxy_knows() -> None:
    """It sleeps before it is told to end, and has its whole grace after that."""
    made = pods.template(spec_of(drain="20s", grace="1m"), PLACE)["spec"]
    assert made["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 20}}}
    assert made["terminationGracePeriodSeconds"] == 80


def test_probes_ask_where_and_when_the_intent_says() -> None:
    """By the port's name, so that another number is no other probe."""
    probes = Probes(ready=ReadyProbe(path="/well", port="admin", period="3s", timeout="500ms", failures=7))
    made = pods.template(spec_of(ports={"http": 8080, "admin": 9000}, probes=probes), PLACE)["spec"]["containers"][0]
    assert made["readinessProbe"] == {
        "httpGet": {"path": "/well", "port": "admin", "scheme": "HTTP"},
        "periodSeconds": 3,
        "timeoutSeconds": 1,
        "failureThreshold": 7,
    }
    assert made["startupProbe"]["httpGet"] == made["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http", "scheme": "HTTP"}


def test_a_release_alone_starts_no_pod_anew() -> None:
    """Neither the release nor what is proven is part of the template; the version and the slot are."""
    made = pods.template(spec_of(version="v1.4.2-rc.1"), PLACE)["metadata"]
    assert made["labels"][labels.VERSION] == "v1.4.2-rc.1"
    assert made["labels"][labels.SLOT] == "green"
    assert made["labels"]["tidegate.dev/team"] == "shop"
    assert labels.RELEASE not in made["labels"] | made["annotations"]


def test_who_reads_metrics_is_told_where_they_are() -> None:
    """By annotations, for a Prometheus without an operator; a service without metrics isn't scraped."""
    found = pods.template(spec_of(ports={"http": 8080, "admin": 9000}, metrics=Metrics(path="/m", port="admin")), PLACE)["metadata"]
    assert {key: value for key, value in found["annotations"].items() if key.startswith("prometheus.io/")} == {
        "prometheus.io/scrape": "true",
        "prometheus.io/port": "9000",
        "prometheus.io/path": "/m",
    }
    assert not [key for key in pods.template(spec_of(metrics=None), PLACE)["metadata"]["annotations"] if key.startswith("prometheus.io/")]


def test_files_and_folders_are_where_they_are_wanted() -> None:
    """Each file at its path, read-only, and beside what the image has there; folders that may be written to are bounded."""
    spec = spec_of(config={"/etc/web/a.json": "1", "/etc/web_a.json": "2"}, writable=("/tmp", "/cache"), scratch="16Mi")
    made = pods.template(spec, PLACE)["spec"]
    files = pods.files(spec.config)
    mounted = {m["mountPath"]: files[m["subPath"]] for m in made["containers"][0]["volumeMounts"] if "subPath" in m}
    assert mounted == spec.config
    assert [v["emptyDir"] for v in made["volumes"] if "emptyDir" in v] == [{"sizeLimit": "16Mi"}] * 2


_NAMES = st.from_regex(r"\A[-._A-Za-z0-9]{1,12}\Z").filter(lambda name: name not in {".", ".."})


@given(st.sets(st.lists(_NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), max_size=8))
def test_no_two_files_have_the_same_key(paths: set[str]) -> None:
    """Whatever the paths are, and each key is one that a ConfigMap takes."""
    found = pods.files(dict.fromkeys(paths, "x"))
    assert len(found) == len(paths)
    assert all(re.fullmatch(r"[-._a-zA-Z0-9]+", key) for key in found)


@given(st.text(alphabet="$(){}AB", max_size=12))
def test_variables_are_as_they_were_written(text: str) -> None:
    """What Kubernetes makes of them is what the user wrote: no reference is followed, no dollar lost."""
    (made,) = pods.variables({"KEY": text})
    # Kubernetes' own expansion of the `env` of a container, where nothing is defined.
    assert re.sub(r"\$(\$|\([^)]*\))", lambda m: "$" if m[1] == "$" else m[0], made["value"]) == text


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("JWT_SECRET", "JWT_SECRET"),
        ("postgres-url", "POSTGRES_URL"),
        ("openai-api-key", "OPENAI_API_KEY"),
        ("2nd.key", "_2ND_KEY"),
        ("a", "a"),
    ],
)
def test_keys_become_variables(key: str, name: str) -> None:
    """A key that no shell would take gets a name that it does."""
    assert pods.variable(key) == name


def test_an_order_that_the_state_does_not_keep_means_nothing() -> None:
    """A slot that has been through the state, whose keys come back sorted, is rendered as it was."""
    spec = spec_of(
        ports={"web": 1, "admin": 2, "http": 3},
        env={"B": "1", "A": "2"},
        config={"/z": "1", "/a": "2"},
        init={"z": Container(image="z"), "a": Container(image="a")},
        sidecars={"y": Container(image="y"), "b": Container(image="b")},
        annotations={"z": "1", "a": "2"},
    )
    stored = SlotSpec.model_validate(json.loads(json.dumps(spec.model_dump(mode="json"), sort_keys=True)), strict=False)
    assert (stored.hash, pods.template(stored, PLACE)) == (spec.hash, pods.template(spec, PLACE))
    assert service_ports(stored.ports) == service_ports(spec.ports)


def test_an_upgrade_of_tidegate_is_no_release() -> None:
    """A slot has the hash that ledgers know it by: fields with defaults may be added to what it is made from, and that is all."""
    assert spec_of(ports={"http": 80}, env={"A": "1"}, config={"/a": "1"}).hash == "70ace2830b"


@pytest.mark.parametrize(
    ("made", "floor", "written"),
    [
        (state(3), 3, {"replicas": 3}),
        (state(0), 0, {"replicas": 0}),
        (autoscaled(6, HOLD), 4, {}),
        (autoscaled(0, HOLD), 0, {"replicas": 0}),
        (autoscaled(6, None), 1, {}),
        (state(3, HOLD), 3, {"replicas": 3}),
    ],
    ids=["fixed", "empty", "scaled", "scaled and empty", "autoscaler taken away", "fixed in a service that scales by now"],
)
def test_who_says_how_many_pods_there_are(made: State, floor: int, written: dict[str, int]) -> None:
    """The Deployment where the number is fixed or nothing, whoever has changed it meanwhile; else nobody but the autoscaler."""
    assert (made.floor, sizes.replicas(made)) == (floor, written)
    assert ("pulumi.com/patchForce" in sizes.deployment_annotations(made)) is ("replicas" in written)


@pytest.mark.parametrize(
    ("made", "bounds", "down"),
    [
        (autoscaled(6, HOLD), (4, 8), "Disabled"),
        (autoscaled(6, {"min": 2, "max": 8, "hold": False}), (2, 8), "Max"),
        (state(3, HOLD), (3, 3), "Max"),
        (state(0, None), (1, 1), "Max"),
    ],
    ids=["held", "free", "fixed", "empty"],
)
def test_an_autoscaler_keeps_to_its_bounds(made: State, bounds: tuple[int, int], down: str) -> None:
    """And doesn't shrink while all traffic may come back."""
    spec = sizes.autoscaler(made, "web-blue", 70, None)
    assert (spec["minReplicas"], spec["maxReplicas"]) == bounds
    assert spec["behavior"]["scaleDown"]["selectPolicy"] == down
    assert [m["resource"]["name"] for m in spec["metrics"]] == ["cpu"]


@given(st.integers(0, 9), st.integers(1, 5), st.integers(0, 4), st.booleans())
def test_a_budget_proves_the_floor_and_lets_nodes_be_emptied(replicas: int, least: int, more: int, hold: bool) -> None:
    """It keeps one pod less than there are at least: a disruption is allowed exactly when all of those are well."""
    made = autoscaled(replicas, {"min": least, "max": least + more, "hold": hold})
    kept = sizes.budget("web", "blue", made)["minAvailable"]
    wanted = sizes.budget_annotations(made).get("pulumi.com/waitFor")
    assert kept == max(0, made.floor - 1)
    assert (wanted is not None) is made.running
    assert wanted is None or json.loads(wanted) == [
        f"jsonpath={{.metadata.annotations['tidegate.dev/proven']}}={made.proven}",
        f"jsonpath={{.status.desiredHealthy}}={kept}",
        "condition=DisruptionAllowed",
    ]


@given(st.from_regex(r"\A[A-Za-z0-9_][-.+A-Za-z0-9_]{0,62}\Z"))
def test_any_version_makes_a_label(version: str) -> None:
    """Kubernetes takes it."""
    assert re.fullmatch(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?", labels.value(version))


def test_what_is_empty_is_left_out_of_metadata() -> None:
    """The API server doesn't keep it, so it would be a difference at each update."""
    assert labels.metadata("web", "shop", {}, {}) == {"name": "web", "namespace": "shop"}
    assert labels.metadata(None, "shop", {"a": "b"}, {"c": "d"}) == {"namespace": "shop", "labels": {"a": "b"}, "annotations": {"c": "d"}}


def test_a_slot_is_blue_or_green() -> None:
    """And nothing else: the error says so."""
    assert slot_of("green") == "green"
    with pytest.raises(ValueError, match="'red'; it must be one of blue, green"):
        slot_of("red")
    assert after(None) == []
