"""Approvals in a file of the repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.gates.world import ask, gates, key_of, say
from tidegate.gates.filed import add, path, read
from tidegate.model.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

INTENT = gates(approvals_file="releases/approvals.jsonl")


def test_what_is_in_the_file_counts_like_what_is_in_the_state(tmp_path: Path) -> None:
    """One of each is two; the same in both is one."""
    assert read(INTENT, tmp_path) == ()
    file = add(INTENT, tmp_path, say("ada"))
    add(INTENT, tmp_path, say("ada"))
    assert file == tmp_path / "releases" / "approvals.jsonl"
    assert len(file.read_text().splitlines()) == 1
    assert ask([say("ada"), *read(INTENT, tmp_path)], INTENT).kind == "waiting"
    assert ask([say("ben"), *read(INTENT, tmp_path)], INTENT).kind == "granted"


def test_whoever_writes_the_file_proves_nothing(tmp_path: Path) -> None:
    """What isn't signed by them counts for nothing, and is named."""
    add(INTENT, tmp_path, say("ada", key=key_of("mallory")))
    found = ask([say("ben"), *read(INTENT, tmp_path)], INTENT)
    assert (found.kind, found.ignored) == ("waiting", ('"ada" is nobody proven: the SSH key is nobody\'s in gates.people',))


def test_a_line_is_never_joined_to_another(tmp_path: Path) -> None:
    """Also where an editor has left the last one without its end, or there are empty ones."""
    file = add(INTENT, tmp_path, say("ada"))
    file.write_text(f"\n{file.read_text().strip()}")
    add(INTENT, tmp_path, say("ben"))
    assert [one.by for one in read(INTENT, tmp_path)] == ["ada", "ben"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada says yes\n", ":1: is no approval"),
        ('{"decision": "approve"}\n', ":1: is no approval: by: Field required"),
        ("\n\n[]\n", ":3: is no approval"),
        ("\udcff", "can't be read"),
        (" " * 4_000_001, "at most 4000000 bytes"),
    ],
)
def test_a_file_that_can_not_be_read_lets_nothing_through(tmp_path: Path, text: str, said: str) -> None:
    """The error names its line."""
    file = tmp_path / "releases" / "approvals.jsonl"
    file.parent.mkdir()
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError, match=said):
        read(INTENT, tmp_path)


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    """What is elsewhere nobody has reviewed."""
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "repository"
    root.mkdir()
    (root / "releases").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="leads out of"):
        add(INTENT, root, say("ada"))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    """And it is said what to set."""
    assert path(gates(), tmp_path) is None
    assert read(gates(), tmp_path) == ()
    with pytest.raises(ConfigurationError, match="approvals_file"):
        add(gates(), tmp_path, say("ada"))
