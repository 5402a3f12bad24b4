"""Hashes of assets and archives: the released CLI's, so that neither engine sees a change in what the other has made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.model.errors import EngineError, NotSupportedError
from embedded.engine.model.values import Archive, Asset, Output, Secret
from embedded.engine.monitor.assets import hashed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with three files, of which the real CLI's hashes are known."""
    (tmp_path / "files" / "sub").mkdir(parents=True)
    (tmp_path / "files" / "a.txt").write_text("hello\n")
    (tmp_path / "files" / "empty").touch()
    (tmp_path / "files" / "sub" / "b.txt").write_text("world\n")
    return tmp_path


@pytest.mark.parametrize(
    ("value", "digest"),
    [
        (Asset(path="files/a.txt"), "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"),
        (Asset(text="hé"), "7dfbe0eab96510b11c9a2671d83019cd52953211294db5f917ffa0b7cc84f534"),
        (Archive(path="files"), "a27a5a0567628d4a5ab9b0c909e25cb3fa3b3e78e089a7722b1a7bf936fb5ba4"),
        (
            Archive(assets={"k/m.txt": Asset(text="s"), "d": Archive(path="files")}),
            "dc0d7b1ed37e7d16829eb71f3630b66617fafd9d8692c23d424dfeb285671fcc",
        ),
    ],
)
def test_hashes_as_the_released_cli_does(value: Asset | Archive, digest: str, folder: Path) -> None:
    """Files, texts, folders and archives put together have the hashes that the real CLI gave them."""
    assert hashed(value, folder).hash == digest


def test_finds_assets_wherever_they_are(folder: Path) -> None:
    """Assets inside lists, objects, secrets and outputs are hashed too; a hash that is known is kept."""
    found: Any = hashed({"a": [Asset(text="x")], "b": Secret(Asset(text="x")), "c": Output(Asset(text="x")), "d": Asset("known")}, folder)
    wanted = hashed(Asset(text="x"), folder).hash
    assert (found["a"][0].hash, found["b"].value.hash, found["c"].value.hash, found["d"].hash) == (wanted, wanted, wanted, "known")


def test_order_follows_folders(tmp_path: Path) -> None:
    """`sub/x` goes before `sub-y`: folders are walked, not names sorted."""
    (tmp_path / "f" / "sub").mkdir(parents=True)
    for name in ("sub/x", "sub-y"):
        (tmp_path / "f" / name).write_text(name)
    one = hashed(Archive(path="f"), tmp_path).hash
    (tmp_path / "f" / "sub-y").unlink()
    assert hashed(Archive(path="f"), tmp_path).hash != one


@pytest.mark.parametrize(
    ("value", "kind", "says"),
    [
        (Asset(path="nothing"), EngineError, "nothing"),
        (Archive(path="nothing"), EngineError, "neither a folder nor a file"),
        (Asset(uri="https://example.test/x"), NotSupportedError, "fetch it first"),
        (Archive(uri="https://example.test/x"), NotSupportedError, "fetch it first"),
    ],
)
def test_says_what_cannot_be_read(value: Asset | Archive, kind: type[EngineError], says: str, tmp_path: Path) -> None:
    """A missing file is named; what would have to be downloaded is refused."""
    with pytest.raises(kind, match=says):
        hashed(value, tmp_path)
