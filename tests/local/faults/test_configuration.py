"""Files that are damaged, missing or wrong: each is named, with what to do, and nothing is lost."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.faults.rig import Rig

PROJECT: Final = "project/Pulumi.yaml"
STACK: Final = "project/Pulumi.dev.yaml"
STATE: Final = "backend/.pulumi/stacks/shop/dev.json"
WHOLE: Final = "name: shop\nruntime: python\n"
# For the passphrase of the rig, with its cheap keys.
SALT: Final = "encryptionsalt: v1:3YEOgQc+LRk=:v1:Ikd++0SzUZJljVza:YrKSAMhPiVNLuVxuwdiCAKTY6STcTg==\n"


@pytest.fixture(scope="module")
def made(template: Rig, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """A stack with an output."""
    rig = template.copy(tmp_path_factory.mktemp("made") / "rig")
    rig.program("import pulumi\npulumi.export('x', 1)\n")
    rig.up().checked()
    return rig


@pytest.fixture
def whole(made: Rig, tmp_path: Path) -> Rig:
    """A copy of that stack."""
    return made.copy(tmp_path / "whole")


@pytest.mark.parametrize(
    ("file", "content", "parts"),
    [
        (PROJECT, b"name: [", ["Pulumi.yaml"]),
        (PROJECT, b"name: [1]\nruntime: python\n", ["Pulumi.yaml", "name"]),
        (PROJECT, b"name: shop\nruntime: 5\n", ["Pulumi.yaml", "runtime"]),
        (PROJECT, b"name: shop\n", ["Pulumi.yaml", "names no runtime"]),
        (PROJECT, b"- shop\n", ["Pulumi.yaml"]),
        (PROJECT, b"", ["Pulumi.yaml"]),
        (PROJECT, b"\xff\xfe\x00", ["Pulumi.yaml"]),
        (PROJECT, WHOLE.encode() + b"config: 3\n", ["Pulumi.yaml", "config"]),
        (PROJECT, WHOLE.encode() + b"config:\n  n:\n    type: integer\n    default: [no]\n", ["config", "n"]),
        (PROJECT, WHOLE.encode() + b"main: nowhere\n", ["main", "nowhere"]),
        (PROJECT, b"name: shop\nruntime:\n  name: python\n  options:\n    virtualenv: nowhere\n", ["virtualenv", "nowhere"]),
        (PROJECT, b"name: shop\nruntime: cobol\n", ["runtime 'cobol'"]),
        (STACK, b"config: [", ["Pulumi.dev.yaml"]),
        (STACK, SALT.encode() + b"config: 3\n", ["Pulumi.dev.yaml", "config"]),
        (STACK, b"encryptionsalt: 5\n", ["encryptionsalt is malformed"]),
        (STACK, b"encryptionsalt: v1:nonsense\n", ["encryptionsalt is malformed"]),
        (STACK, SALT.encode() + b"config:\n  shop:x:\n    secure: nonsense\n", ["ciphertext is malformed"]),
        (STACK, b"\xff\xfe\x00", ["Pulumi.dev.yaml"]),
        (STATE, b"", ["dev.json is damaged"]),
        (STATE, b'{"version":3,"checkpoint":{"stack":"org', ["dev.json is damaged", ".bak"]),
        (STATE, b"[]", ["dev.json is damaged"]),
        (STATE, b'{"version":3,"checkpoint":3}', ["dev.json is damaged"]),
        (STATE, b'{"version":99,"checkpoint":{"stack":"organization/shop/dev","latest":{}}}', ["deployment version is too new"]),
        (STATE, b"\x1f\x8b\x08broken", ["dev.json is damaged"]),
        (STATE, b'{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":{"resources":5}}}', ["dev.json is damaged"]),
        (
            STATE,
            b'{"version":3,"checkpoint":{"stack":"organization/shop/dev","latest":{"resources":[{"urn":5}]}}}',
            ["missing required 'type'"],
        ),
    ],
)
def test_a_wrong_file(whole: Rig, file: str, content: bytes, parts: list[str]) -> None:
    """The error names the file or the setting; no file is changed, and no lock is left."""
    path = whole.folder / file
    state = whole.checkpoint.read_bytes()
    path.write_bytes(content)
    whole.up().refused(*parts)
    assert path.read_bytes() == content
    assert file == STATE or whole.checkpoint.read_bytes() == state
    assert whole.locks == []


def test_a_wrong_magic(whole: Rig) -> None:
    """A checkpoint that was edited by something that doesn't know how is refused, as the CLI refuses it."""
    data = whole.checkpoint.read_bytes().replace(whole.latest()["manifest"]["magic"].encode(), b"0" * 64)
    whole.checkpoint.write_bytes(data)
    whole.up().refused("magic")
    assert whole.checkpoint.read_bytes() == data


def test_a_project_file_that_cannot_be_read(whole: Rig) -> None:
    """A folder where Pulumi.yaml should be is no project; the error says which file."""
    (whole.project / "Pulumi.yaml").unlink()
    (whole.project / "Pulumi.yaml").mkdir()
    whole.up().refused("Pulumi.yaml")


@pytest.mark.parametrize(
    ("env", "code", "parts"),
    [
        ({"PULUMI_CONFIG_PASSPHRASE": "wrong"}, 1, ["incorrect passphrase"]),
        ({"PULUMI_CONFIG_PASSPHRASE": ""}, 1, ["passphrase"]),
        ({"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere/at/all"}, 1, ["/nowhere/at/all"]),
    ],
)
def test_a_wrong_passphrase(whole: Rig, env: dict[str, str], code: int, parts: list[str]) -> None:
    """The error is about the passphrase, and the passphrase is not in it."""
    if "PULUMI_CONFIG_PASSPHRASE_FILE" in env:
        whole.without.append("PULUMI_CONFIG_PASSPHRASE")
    state = whole.checkpoint.read_bytes()
    refused = whole.up(**env).refused(*parts)
    assert refused.code == code, refused
    assert "'wrong'" not in refused.err
    assert whole.checkpoint.read_bytes() == state
    assert whole.locks == []


def test_no_passphrase(whole: Rig) -> None:
    """Without a passphrase, and nobody to ask, the error names the variables to set."""
    whole.without.append("PULUMI_CONFIG_PASSPHRASE")
    refused = whole.up().refused("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")
    assert refused.code == 1


def test_a_truncated_history_file(whole: Rig) -> None:
    """History that is damaged is named when it is asked for, and does not keep an update from running."""
    (file,) = (whole.backend / ".pulumi/history/shop/dev").glob("*.history.json")
    file.write_bytes(file.read_bytes()[:40])
    whole.run("stack", "history", "--stack", "dev").refused(file.name)
    whole.up().checked()


def test_the_backend_is_gone(whole: Rig) -> None:
    """A backend's folder that is not there is not made anew: it might be a disk that is not mounted."""
    shutil.rmtree(whole.backend)
    whole.up().refused(str(whole.backend))
    assert not whole.backend.exists()
