"""Releases as they are typed: the whole command, the program, an engine, a cluster with users.

Each is made by the embedded engine, and by the real CLI with its provider where they are.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.conformance.clusters import PLUGIN
from tests.local.tidegate.shop import FILE, REAL, STACK, heard, shop
from tests.unit.tidegate.gates.scans.test_reading import REPORTS

if TYPE_CHECKING:
    from pathlib import Path

JUDGED = "analysis: { interval: 1s, window: 10s, failures: 0, error_rate: 0.05, latency_p95: null, requests: 5 }"
SLOW = "[{ weight: 25, soak: 1s }, { weight: 50, soak: 10m }, { weight: 100, soak: 1s }]"
AT_50 = "50% of the traffic is on the candidates"


@pytest.fixture(params=["embedded", REAL], ids=["embedded", "real"])
def engine(request: pytest.FixtureRequest) -> str:
    """Who carries out the updates."""
    chosen: str = request.param
    if chosen == REAL:
        require_real()
    return chosen


def require_real() -> None:
    """The real engine, or the test is left out."""
    missing = [name for name in (REAL, PLUGIN) if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no {' and no '.join(missing)} on PATH")


@pytest.mark.timeout(400)
def test_a_release_from_the_first_word_to_the_way_back(tmp_path: Path, engine: str) -> None:
    """Planned, released by steps, told, gone back from: nobody's request fails, and the file says what is wanted, comments and all."""
    with shop(tmp_path, engine) as there:
        there.users()
        before = (there.folder / FILE).read_text()
        plan = there.verb("plan", "web=v2", "api=v2").well().answer
        assert [(box["step"], box["weight"]) for box in plan["boxes"] if box["step"] == "shift"] == [("shift", 25), ("shift", 100)]
        assert (plan["begins"], plan["brings"]) == (True, {"api": "v2", "web": "v2"})
        assert (there.folder / FILE).read_text() == before
        refused = there.verb("release", "web=v2", "api=v2")
        assert (refused.code, "--yes" in refused.err, there.versions()) == (2, True, {"api": "v1", "web": "v1"})

        ended = there.verb("release", "web=v2", "api=v2", "--yes", "--reason", "a fix").well()
        assert (ended.answer["phase"], ended.answer["code"]) == ("promoted", 0)
        for told in ("25% of the traffic is on the candidates", "100% of the traffic is on the candidates", "what was released is live"):
            assert told in ended.err
        assert (there.folder / FILE).read_text() == before.replace("version: v1", "version: v2")
        status = there.verb("status").well().answer
        assert status["release"] == ended.answer["release"]
        assert [(step["kind"], step["weight"], step["by"]) for step in status["steps"]] == [
            ("stage", 0, "bob"),
            ("shift", 25, "bob"),
            ("shift", 100, "bob"),
            ("promote", 100, "bob"),
            ("baked", 100, "bob"),
        ]
        assert there.versions() == {"api": "v2", "web": "v2"}

        there.verb("rollback", "--reason", "it is slow", "--yes").well()
        assert there.versions() == {"api": "v1", "web": "v1"}
        rows = there.verb("history").well().answer["updates"]
        assert [row["event"] for row in rows] == ["rollback", "baked", "promote", "shift", "shift", "stage", "apply"]
        assert "it is slow" in rows[0]["reason"]
        assert there.failed() == 0


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_a_release_that_does_not_hold_is_taken_back(tmp_path: Path, engine: str) -> None:
    """By itself, for its users' errors; it says so, and a plain update doesn't bring it again."""
    with shop(tmp_path, engine, rate=1, analysis=JUDGED, steps="[{ weight: 25, soak: 20s }, { weight: 100, soak: 5s }]") as there:
        there.users()
        ended = there.verb("release", "web=v2-errors", "--yes")
        assert (ended.code, ended.answer["code"], ended.answer["phase"], ended.answer["left"]) == (22, 22, "aborted", [])
        assert "error rate" in ended.answer["text"]
        status = there.verb("status").well().answer
        assert {slot["slot"]: slot["observed"] for slot in status["services"][-1]["slots"]} == {"blue": 100, "green": 0}
        again = there.tidegate("pulumi", "up", "--yes", "--skip-preview", "--stack", "shop").well()
        assert "was taken back before: it stays away" in again.out + again.err
        assert there.versions() == {"api": "v1", "web": "v1"}
        assert there.failed() == 0


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_users_do_not_wait_for_an_update_that_hangs(tmp_path: Path, engine: str) -> None:
    """The candidate goes down while one is under way: they are led back at once, and the release once the update is over."""
    with shop(tmp_path, engine, rate=1, analysis="ready_within: 40s", steps="[{ weight: 100, soak: 8s }]") as there:
        there.users()
        with there.running("release", "web=v2", "--yes") as driver:
            heard(driver, "100% of the traffic is on the candidates")
            slowly = ("slow", "--resource", "deployments", "--agent", "*pulumi-kubernetes*", "--delay", "20s")
            there.tidegate("local", "faults", "add", *slowly).well()
            heard(driver, "promoted")
            there.tidegate("local", "faults", "add", "unready", "--pod", "shop/web-green-*").well()
            heard(driver, "users go back at once")
            assert there.verb("status").well().answer["services"][-1]["slots"][0]["observed"] == 100
            there.tidegate("local", "faults", "clear").well()
            _, told = driver.communicate(timeout=200)
            assert (driver.returncode, "while an update was under way" in told) == (22, True), told
        assert there.versions() == {"api": "v1", "web": "v1"}


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_a_driver_that_is_killed_is_followed_by_another(tmp_path: Path, engine: str) -> None:
    """Users stay where they are, nobody's step is taken twice, and whoever comes next goes on; Ctrl-C and SIGTERM do no harm either."""
    with shop(tmp_path, engine, steps=SLOW) as there:
        there.users()
        with there.running("release", "web=v2", "--yes") as driver:
            heard(driver, AT_50)
            driver.kill()
        assert there.verb("status").well().answer["weight"] == 50
        for wish in (signal.SIGINT, signal.SIGTERM):
            with there.running("resume") as driver:
                heard(driver, "is watched")
                driver.send_signal(wish)
                _, told = driver.communicate(timeout=60)
                assert (driver.returncode, "users stay where they are" in told, "tidegate resume --stack shop" in told) == (8, True, True)
        status = there.verb("status").well().answer
        assert (status["weight"], [step["kind"] for step in status["steps"]]) == (50, ["stage", "shift", "shift"])
        ended = there.verb("switch", "--reason", "seen enough", "--yes").well()
        assert ended.answer["phase"] == "promoted"
        assert there.versions() == {"api": "v1", "web": "v2"}
        assert there.failed() == 0


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_a_person_holds_a_release_and_takes_it_back(tmp_path: Path, engine: str) -> None:
    """While one drives another pauses, looks, and aborts; the one who drives says by whom it was taken back."""
    with shop(tmp_path, engine, steps=SLOW) as there:
        there.users()
        with there.running("release", "web=v2", "--yes") as driver:
            heard(driver, AT_50)
            there.verb("pause", "--reason", "looking into it", GITHUB_ACTOR="ann").well()
            heard(driver, "paused by ann: looking into it")
            assert there.verb("status").well().answer["paused"]
            ended = there.verb("abort", "--reason", "orders are lost", GITHUB_ACTOR="ann")
            assert (ended.code, ended.answer["phase"]) == (22, "aborted")
            _, told = driver.communicate(timeout=60)
            assert (driver.returncode, "ann" in told, "orders are lost" in told) == (22, True, True)
        assert there.versions() == {"api": "v1", "web": "v1"}
        assert there.failed() == 0


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_bad_reports_of_scanners_keep_a_release_from_beginning(tmp_path: Path, engine: str) -> None:
    """Nothing is changed, not even the file; with a good one the same release goes."""
    scan = '{ reports: ["trivy=reports/{{service}}-{{version}}.json"], thresholds: { critical: 0 } }'
    with shop(tmp_path, engine, gates=f"{{ scans: {{ images: {scan} }} }}") as there:
        report, before = there.folder / "reports" / "web-v2.json", (there.folder / FILE).read_text()
        report.parent.mkdir()
        shutil.copy(REPORTS / "trivy-image.json", report)
        ended = there.verb("release", "web=v2", "--yes")
        assert ended.code == 20, ended.err
        assert "nothing was changed for it. scans: images: web v2: 2 critical findings; 0 are borne (CVE-2026-0001" in ended.err
        assert (there.folder / FILE).read_text() == before
        assert [row["event"] for row in there.verb("history").well().answer["updates"]] == ["apply"]

        shutil.copy(REPORTS / "trivy-clean.json", report)
        there.verb("release", "web=v2", "--yes").well()
        assert there.versions() == {"api": "v1", "web": "v2"}


def key(folder: Path, name: str) -> str:
    """A new SSH key's public line."""
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)], check=True, timeout=60)  # noqa: S607
    return file.with_suffix(".pub").read_text().strip()


@pytest.mark.matrix
@pytest.mark.timeout(400)
def test_a_yes_counts_when_it_is_proven(tmp_path: Path, engine: str) -> None:
    """Not without a key, not with a stranger's; then the release goes on."""
    ann, _ = key(tmp_path, "ann"), key(tmp_path, "stranger")
    people = f'people: {{ ann: {{ identities: [{{ kind: ssh, key: "{ann}" }}] }}, bob: {{}} }}'
    gates = f"{{ {people}, approvals: {{ lead: {{ approvers: [ann], before: [promote] }} }} }}"
    with shop(tmp_path / "shop", engine, gates=gates) as there:
        waits = there.verb("release", "web=v2", "--yes", "--no-wait")
        assert (waits.code, waits.answer["phase"]) == (21, "shifting")
        nobody = there.verb("approve", "--yes")
        assert (nobody.code, "--ssh-key" in nobody.err) == (3, True)
        unheard = there.verb("approve", "--yes", "--ssh-key", str(tmp_path / "stranger"))
        assert (unheard.code, "nobody's in gates.people" in unheard.err) == (20, True)
        assert there.verb("resume", "--no-wait").code == 21
        there.verb("approve", "--yes", "--ssh-key", str(tmp_path / "ann"), "--reason", "seen it").well()
        ended = there.verb("resume", "--no-wait").well()
        assert ended.answer["phase"] == "promoted"
        assert there.versions() == {"api": "v1", "web": "v2"}


BY_TURNS = "[{ weight: 25, soak: 1s }, { weight: 50, soak: 15s }, { weight: 100, soak: 1s }]"


@pytest.mark.matrix
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("first", "second"), [("embedded", REAL), (REAL, "embedded")], ids=["to-real", "to-embedded"])
def test_a_release_is_handed_from_one_engine_to_the_other(tmp_path: Path, first: str, second: str) -> None:
    """The one that began it is killed; the other goes on to the end, and takes the next one back; each finds nothing to change after it."""
    require_real()
    with shop(tmp_path, first, rate=1, steps=BY_TURNS) as there:
        there.users()
        other = there.by(second)

        def handed_over(version: str) -> None:
            with there.running("release", f"web={version}", f"api={version}", "--yes") as driver:
                heard(driver, AT_50)
                driver.kill()
            status = other.verb("status").well().answer
            assert (status["phase"], status["weight"]) == ("shifting", 50)

        def unchanged() -> None:
            for one in (there, other):
                one.tidegate("pulumi", "preview", "--expect-no-changes", "--stack", STACK).well()

        handed_over("v2")
        ended = other.verb("resume").well()
        assert (ended.answer["phase"], there.versions()) == ("promoted", {"api": "v2", "web": "v2"})
        status = there.verb("status").well().answer
        assert [step["kind"] for step in status["steps"]] == ["stage", "shift", "shift", "shift", "promote", "baked"]
        unchanged()
        handed_over("v3")
        ended = other.verb("abort", "--reason", "it is slow")
        assert (ended.code, ended.answer["phase"], ended.answer["left"]) == (22, "aborted", [])
        assert there.versions() == {"api": "v2", "web": "v2"}
        unchanged()
        rows = [there.verb("history").well().answer["updates"], other.verb("history").well().answer["updates"]]
        assert rows[0] == rows[1]
        assert there.failed() == 0
