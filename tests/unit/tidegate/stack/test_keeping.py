"""Versions and images are written into a stack's file so that nothing else of it changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.settings.yamltext import load
from tidegate.model.errors import ConfigurationError
from tidegate.stack.keeping import edited, keep

if TYPE_CHECKING:
    from pathlib import Path

    from tidegate.stack.overriding import Overrides

_DIGEST = f"sha256:{'0f' * 32}"
_KEY = "tidegate:services"

_SAMPLES = ["v2", "1.10", "2026-01-02", "0x1f", "1e3", "no", "null", "_", "1_000", "v1.4.2-rc.1"]
_versions = st.one_of(st.sampled_from(_SAMPLES), st.from_regex(re.compile(r"[A-Za-z0-9_][-.A-Za-z0-9_]{0,12}", re.ASCII), fullmatch=True))
_fields = st.fixed_dictionaries({}, optional={"version": _versions, "digest": st.just(_DIGEST), "image": st.just("ghcr.io/a/web")})


@st.composite
def _spelled(draw: st.DrawFn, value: str) -> str:
    """A version in one of the ways that a text can be written."""
    ways = [f"'{value}'", f'"{value}"']
    if type(load(value, "")) is str:
        ways.append(value)
    return draw(st.sampled_from(ways))


@st.composite
def _services(draw: st.DrawFn) -> tuple[str, dict[str, list[str]]]:
    """A section of services as people write it: blocks and flows, comments and empty lines, other settings before and behind."""
    lines, known, newline = [], {}, draw(st.sampled_from(["\n", "\r\n"]))
    for name in draw(st.lists(st.sampled_from(["web", "api", "old-one", "x"]), min_size=1, max_size=4, unique=True)):
        version = draw(_spelled(draw(_versions)))
        fields = {"image": draw(st.sampled_from(["web", "'web'"])), "version": version}
        if draw(st.booleans()):
            fields["digest"] = draw(st.sampled_from([f"sha256:{'a' * 64}", f"'sha256:{'a' * 64}'"]))
        if draw(st.booleans()):
            del fields["version"]
        pairs = [*fields.items(), *draw(st.sampled_from([(), (("replicas", "3"),), (("env", "{A: b}"),)]))]
        pairs = draw(st.permutations(pairs))
        known[name] = list(fields)
        comment = draw(st.sampled_from(["", "  # the page", " # version: v0"]))
        if draw(st.booleans()):
            lines.append(f"    {name}: {{{', '.join(f'{key}: {_quoted(value)}' for key, value in pairs)}}}{comment}")
        else:
            lines.append(f"    {name}:{comment}")
            for key, value in pairs:
                lines += draw(st.sampled_from([[], ["      # a word"], [""]]))
                lines.append(f"      {key}:{draw(st.sampled_from([' ', '   ']))}{value}{comment}")
        lines += draw(st.sampled_from([[], [""], ["    # between"]]))
    letter = draw(st.sampled_from(["a", "ü"]))
    head = ["# yaml-language-server: x", "config:", f"  tidegate:environment: {{name: {letter}}}", "  tidegate:services:"]
    tail = draw(st.sampled_from([[], ["  other:key: 'v1'"], ["# the end", "encryptionsalt: v1:abc:v1:def"]]))
    end = draw(st.sampled_from([newline, ""]))
    return newline.join([*head, *lines, *tail]) + end, known


def _quoted(value: str) -> str:
    return value if value[0] in "'\"{3" else f'"{value}"'


@given(st.data(), _services())
def test_nothing_else_changes(data: st.DataObject, services: tuple[str, dict[str, list[str]]]) -> None:
    """What is read afterwards is what was there before, with just these settings; every line that has none of them is as it was."""
    text, known = services
    names = data.draw(st.lists(st.sampled_from(sorted(known)), unique=True))
    wanted: Overrides = {name: data.draw(_fields) for name in names}
    after = edited(text, "tidegate", wanted, "Pulumi.dev.yaml")
    expected: dict[str, Any] = load(text, "")
    for name, fields in wanted.items():
        expected["config"][_KEY][name].update(fields)
    assert load(after, "") == expected
    added = sum(field not in known[name] for name, fields in wanted.items() for field in fields)
    changed = [line for line in after.splitlines() if line not in text.splitlines()]
    assert len(changed) <= sum(map(len, wanted.values()))
    assert 0 <= len(after.splitlines()) - len(text.splitlines()) <= added
    comments = re.compile(r"#.*$", re.MULTILINE)
    assert comments.findall(after) == comments.findall(text)
    assert (after.count("\r\n") == after.count("\n")) == (text.count("\r\n") == text.count("\n"))
    assert edited(after, "tidegate", wanted, "Pulumi.dev.yaml") == after


_FILE = """\
x-usual: &usual {image: web, version: v0}
config:
  tidegate:services:
    web: {image: web, version: &v v1}
    api: {image: api, version: *v}
    copy: *usual
    more: {<<: *usual, replicas: 2}
    block:
      <<: *usual
      version: >-
        v1
      replicas: 2
"""


@pytest.mark.parametrize(
    ("name", "fields", "before", "after"),
    [
        ("more", {"version": "v2"}, "{<<: *usual, replicas", '{version: "v2", <<: *usual, replicas'),
        ("block", {"version": "v2"}, ">-\n        v1\n", "v2\n"),
        ("block", {"digest": _DIGEST}, "    block:\n", f"    block:\n      digest: {_DIGEST}\n"),
    ],
)
def test_unusual_ways_of_writing(name: str, fields: dict[str, str], before: str, after: str) -> None:
    """What is merged in is overridden beside it; a block becomes a line."""
    assert edited(_FILE, "tidegate", {name: fields}, "f") == _FILE.replace(before, after)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        (_FILE, "web", "f: the version can't be written here"),
        (_FILE, "api", "f:5: api: .*: version is written somewhere else, and used here"),
        (_FILE, "copy", "f:6: copy: .*: it is no mapping of its own"),
        (_FILE, "gone", "f has no service gone any more"),
        ("config: {tidegate:services: '{}'}\n", "web", "there is no mapping tidegate:services"),
        ("config: {}\n", "web", "there is no mapping tidegate:services"),
    ],
)
def test_what_would_reach_further_is_left_to_people(text: str, name: str, says: str) -> None:
    """A value that others share, or that is elsewhere, is not changed."""
    with pytest.raises(ConfigurationError, match=says):
        edited(text, "tidegate", {name: {"version": "v2"}}, "f")


def test_a_file_in_json() -> None:
    """It stays one."""
    text = '{"config": {"tidegate:services": {"web": {"image": "web", "version": "v1"}}}}'
    after = edited(text, "tidegate", {"web": {"version": "1.0", "digest": _DIGEST}}, "f")
    assert after == text.replace('"v1"', f'"1.0", "digest": "{_DIGEST}"')


def test_the_file_is_replaced_at_once(tmp_path: Path) -> None:
    """It keeps its mode, a link stays a link, and one that has it all already is not touched."""
    file, link = tmp_path / "Pulumi.dev.yaml", tmp_path / "link.yaml"
    file.write_text("config:\n  services: {web: {version: v1}}\n")
    file.chmod(0o640)
    link.symlink_to(file)
    keep(link, "tidegate", {"web": {"version": "v2"}})
    assert link.is_symlink()
    assert file.read_text() == 'config:\n  services: {web: {version: "v2"}}\n'
    assert file.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"Pulumi.dev.yaml", "link.yaml"}
    before = file.stat()
    keep(link, "tidegate", {"web": {"version": "v2"}})
    keep(link, "tidegate", {})
    assert file.stat().st_ino == before.st_ino
    with pytest.raises(ConfigurationError, match="can't be written: No such file"):
        keep(tmp_path / "none.yaml", "tidegate", {"web": {"version": "v2"}})
