"""Rules as a stack is held to them: levels, settings, exemptions, secrets, doubts, and policies that fail."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from policies.judging import Violation, of_manifest, of_objects, of_resource, stack_of
from policies.judging.fields import UNKNOWN, Hidden
from policies.judging.rulebook import Pack, Rulebook
from tests.unit.policies.judging.examples import PACK
from tests.unit.policies.wrapping import pod, wrapped
from tidegate.model.errors import ConfigurationError
from tidegate.model.intent.policies import Policies
from tidegate.policing import packs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.judging import Finding, Given, Settings, Subject
    from policies.judging.rulebook import Ruling

TODAY = date(2026, 6, 15)
BAD = of_manifest(wrapped("Deployment", pod(securityContext={"privileged": True})))


def rules(**told: Any) -> Rulebook:
    """The rules of a stack that is told this."""
    return Rulebook.of([PACK], Policies.model_validate(told), "staging", TODAY)


def ruled(subject: Subject, **told: Any) -> list[Ruling]:
    """What is said against an object."""
    return rules(**told).judge(subject)


@pytest.mark.parametrize(
    ("enforcement", "level"),
    [
        ({}, "mandatory"),
        ({"all": "advisory"}, "advisory"),
        ({"all": "advisory", "test": "mandatory"}, "mandatory"),
        ({"test": "advisory", "pod-security/baseline": "mandatory"}, "mandatory"),
        ({"pod-security/baseline": "mandatory", "test/privileged": "advisory"}, "advisory"),
        ({"test/privileged": "remediate"}, "mandatory"),
        ({"test/little-data": "disabled", "other/anything": "disabled"}, "mandatory"),
        ({"test": "disabled"}, None),
        ({"all": "disabled", "test/privileged": "mandatory"}, "mandatory"),
    ],
)
def test_what_is_said_more_closely_counts(enforcement: dict[str, str], level: str | None) -> None:
    """Of all, of a pack, of a standard, of a policy."""
    assert [one.level for one in ruled(BAD, enforcement=enforcement)] == ([] if level is None else [level])


def exemption(until: str, policy: str = "test/privileged", objects: tuple[str, ...] = ("shop/Deployment/web",)) -> dict[str, Any]:
    """Somebody's word."""
    return {"policy": policy, "objects": objects, "owner": "platform", "reason": "it is an agent", "until": until}


@pytest.mark.parametrize(
    ("one", "level", "note"),
    [
        (exemption("2026-06-15"), "advisory", "Exempt until 2026-06-15, says platform: it is an agent"),
        (exemption("2026-06-14"), "mandatory", "The exemption of platform ended on 2026-06-14"),
        (exemption("2027-01-01", "test/*"), "advisory", "Exempt until 2027-01-01, says platform: it is an agent"),
        (exemption("2027-01-01", objects=("shop/*/web", "x")), "advisory", "Exempt until 2027-01-01, says platform: it is an agent"),
        (exemption("2027-01-01", objects=("Deployment/web",)), "advisory", "Exempt until 2027-01-01, says platform: it is an agent"),
        (exemption("2027-01-01", objects=("shop/Deployment/api",)), "mandatory", ""),
        (exemption("2027-01-01", objects=("shop/deployment/web",)), "mandatory", ""),
        (exemption("2027-01-01", "test/little-data"), "mandatory", ""),
    ],
)
def test_exemptions_end(one: dict[str, Any], level: str, note: str) -> None:
    """The last day still counts; after it the exemption is only told of."""
    (found,) = ruled(BAD, exemptions=(one,))
    assert (found.level, found.note) == (level, note)
    assert not note or note in found.text


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"enforcement": {"test/priviledged": "advisory"}}, "no policy test/priviledged; do you mean test/privileged"),
        ({"settings": {"test/little-data": {"most": "many"}}}, "settings of the policy test/little-data are wrong: most"),
        ({"settings": {"test/little-data": {"least": 1}}}, "least: Extra inputs"),
        ({"exemptions": (exemption("2027-01-01", "test/gone"),)}, "no policy test/gone"),
    ],
)
def test_what_no_policy_knows_is_refused(told: dict[str, Any], message: str) -> None:
    """A slip must not let anything through."""
    with pytest.raises(ConfigurationError, match=message):
        rules(**told)


def test_a_slip_is_told_in_our_words() -> None:
    """Also one that a policy's own settings find."""
    told = Policies.model_validate({"settings": {"security/signed-images": {"bundles": "bundles"}}})
    with pytest.raises(ConfigurationError, match="security/signed-images are wrong: bundles: an absolute path"):
        Rulebook.of([packs.pack("security")], told)
    with pytest.raises(ConfigurationError, match=r"there is no pack nope\. There are security"):
        packs.pack("nope")


@pytest.mark.parametrize(("until", "good"), [("2026-02-28", True), ("2026-02-30", False), ("28.2.2026", False)])
def test_an_exemption_has_an_end(until: str, good: bool) -> None:
    """That calendars have."""
    if good:
        assert Policies.model_validate({"exemptions": (exemption(until),)}).exemptions[0].last == date(2026, 2, 28)
    else:
        with pytest.raises(ValueError, match="until"):
            Policies.model_validate({"exemptions": (exemption(until),)})


def test_settings_are_plain_data() -> None:
    """As a file has them; CrossGuard's come on top."""
    data = of_manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": dict.fromkeys("abcd", "")})
    assert len(ruled(data)) == 1
    assert ruled(data, settings={"test/little-data": {"most": 4}}) == []
    above = rules(settings={"test/little-data": {"most": 4}}).set_to({"little-data": "mandatory"}, {"little-data": {"most": 2}})
    assert [one.level for one in above.judge(data)] == ["mandatory"]


@pytest.mark.parametrize(
    "subject",
    [
        of_manifest({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "data": dict.fromkeys("abcd", "aHVudGVyMg==")}),
        of_resource("kubernetes:core/v1:ConfigMap", {"data": {key: Hidden("hunter2") for key in "abcd"}}, label="x"),
        of_resource("kubernetes:core/v1:ConfigMap", {"data": Hidden(dict.fromkeys("abcd", "hunter2"))}, label="x"),
    ],
)
def test_secrets_never_appear_in_a_message(subject: Subject) -> None:
    """Not even where a policy is careless."""
    (found,) = ruled(subject)
    assert "[secret]" in found.text
    assert "hunter2" not in found.text
    assert "aHVudGVyMg" not in found.text


KEY = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
PEM = "-----BEGIN RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"volume {KEY!r} is of the kind nfs", "volume '[secret]' is of the kind nfs"),
        (f"{KEY} and again {KEY}", "[secret] and again [secret]"),
        ("runs 'https://ada:hunter2@ghcr.io/a:1'", "runs 'https://ada:[secret]@ghcr.io/a:1'"),
        # A runtime's reference has no scheme.
        ("runs 'ada:hunter2@ghcr.io/a:1'", "runs 'ada:[secret]@ghcr.io/a:1'"),
        ("asks the host 'ada:hunter2@db'", "asks the host 'ada:[secret]@db'"),
        (f"has {PEM + chr(10) + 'MIIEow' * 8 + chr(10)!r}", "has '[secret]'"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer [secret]"),
        # A tag before a digest is none, whole or as people write it.
        (f"runs 'web:v1@sha256:{'a' * 64}'", f"runs 'web:v1@sha256:{'a' * 64}'"),
        ("Add the digest: `name:tag@sha256:…`", "Add the digest: `name:tag@sha256:…`"),
        ("asks 'http://web:8080/a@b'", "asks 'http://web:8080/a@b'"),
    ],
)
def test_what_looks_like_a_secret_is_never_told(text: str, told: str) -> None:
    """Wherever it has got to: into a name, an image, a host."""

    @of_objects("ConfigMap", title="Says what it is told.", severity="low", fix="None.")
    def careless(subject: Subject, given: Given[Settings]) -> Iterator[Finding]:  # noqa: ARG001 - a policy's signature
        yield Violation(subject.at("data", KEY), text, text)

    subject = of_manifest({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {KEY: ""}})
    (found,) = Rulebook.of([Pack("test", "Tests", (careless,))]).judge(subject)
    assert (found.reason, found.fix, found.path) == (told, told, "data.[secret]")


def test_a_doubt_hides_nothing_and_refuses_nothing() -> None:
    """It is advisory; what is known to be wrong is told all the same."""
    spec = {
        "initContainers": [{"name": "a", "securityContext": UNKNOWN}],
        "containers": pod(securityContext={"privileged": True})["containers"],
    }
    found = ruled(of_resource("kubernetes:core/v1:Pod", {"spec": spec}, label="web"))
    assert [(one.kind, one.level) for one in found] == [("doubt", "advisory"), ("violation", "mandatory")]
    assert "isn't known before the update: will be checked on up" in found[0].text
    whole = ruled(of_resource("kubernetes:core/v1:Pod", {"spec": UNKNOWN}, label="web"))
    assert [one.kind for one in whole] == ["doubt"]


def test_a_policy_that_fails_is_no_pass() -> None:
    """It is told without what it failed on, and is mandatory."""
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "x"}, "spec": {"parallelism": "hunter2"}}
    (found,) = [one for one in ruled(of_manifest(job)) if one.rule.policy.name == "broken"]
    assert (found.kind, found.level) == ("failure", "mandatory")
    assert "TypeError" in found.text
    assert "hunter2" not in found.text


def test_a_patch_is_judged_by_what_it_says() -> None:
    """What it leaves out it leaves alone."""
    patch = of_resource("kubernetes:apps/v1:DeploymentPatch", wrapped("Deployment", pod(securityContext={"privileged": True})), label="x")
    assert patch.kind == "Deployment"
    assert len(ruled(patch)) == 1


def test_the_whole_stack_is_judged_once() -> None:
    """With all that is in it."""
    assert [one.rule.policy.name for one in rules().judge_all(stack_of(BAD))] == ["privileged", "config-there"]
    assert rules(enforcement={"test/config-there": "disabled"}).judge_stack(stack_of(BAD)) == []
