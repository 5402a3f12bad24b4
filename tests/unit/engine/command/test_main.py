"""The entrance: help, refusals, exit codes, and that cheap verbs stay cheap."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine.command import main as entrance
from embedded.engine.command.common import COMMON, GROUPS, REFUSED
from embedded.engine.command.flags import check_count
from embedded.engine.command.main import main, tree

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.command.flags import Verb
    from tests.unit.engine.command.conftest import Shell


def every_verb(verb: Verb, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Verb]]:
    """All verbs, with the words that lead to them."""
    return [(path, verb), *(found for child in verb.children for found in every_verb(child, (*path, child.name)))]


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` works on every verb, and tells every flag that is not hidden or refused."""
    for path, verb in every_verb(tree([])):
        if verb.refused:
            continue
        assert main([*path, "--help"]) == 0
        text = capsys.readouterr().out
        assert verb.help in text.replace("\n", " ") or verb.about
        for flag in verb.flags:
            assert bool(re.search(rf"--{flag.name}\b(?!-)", text)) == (not flag.hidden and not flag.refused), (path, flag.name)


def test_every_verb_and_flag_is_described() -> None:
    """What the help lists has a text; names and shorts are not used twice."""
    for path, verb in every_verb(tree([])):
        flags = [*verb.flags, *COMMON] if path else list(COMMON)
        for flag in verb.flags:
            assert flag.help or flag.hidden or flag.refused, (path, flag.name)
        names = [f.name for f in verb.flags]
        assert len(names) == len(set(names)), (path, sorted(n for n in names if names.count(n) > 1))
        assert not [f for f in flags if f.kind == "bool" and f.bare], path


def test_the_groups_name_their_verbs() -> None:
    """Every verb is found by the words that its module is listed under."""
    for words in GROUPS.values():
        for word in words:
            found = tree([word]).child(word)
            assert found is not None
            assert found.run is not None or found.children


@pytest.mark.parametrize("word", sorted(REFUSED))
def test_verbs_of_the_real_cli_are_refused_by_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A script that needs the real CLI must learn it at once, and what to do."""
    assert main([word, "some", "--thing"]) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"error: the embedded engine does not support `pulumi {word}`; ")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["nope"], 1, 'unknown command "nope" for "pulumi"'),
        (["plugin", "nope"], 1, 'unknown command "nope" for "pulumi plugin"'),
        (["version", "--nope"], 1, "unknown flag: --nope"),
        (["stack", "select", "nope"], 6, "no stack named 'nope' found"),
        (["up", "--yes", "--stack", "nope"], 6, "no stack named 'nope' found"),
        (["up"], 2, "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode"),
        (["refresh"], 1, "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode"),
        (["up", "--yes", "--plan", "x"], 1, "the embedded engine does not support the flag --plan; "),
        (["stack", "output"], 1, "no stack selected; please use `pulumi stack select` to choose one"),
        (["config"], 1, "no stack selected; please use `pulumi stack select` or `pulumi stack init` to choose one"),
        (["stack", "init"], 1, "missing stack name"),
        (["stack", "init", "bad name"], 1, "a stack name may only contain alphanumeric, hyphens, underscores, or periods"),
        (["--cwd", "/no/such/folder", "stack", "ls"], 1, "chdir /no/such/folder: no such file or directory"),
        (["--color", "pink", "whoami"], 0, ""),
    ],
)
def test_errors_have_the_clis_texts_and_exit_codes(pulumi: Shell, words: list[str], code: int, text: str) -> None:
    """Scripts and the Automation API tell errors apart by these."""
    assert pulumi(*words, code=code).err.startswith(f"error: {text}" if text else "")


def test_wrong_argument_counts_show_the_help_first(pulumi: Shell) -> None:
    """As the CLI does: the help on standard output, the error last on standard error."""
    result = pulumi("config", "set", code=1)
    assert "Usage:\n  pulumi config set <key>" in result.out
    assert result.err == "error: requires at least 1 arg(s), only received 0\n"


def test_an_internal_error_has_its_own_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A defect of the engine is never taken for a failed update."""

    def broken(_: list[str]) -> int:
        msg = "oops"
        raise ZeroDivisionError(msg)

    monkeypatch.setattr(entrance, "run", broken)
    assert main(["version"]) == 255
    assert capsys.readouterr().err.endswith("error: internal error: ZeroDivisionError: oops\n")


def test_no_backend_says_how_to_choose_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is logged in anywhere on a bare machine."""
    monkeypatch.chdir(tmp_path)
    assert main(["whoami"]) == 3
    assert "pulumi login file://FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["version"], ["stack", "output", "--json"], ["config", "get", "a"], ["stack", "history", "--json"]])
def test_cheap_verbs_import_nothing_heavy(dev: Shell, words: list[str]) -> None:
    """They must start in a tenth of a second: each of these modules alone would cost that, or much of it."""
    dev("config", "set", "a", "b")
    heavy = ("grpc", "pulumi", "google.protobuf", "cryptography", "boto3", "asyncio", "argparse")
    program = (
        "import sys\nfrom embedded.engine.command.main import main\n"
        f"code = main({words!r})\nprint(*sorted(set(sys.modules) & set({heavy!r})), file=sys.stderr)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == ""


def test_counts_hold_for_every_verb() -> None:
    """No verb asks for more arguments than it takes."""
    for _, verb in every_verb(tree([])):
        check_count(verb, verb.least)
