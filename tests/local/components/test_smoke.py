"""The smoke check as a component of its own: anybody's slot, checked before anybody's users come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.local.components.shop import SMOKE, SPACE, Position, intent_of, service, shop
from tidegate.model.errand import budget
from tidegate.model.intent.service import Check, Checks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JOBS = "batch/jobs"


def check(position: Position) -> Callable[[], None]:
    """A program of a namespace, and of the check of its slot green."""

    def program() -> None:
        import pulumi
        from pulumi_kubernetes.core.v1 import Namespace

        from components.smoke import Smoke

        space = Namespace("space", metadata={"name": SPACE}).metadata["name"]
        state = pulumi.Output.from_input(position.layout["slots"]["green"])
        Smoke(
            "check",
            {"namespace": space, "service": "web", "slot": "green", "account": "default", "state": state, "timeout": "5s"},
        )

    return program


def test_only_a_slot_that_runs_is_checked(tmp_path: Path) -> None:
    """The Job of an empty slot, or of a version without a check, is there and never runs; a new release makes a new one that does."""
    image = Checks(smoke=Check(image="checks", command=("check",), timeout="30s"))
    with shop(tmp_path) as there:
        empty = Position.installed(intent_of(service(checks=image)))
        there.stack.up(check(empty)).well()
        there.stack.up(check(empty.staged(intent_of(service("1.1")), "r2"))).well()
        assert there.get(JOBS, "check")["spec"]["suspend"]
        # Nobody answers here, so a check that runs fails.
        staged = empty.staged(intent_of(service("2.0", checks=image)), "r3")
        there.stack.up(check(staged)).failed("check")
        job = there.get(JOBS, "check")
        assert not job["spec"]["suspend"]
        assert job["spec"]["template"]["metadata"]["annotations"]["tidegate.dev/release"] == "r3"
        there.stack.up(check(empty)).well()
        assert there.get(JOBS, "check")["spec"]["suspend"]
        assert there.stack.up(check(empty)).well().changes == {}


def test_a_check_that_nobody_waits_for_is_gone_at_once(tmp_path: Path) -> None:
    """Its deletion isn't awaited, and the next one has its name: so it doesn't stay until its pods are gone, on any cluster."""
    with shop(tmp_path) as there:
        installed = Position.installed(intent_of(service(checks=SMOKE)))
        there.stack.up(check(installed)).well()
        path = f"{there.cluster.url}/apis/batch/v1/namespaces/{SPACE}/jobs/check"
        annotations = httpx.get(path, timeout=10).raise_for_status().json()["metadata"]["annotations"]
        assert annotations["pulumi.com/deletionPropagationPolicy"] == "background"
        there.cluster.call(there.cluster.faults.seen.clear)
        # Nobody answers here, so the new one fails; but it is there.
        there.stack.up(check(installed.staged(intent_of(service("2.0", checks=SMOKE)), "r2"))).failed("there is no Service")
        verbs = [request.verb for request in there.cluster.call(lambda: list(there.cluster.faults.seen)) if request.resource == "jobs"]
        assert verbs.count("delete") == verbs.count("create") == 1
        assert not there.get(JOBS, "check")["spec"]["suspend"]


def test_a_check_keeps_to_what_the_namespace_asks_and_is_no_backend(tmp_path: Path) -> None:
    """Restricted, without a token, and not among the pods that a slot's Service or budget chooses."""
    with shop(tmp_path) as there:
        there.stack.up(check(Position.installed(intent_of(service(checks=SMOKE))))).well()
        template = there.get(JOBS, "check")["spec"]["template"]
        assert template["metadata"]["labels"]["app.kubernetes.io/component"] == "smoke"
        assert "tidegate.dev/slot" not in template["metadata"]["labels"]
        (container,) = template["spec"]["containers"]
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert template["spec"]["automountServiceAccountToken"] is False
        assert {"name": "TARGET", "value": "http://web-green"} in container["env"]
        assert container["args"] == ["/health"]


@pytest.mark.parametrize(("retries", "seconds"), [(0, 120), (1, 250), (2, 390)])
def test_a_check_has_time_for_all_its_tries(retries: int, seconds: float) -> None:
    """And for the pauses between them, which get longer."""
    assert budget(Check(paths=("/",), timeout="2m", retries=retries)) == seconds
