"""Names that must be the real CLI's to the letter: default providers, aliases, targets, durations, version ranges."""

from __future__ import annotations

import pytest

from embedded.engine.deploy import aliasing
from embedded.engine.deploy.default_providers import default_name
from embedded.engine.deploy.goal import Goal
from embedded.engine.deploy.targets import Targets
from embedded.engine.model import urn as urns
from embedded.engine.model.errors import EngineError
from embedded.engine.model.ports import Alias, PackageRef
from embedded.engine.monitor import version_range
from embedded.engine.monitor.registration import seconds


@pytest.mark.parametrize(
    ("package", "name"),
    [
        (PackageRef("p"), "default"),
        (PackageRef("p", "4.30.1"), "default_4_30_1"),
        (PackageRef("p", "4.30.1-alpha.2"), "default_4_30_1_alpha_2"),
        (PackageRef("p", "1.2.3+build.7"), "default_1_2_3_build_7"),
        (PackageRef("p", "1.0.0", "https://x.test/y"), "default_1_0_0_https___x_test_y"),
        (PackageRef("base", "1.0.0", "", ("p", "2.0.0", b"")), "default_2_0_0"),
    ],
)
def test_names_default_providers(package: PackageRef, name: str) -> None:
    """The name holds version, pre-release, build and download server."""
    assert default_name(package) == name


ROOT = urns.root("s", "p")
BOX = urns.make("s", "p", ROOT, "a:b:Box", "box")


@pytest.mark.parametrize(
    ("goal", "renamed", "found"),
    [
        (Goal("t:t:T", "n", custom=True, properties={}, aliases=[Alias(name="old")]), {}, ["urn:pulumi:s::p::t:t:T::old"]),
        (
            Goal("t:t:T", "n", custom=True, properties={}, aliases=[Alias(urn="urn:pulumi:x::y::z:z:Z::n")]),
            {},
            ["urn:pulumi:x::y::z:z:Z::n"],
        ),
        (Goal("t:t:T", "n", custom=True, properties={}, parent=BOX, aliases=[Alias(no_parent=True)]), {}, ["urn:pulumi:s::p::t:t:T::n"]),
        (Goal("t:t:T", "n", custom=True, properties={}, parent=BOX, aliases=[Alias(parent=ROOT)]), {}, ["urn:pulumi:s::p::t:t:T::n"]),
        (Goal("t:t:T", "n", custom=True, properties={}, aliases=[Alias(stack="q", project="r")]), {}, ["urn:pulumi:q::r::t:t:T::n"]),
        (
            Goal("t:t:T", "box-child", custom=True, properties={}, parent=BOX),
            {BOX: "urn:pulumi:s::p::a:b:Box::old"},
            ["urn:pulumi:s::p::a:b:Box$t:t:T::old-child"],
        ),
    ],
)
def test_finds_former_urns(goal: Goal, renamed: dict[str, str], found: list[str]) -> None:
    """Aliases give former URNs, and a renamed parent gives its children theirs."""
    assert aliasing.former_urns(goal, "s", "p", renamed) == found


@pytest.mark.parametrize(
    ("targets", "urn", "named"),
    [
        ((), "anything", True),
        (("urn:a",), "urn:a", True),
        (("urn:a",), "urn:b", False),
        (("**b",), "urn:pulumi:s::p::t::b", True),
        (("urn:pulumi:s::p::t::*",), "urn:pulumi:s::p::t::b", True),
        (("urn:pulumi:*::b",), "urn:pulumi:s::p::t::b", False),
    ],
)
def test_matches_targets(targets: tuple[str, ...], urn: str, named: bool) -> None:
    """Without targets everything is one; `*` stays within a part, `**` does not."""
    assert (urn in Targets.parse(targets)) is named


@pytest.mark.parametrize(("text", "value"), [("", 0), ("90s", 90), ("5m", 300), ("1h2m3.5s", 3723.5), ("250ms", 0.25)])
def test_reads_durations(text: str, value: float) -> None:
    """Custom timeouts are durations as Go writes them."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["soon", "5", "5 m", "m5"])
def test_refuses_what_is_no_duration(text: str) -> None:
    """A timeout that cannot be read is an error that shows it."""
    with pytest.raises(EngineError, match=text):
        seconds(text)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (">=3.0.0", True),
        (">=3.0.0 <3.260.0", False),
        ("<3.0.0 || >3.100.0", True),
        ("!3.260.0", False),
        ("3.260.0", True),
        ("3.x", True),
        ("4.x", False),
        (">=3.1", True),
    ],
)
def test_reads_version_ranges(text: str, fits: bool) -> None:
    """Comparisons side by side all have to hold, of alternatives one."""
    assert version_range.contains(text, "3.260.0") is fits


@pytest.mark.parametrize("text", ["", "new", ">=3.0.0 or so"])
def test_refuses_what_is_no_version_range(text: str) -> None:
    """A range that cannot be read is an error."""
    with pytest.raises(ValueError, match="range"):
        version_range.contains(text, "3.260.0")
