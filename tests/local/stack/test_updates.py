"""Updates and previews by the embedded engine, of a toy program: what they are told, what is left of it, and what is said."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.local.stack.place import SECRET, stage
from tidegate.model.errors import ConfigurationError, PolicyError, UpdateFailedError
from tidegate.model.events import Shift
from tidegate.model.ledger import Stamp
from tidegate.model.told import Preview

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.stack.place import Place
    from tidegate.stack.port import PulumiStack

_DIGEST = f"sha256:{'ab' * 32}"
_PACK = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def never(args, report):
    report(f"{args.name} is not wanted")

PolicyPack("rules", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy("never", "Nothing is wanted.", never),
    ResourceValidationPolicy("hardly", "Nothing much is.", never, enforcement_level=EnforcementLevel.ADVISORY),
])
"""


def ran(stack: PulumiStack) -> tuple[dict[str, str], bool]:
    """With which versions the program ran last, and whether it had the secret."""
    found = stack.read().outputs["urn:pulumi:dev::tidegate::pulumi:pulumi:Stack::tidegate-dev"]
    return found["versions"], found["token"] == hashlib.sha256(SECRET.encode()).hexdigest()


def test_a_release_s_updates(place: Place, stack: PulumiStack) -> None:
    """By the file with another version, then by what history knows of that: the file is not touched, secrets are there and never said.

    Who drives may look after users all the while.
    """
    before, lines, looks = place.file.read_bytes(), list[str](), list[bool]()
    told = stack.told({"web": "v2"}, {})
    stack.update(told, stage("a reason\nof lines"), lines.append, lambda: looks.append(bool(place.locks())))
    assert "this is stage" in lines
    assert True in looks
    assert ran(stack) == ({"web": "v2", "api": "v1"}, True)

    past, *others = stack.past()
    assert (past.number, past.kind, past.result) == (len(others) + 1, "update", "succeeded")
    assert past.message == "stage, by alice: a reason of lines"
    assert past.event == stage("a reason\nof lines")
    assert past.told is not None
    assert past.told.values == told.values
    assert (past.told.intent, past.told.origin) == (told.intent, f"update {past.number}")

    place.file.write_text(re.sub(r"\{secure: [^}]*\}|secure: .*", "in-the-clear", before.decode()))
    assert place.file.read_bytes() != before
    stack.update(past.told, stage("read"), lines.append)
    place.file.write_text("config: {half a\n")
    shift = Shift(stamp=Stamp(at="2026-01-02T03:04:05+00:00", by="ci"), weight=5, expects="r2-0abc.0.staged")
    stack.update(past.told, shift, lines.append)
    place.file.write_bytes(before)
    assert ran(stack) == ({"web": "v2", "api": "v1"}, True)
    assert stack.past()[0].message == "r2-0abc: shift to 5%, by ci"
    assert stack.past()[2].told == past.told
    assert SECRET not in "\n".join(lines) + repr(stack.past())
    assert list(place.temporary.iterdir()) == []


def test_what_is_told_by_nobody_that_it_knows(place: Place, stack: PulumiStack) -> None:
    """A configuration that another port has read, or that was put together, is encrypted anew: keys of every kind arrive as they were."""
    told = stack.told({}, {})
    text = "two\nlines\n"
    values = dataclasses.replace(
        told.values,
        texts={**told.values.texts, "other:key": text, "other:plain": '{"a": 1.5}'},
        secret=told.values.secret | {"other:key"},
    )
    stack.update(dataclasses.replace(told, values=values), stage("put together"), print)
    entry = json.loads(place.pulumi("stack", "history", "--json", "--show-secrets", "--page-size", "1", "--stack", "dev"))[0]["config"]
    assert entry["other:key"] == {"value": text, "secret": True}
    assert entry["other:plain"]["value"] == '{"a": 1.5}'
    assert entry["tidegate:secrets"]["secret"]
    past = stack.past()[0].told
    assert past is not None
    assert (past.intent, past.values.texts["other:key"]) == (told.intent, text)
    stored = "".join(file.read_text() for file in place.backend.rglob("*.json"))
    assert SECRET not in stored


def test_versions_and_images_are_put_in_the_file_s_place(place: Place, stack: PulumiStack) -> None:
    """They are in the configuration and the intent; the file is as it was until they are kept, and then only these have changed."""
    before = place.file.read_text()
    told = stack.told({"api": "v2"}, {"web": f"ghcr.io/a/web:v3@{_DIGEST}"})
    found = {name: (s.image, s.version, s.digest) for name, s in told.intent.services.items()}
    assert found == {"web": ("web", "v3", _DIGEST), "api": ("api", "v2", None)}
    assert place.file.read_text() == before
    stack.keep(told)
    after = place.file.read_text()
    place.file.write_text(before)
    assert after == before.replace("version: v1,", f'version: "v3", digest: "{_DIGEST}",').replace("'v1'", "'v2'")
    with pytest.raises(ConfigurationError, match="there is no service wbe; did you mean web"):
        stack.told({"wbe": "v2"}, {})


def test_what_the_program_says_of_secrets_is_not_passed_on(stack: PulumiStack) -> None:
    """Neither progress nor the error has them, in no form; and the error says what is wrong."""
    lines = list[str]()
    with pytest.raises(UpdateFailedError) as caught:
        stack.update(stack.told({}, {}), stage("leak"), lines.append)
    assert str(caught.value) == "the update failed:\n  [secret] and [secret] don't fit"
    assert "warning: the token is [secret]" in lines
    assert "topsecret" not in str(caught.value) + "".join(lines)
    found = stack.preview(stack.told({}, {}), stage("leak"))
    assert found == Preview({"same": 1}, (), ("[secret] and [secret] don't fit",))
    assert stack.past()[0].result == "failed"


def test_policy_packs_are_heeded(place: Place, tmp_path: Path) -> None:
    """A preview says all violations; an update with a mandatory one is refused."""
    pytest.importorskip("pulumi_policy")
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 1.2.3\n")
    (tmp_path / "__main__.py").write_text(_PACK)
    stack = place.stack(packs=[tmp_path])
    told = stack.told({}, {})
    found = stack.preview(told, stage())
    said = {(v.pack, v.policy, v.level) for v in found.violations}
    assert said == {("rules", "never", "mandatory"), ("rules", "hardly", "advisory")}
    with pytest.raises(PolicyError, match="rules: never: Nothing is wanted"):
        stack.update(told, stage(), print)
