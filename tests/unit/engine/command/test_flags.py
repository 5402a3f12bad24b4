"""Command lines are read as the Pulumi CLI reads them."""

from __future__ import annotations

import pytest

from embedded.engine.command.common import COMMON
from embedded.engine.command.flags import ArgumentCountError, Flag, UsageError, Verb, check_count, find, parse
from embedded.engine.model.errors import NotSupportedError

UP = Verb(
    "up",
    "",
    lambda _: None,
    (
        Flag("yes", short="y"),
        Flag("refresh", kind="text", short="r", bare="true"),
        Flag("target", kind="list", short="t"),
        Flag("pack", kind="csv"),
        Flag("parallel", kind="int", short="p", default="16"),
        Flag("protect", default="true"),
        Flag("plan", kind="text", refused="preview again"),
    ),
)
ROOT = Verb(
    "pulumi", "", children=(UP, Verb("stack", "", lambda _: None, (Flag("stack", kind="text", short="s"),), children=(Verb("ls", ""),)))
)


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("--yes", "yes", "true"),
        ("-y", "yes", "true"),
        ("--yes=false", "yes", "false"),
        ("--refresh", "refresh", "true"),
        ("--refresh=false", "refresh", "false"),
        ("-ry", "yes", "true"),
        ("-p4", "parallel", "4"),
        ("-p 4", "parallel", "4"),
        ("-p=4", "parallel", "4"),
        ("--parallel 4 --parallel 5", "parallel", "5"),
        ("", "parallel", "16"),
        ("", "protect", "true"),
        ("--protect=false", "protect", "false"),
        ("--color never", "color", "never"),
    ],
)
def test_values_of_flags(line: str, name: str, expected: str) -> None:
    """Short and long forms, with and without `=`, defaults, and the last one wins."""
    assert parse(UP, line.split(), COMMON).text(name) == expected


def test_lists_arguments_and_the_terminator() -> None:
    """List flags add up (and csv ones split), arguments may stand anywhere, and after `--` everything is an argument."""
    given = parse(UP, ["a", "-t", "x", "b", "--target=y,z", "--pack", "p,q", "--pack=r", "--", "--yes"], COMMON)
    assert given.many("target") == ("x", "y,z")
    assert given.many("pack") == ("p", "q", "r")
    assert given.args == ["a", "b", "--yes"]
    assert not given.on("yes")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("--nope", "unknown flag: --nope"),
        ("--ye", "unknown flag: --ye"),
        ("-z", "unknown shorthand flag: 'z' in -z"),
        ("--target", "flag needs an argument: --target"),
        ("-t", "flag needs an argument: 't' in -t"),
        ("--parallel x", 'invalid argument "x" for "--parallel" flag'),
        ("--yes=maybe", 'invalid argument "maybe" for "--yes" flag'),
    ],
)
def test_wrong_flags(line: str, text: str) -> None:
    """The errors say what is wrong in the CLI's words; abbreviations are wrong too."""
    with pytest.raises(UsageError) as caught:
        parse(UP, line.split(), COMMON)
    assert text in str(caught.value)


def test_refused_flags_are_named_with_what_to_do() -> None:
    """A flag of the real CLI that this engine lacks is never ignored."""
    with pytest.raises(NotSupportedError, match="the flag --plan; preview again"):
        parse(UP, ["--plan", "x"], COMMON)
    with pytest.raises(NotSupportedError, match="--tracing"):
        parse(UP, ["--tracing=file:x"], COMMON)


@pytest.mark.parametrize(
    ("line", "path", "rest"),
    [
        ("up", "pulumi up", ""),
        ("--non-interactive up -y", "pulumi up", "--non-interactive -y"),
        ("--color never up", "pulumi up", "--color never"),
        ("-C /tmp stack ls", "pulumi stack ls", "-C /tmp"),
        ("stack --stack ls ls", "pulumi stack ls", "--stack ls"),
        ("stack", "pulumi stack", ""),
        ("up stack", "pulumi up", "stack"),
        ("up -- stack", "pulumi up", "-- stack"),
    ],
)
def test_the_verb_is_found_among_flags(line: str, path: str, rest: str) -> None:
    """Flags before the verb's words, with or without values, do not hide them."""
    found, left = find(ROOT, line.split(), COMMON)
    assert (" ".join(v.name for v in found), " ".join(left)) == (path, rest)


@pytest.mark.parametrize(("line", "where"), [("nope", "pulumi"), ("stack nope", "pulumi stack")])
def test_unknown_verbs(line: str, where: str) -> None:
    """The error names the word, and where it was looked for."""
    with pytest.raises(UsageError, match=f'unknown command "nope" for "{where}"'):
        find(ROOT, line.split(), COMMON)


@pytest.mark.parametrize(
    ("least", "most", "count", "text"),
    [
        (1, 2, 0, "requires at least 1 arg(s), only received 0"),
        (0, 1, 2, "accepts at most 1 arg(s), received 2"),
        (2, 2, 1, "accepts 2 arg(s), received 1"),
    ],
)
def test_wrong_numbers_of_arguments(least: int, most: int, count: int, text: str) -> None:
    """The error says how many are taken."""
    with pytest.raises(ArgumentCountError) as caught:
        check_count(Verb("v", "", least=least, most=most), count)
    assert str(caught.value) == text
