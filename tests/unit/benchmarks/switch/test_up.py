"""What updates are given, what a benchmark on a node says of itself, and whose fields are applied."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from benchmarks.switch import on_node
from benchmarks.switch.stand import NAMES, NEW, OLD, SELECTED, WEIGHTED, configuration, image, switchers
from benchmarks.switch.switchers.applying import applied
from benchmarks.switch.switchers.choosing import ChoiceError, subject
from benchmarks.switch.switchers.driver import Driver
from benchmarks.switch.switchers.route import weighted
from benchmarks.switch.switchers.switcher import CYCLE, Operation, SwitchError
from benchmarks.switch.switchers.up import Stack, Up, event, intent, percent
from tidegate.model.intent.intent import Intent

if TYPE_CHECKING:
    from pathlib import Path

DIGESTS = {
    image(service, version): f"sha256:{number:064x}"
    for number, (service, version) in enumerate((service, version) for service in (WEIGHTED, SELECTED) for version in (OLD, NEW))
}
CONFIG = {
    "tidegate:services": {"web": {"version": "v1", "digest": "sha256:1"}, "api": {"version": "v1"}},
    "tidegate:event": {"kind": "stage"},
}


def test_an_intent_has_another_version_of_one_service() -> None:
    """Nothing else is another, what happened before happens no more, and the configuration itself is left alone."""
    before = copy.deepcopy(CONFIG)
    assert intent(CONFIG, "web", "v2", "sha256:2") == {
        "tidegate:services": {"web": {"version": "v2", "digest": "sha256:2"}, "api": {"version": "v1"}}
    }
    assert intent(CONFIG, "api", "v2")["tidegate:services"]["api"] == {"version": "v2"}
    assert before == CONFIG
    assert event({"a": 1}, "shift", weight=50) == {"a": 1, "tidegate:event": {"kind": "shift", "weight": 50}}


@pytest.mark.parametrize(("live", "weight", "expected"), [("blue", 0, 0), ("blue", 50, 50), ("blue", None, 0), ("green", 0, 100)])
def test_what_a_ledger_says(live: str, weight: int | None, expected: int) -> None:
    """The candidate's weight, until it is live itself."""
    record: dict[str, Any] = {"live": live, "slots": {"blue": {"version": "v1"}, "green": {"version": "v2"}}}
    assert percent({"services": {"web": record | ({} if weight is None else {"weight": weight})}}, "web", "v2") == expected


def test_the_stack_of_the_benchmark_is_an_intent() -> None:
    """The program takes it as it is; one service goes by weights and steps, one by its selector and at once."""
    config = {key.removeprefix("tidegate:"): value for key, value in configuration(DIGESTS).items()}
    services = Intent.model_validate_json(json.dumps(config)).services
    assert {name: (one.traffic.kind, one.strategy, one.version) for name, one in services.items()} == {
        WEIGHTED: ("gateway", "canary", OLD),
        SELECTED: ("selector", "blue-green", OLD),
    }


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack's file, and no stack."""
    (tmp_path / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": configuration(DIGESTS)}))
    return Stack(str(tmp_path), "bench")


def test_what_an_update_can_do_follows_from_the_strategy(stack: Stack) -> None:
    """Steps need a canary; who isn't in the file is said."""
    assert Up(stack, WEIGHTED, (OLD, NEW)).operations == set(CYCLE)
    assert Up(stack, SELECTED, (OLD, NEW)).operations == {Operation.FLIP, Operation.ROLLBACK}
    with pytest.raises(SwitchError, match=f"has no service web; it has .*{SELECTED}"):
        Up(stack, "web", (OLD, NEW))


def test_what_the_driver_can_do_follows_from_the_strategy_too(stack: Stack) -> None:
    """It has to be told how often it looks; and the stack's file is what it was when it is done."""
    before = stack.file.read_text()
    for service, operations in ((WEIGHTED, set(CYCLE)), (SELECTED, {Operation.FLIP, Operation.ROLLBACK})):
        driver = Driver(stack, service, (OLD, NEW))
        assert driver.operations == operations
        for nothing in (driver.flip, driver.abort):
            with pytest.raises(SwitchError, match=f"no release of {service} is under way"):
                nothing()
        driver.close()
    assert stack.file.read_text() == before
    stack.file.write_text(before.replace("analysis", "analyses"))
    with pytest.raises(SwitchError, match=f"has no analysis for {WEIGHTED}"):
        Driver(stack, WEIGHTED, (OLD, NEW))


def test_the_switchers_of_the_benchmark_are_words_of_the_command(stack: Stack, tmp_path: Path) -> None:
    """Each of them is chosen by its words, under its own name."""
    kubeconfig = tmp_path / "kube config"
    kubeconfig.write_text(yaml.safe_dump(_KUBECONFIG))
    words = switchers(stack, DIGESTS, kubeconfig, "http://127.0.0.1:8000")
    assert tuple(words) == NAMES
    found = {name: subject(f"{text} repetitions=3") for name, text in words.items()}
    assert [one.name for one in found.values()] == list(NAMES)
    assert {one.repetitions for one in found.values()} == {3}
    assert {name: one.goal for name, one in found.items() if one.goal is not None} == {"route": 0.5, "selector": 1.0}
    for one in found.values():
        one.switcher.close()


_KUBECONFIG = {
    "current-context": "x",
    "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
    "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    "users": [{"name": "x", "user": {}}],
}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("up url=http://127.0.0.1:1/ old=v1 new=v2 project=/nowhere stack=dev service=web", "/nowhere/Pulumi.dev.yaml can't be read"),
        ("up url=http://127.0.0.1:1/ old=v1 new=v2 stack=dev service=web", "project missing; say project=…"),
        ("commands url=http://127.0.0.1:1/ old=v1 new=v2 flip=x rollback=x repetitions=0", "repetitions=0 is no number between 1 and 100"),
    ],
)
def test_words_of_an_update_that_do_not_say_what_they_have_to(words: str, why: str) -> None:
    """Each error says what would do."""
    with pytest.raises(ChoiceError, match=re.escape(why)):
        subject(words)


_FIELDS = {
    "f:metadata": {"f:labels": {"f:a": {}}},
    "f:spec": {
        "f:hosts": {},
        "f:ports": {'k:{"port":80}': {".": {}, "f:port": {}, "f:name": {}}, 'k:{"port":81}': {"f:port": {}}},
        "f:names": {'v:"x"': {}, 'v:"gone"': {}},
        "f:gone": {},
    },
}


def test_what_a_manager_has_applied_is_applied_again() -> None:
    """Its own fields as they are now: no one else's, no more than there are, and no status."""
    content = {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "uid": "1",
            "labels": {"a": "1", "b": "2"},
            "managedFields": [
                {"manager": "tidegate", "operation": "Update", "fieldsV1": {"f:spec": {"f:other": {}}}},
                {"manager": "tidegate", "operation": "Apply", "fieldsV1": _FIELDS},
            ],
        },
        "spec": {"hosts": ["h"], "ports": [{"port": 80, "name": "http", "node": 3}], "names": ["x", "y"], "other": 1},
        "status": {},
    }
    whole = {"apiVersion": "v1", "kind": "Thing"}
    assert applied(content, "tidegate") == {
        **whole,
        "metadata": {"name": "web", "namespace": "shop", "labels": {"a": "1"}},
        "spec": {"hosts": ["h"], "ports": [{"port": 80, "name": "http"}], "names": ["x"]},
    }
    assert applied(content, "nobody") == {**whole, "metadata": {"name": "web", "namespace": "shop"}, "spec": {}}


def test_rules_with_other_weights() -> None:
    """Only the two backends' weights are others, and the route that was read stays as it was."""
    rules: list[dict[str, Any]] = [
        {"backendRefs": [{"name": "green"}]},
        {"backendRefs": [{"name": "blue", "weight": 100}, {"name": "green", "port": 80}]},
    ]
    before = copy.deepcopy(rules)
    assert weighted(rules, [(1, 0, 1)], 30)[1] == {
        "backendRefs": [{"name": "blue", "weight": 70}, {"name": "green", "port": 80, "weight": 30}]
    }
    assert rules == before


def test_how_long_it_takes_follows_from_what_is_asked_for() -> None:
    """All of it fits into 28 minutes; less of it takes less."""
    everything, less = (on_node.seconds(on_node.parser().parse_args(words)) for words in ([], ["--only=route", "--rate=200"]))
    assert everything <= 28 * 60
    assert less <= 6 * 60


@pytest.mark.parametrize("words", [["--repetitions=0"], ["--updates=101"]])
def test_too_much_is_refused_before_anything_is_started(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """By the name of the option."""
    assert on_node.main(words) == 2
    assert f"error: {words[0].partition('=')[0]} is " in capsys.readouterr().err
