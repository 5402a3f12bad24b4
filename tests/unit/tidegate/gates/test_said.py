"""Whole releases on virtual time that wait for real signatures: approved, rejected, in time or not, in the state or in the file."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.simulation.making import told
from tests.simulation.ports import Process
from tests.simulation.timeline import Actor, Timeline
from tests.simulation.world import World
from tests.unit.tidegate.gates.world import gates, key_of, ssh_signed
from tidegate.cli import verbs
from tidegate.cli.app import run
from tidegate.driver.releases import Releases
from tidegate.gates import filed, provers
from tidegate.gates.asking import People
from tidegate.gates.provers import signed
from tidegate.gates.statements import audience, read, unpacked
from tidegate.model.approval import Proof
from tidegate.model.errors import ExitCode, GateRefusedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tidegate.driver.results import Ended
    from tidegate.gates.verifying import Verifier, Word
    from tidegate.model.approval import Approval, Before
    from tidegate.model.intent.gates import Gates
    from tidegate.model.intent.people import Person


@dataclass(frozen=True)
class Key:
    """Somebody with a key."""

    name: str

    def prove(self, statement: str) -> Proof:
        return Proof(kind="ssh", text=ssh_signed(key_of(self.name), statement))

    def who(self, proof: Proof) -> str:
        del proof
        return self.name


@dataclass
class Team:
    """A stack that releases, and its people."""

    folder: Path
    gates: Gates
    timeline: Timeline = field(default_factory=lambda: Timeline(4000.0))
    world: World = field(init=False)

    def __post_init__(self) -> None:
        plain = told("one", ())
        file = replace(plain, intent=plain.intent.model_copy(update={"gates": self.gates}))
        self.world = World(self.timeline, file)
        self.world.installed()
        # What is released is what is in the file, so that whoever says yes sees the same.
        services = {"web": plain.intent.services["web"].model_copy(update={"version": "v2"})}
        self.world.file = replace(file, intent=file.intent.model_copy(update={"services": services}))

    def releases(self, who: str, verifier: Verifier | None = None) -> Releases:
        """The releases, as one of them has them."""
        ports = Process(self.world, who).ports
        return Releases(replace(ports, approvals=People(ports.stack.full, self.folder, who, verifier)), who)

    def at(self, seconds: float, act: Callable[[], object]) -> None:
        """Somebody does something, so long after the beginning."""

        def acts() -> None:
            act()

        self.timeline.after(seconds, Actor(acts).go_on)

    def says(self, who: str, seconds: float, *, no: bool = False, to_file: bool = False, **more: Any) -> None:
        """Somebody says something."""
        place = self.folder if to_file else None
        found = self.releases(who)
        if no:
            self.at(seconds, partial(found.reject, "promote", "latency is up", Key(who), place))
        else:
            self.at(seconds, partial(found.approve, "promote", more.pop("reason", ""), Key(who), more.pop("incident", ""), place))

    def forges(self, who: str, seconds: float) -> None:
        """Somebody puts a yes into the repository's file, by their own hand."""

        def forged() -> None:
            statement = self.releases(who).statement("promote")
            filed.add(self.gates, self.folder, signed(statement, Key(who)))

        self.at(seconds, forged)

    def plays(self) -> Ended:
        """The release, begun by Eve."""
        return self.releases("eve").release(reason="fixes #812")

    @property
    def live(self) -> str:
        """The version that users have."""
        assert self.world.ledger is not None
        record = self.world.ledger.services["web"]
        return record.slots[record.live].version

    def held(self) -> list[str]:
        """What was found of approvals before the promotion."""
        release = self.world.ledger.release if self.world.ledger is not None else None
        assert release is not None
        return [held.text for taken in release.taken if taken.kind == "promote" for held in taken.gates if held.gate == "approval"]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    """Two of three managers must say yes."""
    return Team(tmp_path, gates(approvals_file="approvals.jsonl", emergency=["dan"]))


def test_a_release_waits_for_signatures_and_keeps_whose_they_were(team: Team) -> None:
    """One in the state, one in the repository's file; what others put there does nothing."""
    team.forges("mallory", 150)
    team.forges("eve", 160)
    team.says("ada", 300)
    team.says("ben", 400, to_file=True)
    ended = team.plays()
    assert (ended.code, team.live) == (ExitCode.OK, "v2")
    (text,) = team.held()
    assert text.startswith("promote is approved by ada, ben. Not counted: ")
    assert '"mallory" is nobody proven' in text
    assert "eve is not among those who are asked" in text
    assert len((team.folder / "approvals.jsonl").read_text().splitlines()) == 3
    assert team.world.ledger is not None
    assert (len(team.world.ledger.approvals), team.releases("ada").status().approvals) == (1, ()), "that release is over"


@pytest.mark.parametrize(
    ("who", "before", "told"),
    [
        ("mallory", "promote", '"mallory" is nobody proven: the SSH key is nobody\'s in gates.people'),
        ("eve", "promote", "eve is not among those who are asked before promote"),
        ("ada", "stage", "test asks nobody before stage, only before promote (--before)"),
    ],
)
@pytest.mark.parametrize("to_file", [False, True], ids=["in-the-state", "in-the-file"])
def test_whoever_would_not_be_heard_is_told_at_once(team: Team, who: str, before: Before, told: str, *, to_file: bool) -> None:
    """And nothing is kept of it, for nobody is to believe that they have said something."""
    place = team.folder if to_file else None
    for say in (team.releases(who).approve, team.releases(who).reject):
        with pytest.raises(GateRefusedError) as refused:
            say(before=before, reason="late", prover=Key(who), file_in=place)
        assert str(refused.value) == f"this would count for nothing, so it isn't kept: {told}"
    assert team.world.ledger is not None
    assert team.world.ledger.approvals == ()
    assert not (team.folder / "approvals.jsonl").exists()


def test_a_word_is_kept_while_it_cannot_be_told_whose_it_is(team: Team) -> None:
    """The issuer of a token may be gone for a minute; whoever counts it asks again."""

    class Away:
        def word(self, approval: Approval, people: Mapping[str, Person]) -> Word:
            del approval, people
            raise UnreachableError("the issuer doesn't answer")

    team.releases("ada", Away()).approve("promote", "", Key("ada"))
    assert team.world.ledger is not None
    assert [one.by for one in team.world.ledger.approvals] == ["ada"]
    assert "the issuer doesn't answer" in team.world.told_of[-1].text


def test_a_signed_no_takes_it_back(team: Team) -> None:
    """Whoever had said yes before; and it is said by whom and why."""
    team.says("ada", 150)
    team.says("ben", 300, no=True)
    ended = team.plays()
    assert (ended.code, team.live) == (ExitCode.ROLLED_BACK, "v1")
    assert "promote is refused by ben: latency is up" in ended.text


def test_without_signatures_in_time_it_is_taken_back(tmp_path: Path) -> None:
    """However many said so without a key."""
    team = Team(tmp_path, gates(approvals_file="approvals.jsonl", approvals={"release": {"approvers": ["managers"], "timeout": "5m"}}))
    team.forges("mallory", 200)
    ended = team.plays()
    assert (ended.code, team.live) == (ExitCode.ROLLED_BACK, "v1")
    assert "promote is refused: nobody else approved it by" in ended.text


def test_in_an_emergency_the_others_are_passed_by(team: Team) -> None:
    """By those who may, signed; the step keeps it."""
    team.says("ada", 150, incident="INC-7", reason="fire")
    team.says("dan", 300, incident="INC-7", reason="users can't pay")
    ended = team.plays()
    assert (ended.code, team.live) == (ExitCode.OK, "v2")
    (text,) = team.held()
    assert text.startswith("dan passes the approvals of promote by (incident INC-7): users can't pay. Missing: 1 more of managers")


def test_what_is_to_be_signed_can_be_had_before(team: Team) -> None:
    """For a token that another job is given; it is for the release under way, or the one that would begin."""
    said = read(team.releases("ada").statement("stage", "approve", "fine"))
    assert said is not None
    assert (said.services, said.before, said.release) == ({"web": "v2"}, "stage", said.release)
    assert said.release.startswith("after ")


class Shown:
    """The releases that the command has opened."""

    def __init__(self, team: Team) -> None:
        self._releases = team.releases("ada")

    def __enter__(self) -> Releases:
        return self._releases

    def __exit__(self, *_: object) -> None:
        pass


def test_the_command_prepares_signs_and_files(team: Team, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is prepared is on stdout, as a dotenv file has it; a yes goes into the file with --file, and counts from there."""
    monkeypatch.setattr(verbs, "_opened", lambda *_: Shown(team))
    monkeypatch.setattr(provers, "at_hand", lambda *_, **__: Key("ada"))
    monkeypatch.chdir(team.folder)
    (team.folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (team.folder / "Pulumi.test.yaml").write_text("config: {}\n")
    assert typed("approve", "--before", "stage", "--prepare", "-r", "fine") == 0
    lines = dict(line.split("=", 1) for line in capsys.readouterr().out.splitlines())
    text = unpacked(lines["TIDEGATE_STATEMENT"])
    assert text is not None
    assert lines["TIDEGATE_AUDIENCE"] == audience(text)
    assert typed("reject", "--prepare", "-r", "slow", "--json") == 0
    assert set(json.loads(capsys.readouterr().out)) == set(lines)
    assert typed("approve", "--file", "--yes") == 0
    assert "approvals.jsonl: commit it" in capsys.readouterr().err
    assert len((team.folder / "approvals.jsonl").read_text().splitlines()) == 1
    assert team.world.ledger is not None
    assert team.world.ledger.approvals == ()


def typed(*words: str) -> int:
    """Type a command; its exit code."""
    return run([*words, "--stack", "test"])
