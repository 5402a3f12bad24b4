"""Who must say yes, who has, and whose word counts for nothing: with real signatures, and everything that somebody might try."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.unit.tidegate.gates.world import BRINGS, NOW, RELEASE, SERVICES, STACK, ask, gates, key_of, say, ssh, ssh_signed
from tidegate.gates.proofs import Proofs
from tidegate.gates.statements import audience, read, statement
from tidegate.gates.verifying import Word
from tidegate.model.approval import Approval, Proof, place
from tidegate.model.errors import ConfigurationError, GateRefusedError, UnreachableError, WaitingForApprovalError
from tidegate.model.ledger import Ledger, Release, Stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.intent.people import Person


def test_it_waits_until_enough_have_said_yes() -> None:
    """Two of three: who is missing and until when is said, then who said yes."""
    none = ask([])
    assert (none.kind, none.missing, none.until) == ("waiting", ("2 of managers (ada, ben, cleo)",), NOW + timedelta(minutes=30))
    assert none.text == "promote waits for approval until 2026-05-01 12:30 UTC: 2 of managers (ada, ben, cleo) (`tidegate approve`)"
    one = ask([say("ada")])
    assert (one.kind, one.missing) == ("waiting", ("1 more of managers (ben, cleo)",))
    assert "so far: ada" in one.text
    both = ask([say("ada"), say("cleo")])
    assert (both.kind, both.text) == ("granted", "promote is approved by ada, cleo")
    assert [(held.gate, held.verdict, held.overridden) for held in both.held] == [("approval", "pass", False)]
    assert [(held.gate, held.verdict) for held in one.held] == [("approval", "no-data")]
    both.enforce()
    with pytest.raises(WaitingForApprovalError, match="1 more of managers"):
        one.enforce()


def test_nobody_is_asked_before_a_step_that_needs_nobody() -> None:
    """Then there is no gate."""
    found = ask([], before="stage")
    assert (found.kind, found.asked, found.held) == ("granted", False, ())


@pytest.mark.parametrize("where", ["live", "production"])
def test_where_nobody_is_to_be_asked_it_is_approved_by_itself(where: str) -> None:
    """By the environment's name, or its tier; that is kept with the step."""
    found = ask([], gates(approvals={"release": {"approvers": ["managers"], "auto_approve": [where]}}))
    assert (found.kind, found.text) == ("granted", "approved by itself: live asks nobody before promote")
    assert [held.verdict for held in found.held] == ["pass"]
    elsewhere = gates(approvals={"release": {"approvers": ["managers"], "auto_approve": ["staging"]}})
    assert ask([], elsewhere).kind == "waiting"


def test_each_requirement_must_be_met() -> None:
    """Several before one step, each with its own people and time; one person may count for several of them."""
    intent = gates(
        approvals={
            "release": {"approvers": ["managers"], "count": 2, "before": ["stage", "promote"]},
            "safety": {"approvers": ["dan", "ben"], "timeout": "20m"},
            "data": {"approvers": ["dan"], "before": ["migrate"]},
        }
    )
    found = ask([say("ada", minutes=5), say("cleo", minutes=5)], intent, waited=10)
    assert (found.kind, found.missing, found.until) == ("waiting", ("1 of dan, ben",), NOW + timedelta(minutes=10))
    assert ask([say("ada"), say("ben")], intent, waited=10).kind == "granted"
    assert ask([say("ada"), say("cleo"), say("dan")], intent, waited=10).kind == "granted"
    # What was said before another step holds for that one only.
    assert ask([say("ada"), say("ben")], intent, before="stage", waited=10).missing == ("2 of managers (ada, ben, cleo)",)
    assert ask([say("dan", before="migrate")], intent, before="migrate").kind == "granted"


def test_a_yes_that_comes_too_late_is_none() -> None:
    """When the time is up without enough of them it is refused, and stays so whatever is said later."""
    found = ask([say("ada", minutes=70)], waited=75)
    assert found.kind == "refused"
    assert found.text.startswith(
        "promote is refused: nobody else approved it by 2026-05-01 11:45 UTC. Missing: 1 more of managers (ben, cleo)"
    )
    with pytest.raises(GateRefusedError):
        found.enforce()
    late = ask([say("ada", minutes=70), say("ben", minutes=10)], waited=75)
    assert late.kind == "refused"
    assert "ben said yes at 2026-05-01 11:50 UTC, too late" in late.ignored


def test_a_driver_that_was_away_sees_what_was_so_then() -> None:
    """Two said yes in time: it is granted, also when it is looked at long after."""
    in_time = [say("ada", minutes=300), say("ben", minutes=250)]
    assert ask(in_time, waited=305).kind == "granted"
    # To say yes once more, late, takes nothing away from it.
    assert ask([*in_time, say("ben", minutes=1)], waited=305).kind == "granted"


def test_one_no_is_enough() -> None:
    """By anybody who is asked, whatever the others say, and also when the time is up."""
    said = [say("ada"), say("ben"), say("cleo", "reject", reason="latency\nis up\x1b[2J")]
    found = ask(said)
    assert (found.kind, found.text) == ("refused", "promote is refused by cleo: latency is up [2J")
    assert [held.verdict for held in found.held] == ["fail"]
    assert ask(said, waited=500).text.startswith("promote is refused by cleo")


def test_a_no_of_somebody_who_is_not_asked_is_none() -> None:
    """Nor is their yes."""
    found = ask([say("dan", "reject"), say("ada"), say("ben")])
    assert found.kind == "granted"
    assert found.ignored == ("dan is not among those who are asked before promote",)
    assert ask([say("dan"), say("ada")]).kind == "waiting"


@pytest.mark.parametrize(
    ("first", "then", "kind"), [("approve", "reject", "refused"), ("reject", "approve", "granted"), ("approve", "approve", "granted")]
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_last_word_of_a_person_counts(first: str, then: str, kind: str, *, turned: bool) -> None:
    """Whichever key they signed it with, and in whichever order it is found."""
    said = [say("ada", first, 10), say("ada", then, 5, key=key_of("ada's laptop")), say("ben", minutes=7)]
    assert ask(said[::-1] if turned else said).kind == kind


def test_of_a_yes_and_a_no_at_once_the_no_counts() -> None:
    """Nobody can tell which was the last."""
    for said in ([say("ada"), say("ada", "reject")], [say("ada", "reject"), say("ada")]):
        assert ask([*said, say("ben")]).kind == "refused"


def test_the_same_person_counts_once() -> None:
    """Said twice, kept twice, or by two keys."""
    twice = [say("ada", minutes=3), say("ada", minutes=3), say("ada", minutes=2), say("ada", key=key_of("ada's laptop"), by="ada2")]
    found = ask(twice)
    assert (found.kind, [one.person for one in found.said]) == ("waiting", ["ada"])


@pytest.mark.parametrize("began_by", ["ada", "ADA", " ada@example.org ", f"ssh:SHA256:{'x' * 43}"])
def test_nobody_approves_their_own_release(began_by: str) -> None:
    """Whatever they are called, and by whichever of their keys; somebody else still can."""
    if began_by.startswith("ssh"):
        began_by = say_who("ada's laptop")
    found = ask([say("ada", key=key_of("ada")), say("ben")], began_by=began_by)
    assert (found.kind, found.missing) == ("waiting", ("1 more of managers (cleo)",))
    assert "ada began the release, and can't approve it (four_eyes)" in found.ignored
    assert ask([say("ada"), say("ben"), say("cleo")], began_by=began_by).kind == "granted"
    # To say no to it they may.
    assert ask([say("ada", "reject"), say("ben"), say("cleo")], began_by=began_by).kind == "refused"
    off = gates(approvals={"release": {"approvers": ["managers"], "count": 2, "four_eyes": False}})
    assert ask([say("ada"), say("ben")], off, began_by=began_by).kind == "granted"


def say_who(name: str) -> str:
    """What a prover with somebody's key says that they are."""
    from tests.unit.tidegate.gates.world import blob_of, public
    from tidegate.gates.matching import fingerprint

    return f"ssh:{fingerprint(blob_of(public(key_of(name))))}"


@pytest.mark.parametrize("began_by", ["root", "аda", "adа@example.org", "managers", ""])
def test_of_whoever_begins_a_release_under_a_name_that_nobody_has_no_approval_is_told_apart(began_by: str) -> None:
    """A look-alike (with a Cyrillic letter), a role, or nothing: it might be anybody's own release, and the text says what to do."""
    found = ask([say("ada"), say("ben"), say("cleo")], began_by=began_by)
    assert found.kind == "waiting"
    assert f"who began it, {json.dumps(began_by)}, is nobody in gates.people" in found.text
    assert found.text.isascii()


class Named:
    """A verifier whose proofs also say what somebody is called elsewhere."""

    def word(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        return Word(Proofs().word(approval, people).person, ("octo-eve", "EVE@example.org") if approval.by == "ada" else ())


def test_an_identity_that_many_use_does_not_hide_who_uses_it() -> None:
    """A token of a shared environment names its user: who began the release can't approve it through that."""
    found = ask([say("ada"), say("ben")], verifier=Named())
    assert (found.kind, found.missing) == ("waiting", ("1 more of managers (ada, cleo)",))


ELSEWHERE: list[tuple[str, dict[str, Any], str]] = [
    ("another release that brings the same", {"release": "r5-3f0c1a (2026-04-30T09:00:00+00:00)"}, "that is for another release"),
    ("the same number in a stack that was made anew", {"release": "r7-3f0c1a (2025-01-01T00:00:00+00:00)"}, "that is for another release"),
    ("before it began", {"release": "after r6-aaaaaa (2026-04-30T09:00:00+00:00)"}, "that is for another release"),
    ("other settings of the same versions", {"brings": "ab" * 32}, "that is for other versions or settings"),
    ("a part of the hash", {"brings": BRINGS[:-1]}, "that is for other versions or settings"),
    ("from the future", {"at": NOW + timedelta(minutes=5)}, "that is from the future"),
    ("another stack", {"stack": "shop/staging"}, 'that is for the stack "shop/staging"'),
    ("another stack's other release", {"stack": "shop/staging", "brings": "ab" * 32}, ""),
    ("a stack that looks the same", {"stack": "shор/production"}, "and this is shop/production"),
    ("another step", {"before": "stage"}, ""),
]


@pytest.mark.parametrize(("other", "said"), [row[1:] for row in ELSEWHERE], ids=[row[0] for row in ELSEWHERE])
def test_what_was_said_of_something_else_counts_for_nothing(other: dict[str, Any], said: str) -> None:
    """Neither as a yes nor as a no."""
    found = ask([say("ada", **other), say("ben")])
    assert (found.kind, [one.person for one in found.said]) == ("waiting", ["ben"])
    assert bool(said) == bool(found.ignored)
    assert said in found.text
    assert ask([say("ada", "reject", **other), say("ben"), say("cleo")]).kind == "granted"


def forged(**changes: Any) -> Approval:
    """Ada's yes, changed after she signed it."""
    true = say("ada")
    told = {**json.loads(true.statement), **changes}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return true.model_copy(update={"statement": text, "decision": told["decision"]})


def with_proof(kind: Any, text: str) -> Approval:
    """Ada's yes with another proof."""
    return say("ada").model_copy(update={"proof": Proof(kind=kind, text=text)})


FORGED: list[tuple[str, Any, str]] = [
    ("her name, a stranger's key", lambda: say("ada", key=key_of("mallory")), "the SSH key is nobody's in gates.people"),
    ("a look-alike of her name, a stranger's key", lambda: say("mallory", by="аda"), "the SSH key is nobody's in gates.people"),
    ("of a no a yes was made", lambda: say("ada", "reject", claims="approve"), "the record says approve, what was signed says reject"),
    ("her reason was changed", lambda: forged(reason="fine"), "is of something else, or by another key"),
    ("her versions were changed", lambda: forged(services={"web": "v3"}), "is of something else, or by another key"),
    ("her moment was changed", lambda: forged(at="2026-05-01T11:59:00+00:00"), "is of something else, or by another key"),
    ("for another purpose", lambda: with_proof("ssh", ssh_signed(key_of("ada"), say("ada").statement, "git")), "is for 'git'"),
    ("her proof of another statement", lambda: with_proof("ssh", say("ada", before="stage").proof.text), "is of something else"),
    ("her proof as one of another kind", lambda: with_proof("gpg", say("ada").proof.text), "nobody in gates.people has a GPG key"),
    ("a token of nobody", lambda: with_proof("oidc", "a.b.c"), "that is no token"),
    ("nonsense", lambda: with_proof("ssh", "yes, I am ada"), "no SSH signature"),
]


@pytest.mark.parametrize(("make", "said"), [row[1:] for row in FORGED], ids=[row[0] for row in FORGED])
def test_a_spoofed_name_is_no_identity(make: Any, said: str) -> None:
    """What isn't proven counts for nothing, and is named with the reason; letters that only look like others are spelled out."""
    found = ask([make(), say("ben")])
    assert (found.kind, [one.person for one in found.said]) == ("waiting", ["ben"])
    (ignored,) = found.ignored
    assert said in ignored
    assert f"Not counted: {ignored}" in found.text
    assert found.text.isascii()


STATEMENT = say("ada").statement
TWISTED: list[tuple[str, str]] = [
    ("two decisions", STATEMENT.replace('"decision":"approve"', '"decision":"approve","decision":"reject"')),
    ("another order of keys", json.dumps(dict(reversed(json.loads(STATEMENT).items())), separators=(",", ":"))),
    ("spaces", json.dumps(json.loads(STATEMENT), sort_keys=True)),
    ("a key more", STATEMENT.replace('"brings"', '"also":"x","brings"')),
    ("a key less", STATEMENT.replace(f'"stack":"{STACK}"', '"stock":1')),
    ("no zone", STATEMENT.replace("+00:00", "", 2)),
    ("no moment", json.dumps({**json.loads(STATEMENT), "at": "now"}, sort_keys=True, separators=(",", ":"))),
    ("too long", json.dumps({**json.loads(STATEMENT), "reason": "x" * 20_000}, sort_keys=True, separators=(",", ":"))),
    ("no JSON", "approve"),
]


@pytest.mark.parametrize("text", [row[1] for row in TWISTED], ids=[row[0] for row in TWISTED])
def test_there_is_one_way_to_write_a_statement(text: str) -> None:
    """What could be read in two ways is none, even if it is signed."""
    approval = Approval(decision="approve", by="ada", statement=text, proof=Proof(kind="ssh", text=ssh_signed(key_of("ada"), text)))
    assert text != STATEMENT
    found = ask([approval, say("ben")])
    assert (found.kind, found.ignored) == ("waiting", ('what "ada" has signed is no statement',))


class Away:
    """A verifier that can't reach the issuer of some."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def word(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        if approval.by in self.names:
            raise UnreachableError("https://issuer doesn't answer")
        return Proofs().word(approval, people)


def test_while_an_issuer_does_not_answer_nobody_goes_on_over_a_no() -> None:
    """A yes doesn't count meanwhile, a no may be one; when the time is up it is refused."""
    said = [say("ada"), say("ben"), say("cleo")]
    assert ask(said[:2], verifier=Away("ben")).kind == "waiting"
    assert ask(said, verifier=Away("ben")).kind == "granted"
    no = [say("ada"), say("ben"), say("cleo", "reject")]
    held = ask(no, verifier=Away("cleo"))
    assert (held.kind, held.until) == ("waiting", NOW + timedelta(minutes=30))
    assert 'somebody says no, and whether it is "cleo" can\'t be told now' in held.text
    assert ask(no, verifier=Away("cleo"), waited=61).kind == "refused"


INCIDENT: dict[str, Any] = {"incident": "INC-7", "reason": "users can't pay"}


def test_in_an_emergency_those_who_may_pass_the_others_by() -> None:
    """Signed, with a reason and an incident; that is kept with the step, and who was missing too."""
    intent = gates(emergency=["dan"])
    found = ask([say("ada"), say("dan", **INCIDENT)], intent)
    assert found.kind == "bypassed"
    assert found.text == (
        "dan passes the approvals of promote by (incident INC-7): users can't pay. Missing: 1 more of managers (ben, cleo)"
    )
    assert [(held.verdict, held.overridden) for held in found.held] == [("no-data", True)]
    found.enforce()
    # Also when the time is up, or it is their own release.
    assert ask([say("dan", **INCIDENT)], intent, waited=90).kind == "bypassed"
    assert ask([say("dan", **INCIDENT)], intent, began_by="dan").kind == "bypassed"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ([say("dan")], "waiting"),  # without an incident it is a yes of somebody who isn't asked
        ([say("ada", **INCIDENT)], "waiting"),  # who may not: a yes like any other
        ([say("mallory", by="dan", **INCIDENT)], "waiting"),
        ([say("dan", **INCIDENT), say("cleo", "reject")], "refused"),
        ([say("dan", **INCIDENT), say("dan", "reject", -0.5)], "refused"),
        ([say("dan", minutes=5, **INCIDENT), say("dan")], "waiting"),  # taken back
        ([say("dan", release="r5", **INCIDENT)], "waiting"),
        ([say("dan", before="stage", **INCIDENT)], "waiting"),
    ],
)
def test_nobody_else_passes_anything_by(said: list[Approval], kind: str) -> None:
    """And over a no nobody does."""
    assert ask(said, gates(emergency=["dan"])).kind == kind


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"decision": "reject", "reason": " "}, "a no takes a reason"),
        ({"incident": "INC-7", "reason": ""}, "a yes with an incident and a reason"),
        ({"incident": "INC-7", "decision": "reject"}, "a yes with an incident and a reason"),
        ({"reason": "x" * 20_000}, "the reason is too long"),
    ],
)
def test_what_nobody_may_sign_is_not_written_down(wrong: dict[str, Any], said: str) -> None:
    """A no without a reason, passing by without an incident, a novel."""
    told: dict[str, Any] = {"stack": STACK, "brings": BRINGS, "services": SERVICES, "before": "promote", "decision": "approve"}
    with pytest.raises(ConfigurationError, match=said):
        statement(**{**told, "reason": "because", "at": NOW, "release": RELEASE, **wrong})


@given(reason=st.text(max_size=200), versions=st.dictionaries(st.from_regex("[a-z]{1,9}", fullmatch=True), st.text(max_size=20)))
def test_a_statement_is_read_as_it_was_written(reason: str, versions: dict[str, str]) -> None:
    """Whatever is in it, and in plain ASCII, so that no letter passes for another."""
    try:
        text = statement(STACK, BRINGS, versions, "promote", "approve", reason, NOW, release=RELEASE)
    except UnicodeEncodeError:  # half a letter
        return
    said = read(text)
    assert said is not None
    assert (said.reason, said.services, said.text) == (reason.strip(), versions, text)
    assert text.isascii()
    assert audience(text).startswith("tidegate:sha256:")


def test_a_statement_says_where_the_releases_are() -> None:
    """A release under way, or the last one before that which is to begin; each by when it was begun too."""
    stamp = Stamp(at="2026-05-01T11:30:00+00:00", by="eve")
    release = Release(id="r7-3f0c1a", kind="release", services=("web",), phase="staged", step=0, weight=0, begun=stamp, changed=stamp)
    under_way = Ledger(release=release)
    done = Ledger(release=release.model_copy(update={"phase": "promoted"}))
    assert place(under_way) == RELEASE
    assert place(done) == f"after {RELEASE}"
    assert place(None) == place(Ledger()) == "before the first release"


def test_no_more_than_a_few_that_do_not_count_are_named() -> None:
    """However many there are."""
    found = ask([say("ada", key=key_of(f"mallory {i}"), by=f"mallory{i}\n") for i in range(12)])
    assert found.text.count("is nobody proven") == 5
    assert found.text.endswith("; and 7 more")
    assert "\n" not in found.text
    assert len(found.ignored) == 12


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"roles": {"managers": ["ada", "zoe"]}}, "roles.managers.1: there is no zoe in gates.people"),
        ({"roles": {"managers": ["ada", "ben", "cleo"], "ada": ["ben"]}}, "roles.ada: there is a person of that name"),
        ({"approvals": {"release": {"approvers": ["manager"]}}}, "approvals.release.approvers.0: there is no manager"),
        ({"approvals": {"release": {"approvers": ["managers"], "count": 4}}}, "4 must say yes, but there are only 3 approvers"),
        ({"approvals": {"release": {"approvers": []}}}, "approvers"),
        ({"approvals": {"release": {"approvers": ["managers"], "timeout": "0s"}}}, "must be more than nothing"),
        ({"emergency": ["zoe"]}, "emergency.0: there is no zoe"),
        ({"people": {"ada": {}}, "roles": {}, "approvals": {"a": {"approvers": ["ada"]}}}, "only 0 approvers with an identity"),
        ({"people": {"ada": {"identities": [ssh("x")]}, "ben": {"identities": [ssh("x")]}, "cleo": {}}}, "ada has the same"),
        ({"people": {"ada": {"names": ["x"]}, "ben": {"names": ["X"]}, "cleo": {}}, "approvals": {}}, "ada is called that too"),
        ({"approvals_file": "../approvals"}, "approvals_file"),
        ({"approvals_file": "/etc/approvals"}, "approvals_file"),
    ],
)
def test_settings_that_prove_nothing_are_refused(wrong: dict[str, Any], said: str) -> None:
    """Nobody's names, too few people, and keys that two have."""
    with pytest.raises(ValidationError) as error:
        gates(**wrong)
    assert said in str(error.value)
