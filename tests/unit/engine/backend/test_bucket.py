"""A folder as a bucket."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from embedded.engine.backend.bucket import FileBucket, open_bucket
from embedded.engine.model.errors import ConfigurationError, EngineError, NotSupportedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bucket(tmp_path: Path) -> FileBucket:
    """An empty bucket."""
    return FileBucket(tmp_path)


def test_what_is_written_reads_back(bucket: FileBucket) -> None:
    """Folders are made on the way, and a write replaces what was there."""
    bucket.write("a/b/c.json", b"one")
    bucket.write("a/b/c.json", b"two")
    assert bucket.read("a/b/c.json") == b"two"
    assert bucket.exists("a/b/c.json")
    assert not bucket.exists("a/b")
    with pytest.raises(FileNotFoundError):
        bucket.read("a/b/d.json")


def test_deleting_takes_the_sidecar_too(bucket: FileBucket, tmp_path: Path) -> None:
    """What the real CLI keeps beside a file goes with it; deleting what is not there is fine."""
    bucket.write("a.json", b"")
    (tmp_path / "a.json.attrs").write_bytes(b"{}")
    bucket.delete("a.json")
    bucket.delete("a.json")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("", ["a/b/c.json", "a/b/d.json", "a/bc.json", "e"]),
        ("a/", ["a/b/c.json", "a/b/d.json", "a/bc.json"]),
        ("a/b", ["a/b/c.json", "a/b/d.json", "a/bc.json"]),
        ("a/b/", ["a/b/c.json", "a/b/d.json"]),
        ("a/b/c", ["a/b/c.json"]),
        ("nothing/", []),
        ("e/", []),
    ],
)
def test_listing(bucket: FileBucket, tmp_path: Path, prefix: str, keys: list[str]) -> None:
    """Keys come sorted, at any depth, without sidecars."""
    for key in ("e", "a/bc.json", "a/b/d.json", "a/b/c.json"):
        bucket.write(key, b"xyz")
    (tmp_path / "a" / "bc.json.attrs").write_bytes(b"{}")
    entries = bucket.entries(prefix)
    assert [e.key for e in entries] == keys
    assert all(e.size == 3 for e in entries)


def test_a_kept_file_survives_the_next_write(bucket: FileBucket) -> None:
    """The former file has the other name, and does not change when the first is replaced."""
    bucket.write("a.json", b"one")
    bucket.keep("a.json", "b/a.json.bak")
    bucket.write("a.json", b"two")
    assert bucket.read("b/a.json.bak") == b"one"
    bucket.keep("a.json", "b/a.json.bak")
    assert bucket.read("b/a.json.bak") == b"two"
    with pytest.raises(FileNotFoundError):
        bucket.keep("nothing", "b")


def test_keeping_without_hard_links(bucket: FileBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links gets a copy."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    bucket.write("a.json", b"one")
    bucket.keep("a.json", "a.json.bak")
    assert bucket.read("a.json.bak") == b"one"


def test_a_copy_is_no_link(bucket: FileBucket, tmp_path: Path) -> None:
    """Backups must not change with a file that is edited in place."""
    bucket.write("a.json", b"one")
    bucket.copy("a.json", "backups/a.json")
    (tmp_path / "a.json").write_bytes(b"edited")
    assert bucket.read("backups/a.json") == b"one"


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "no space left on the device. The former file is intact"),
        (errno.EDQUOT, "no space left on the device. The former file is intact"),
        (errno.EROFS, "Read-only file system"),
    ],
)
def test_a_failed_write_leaves_the_former_file(
    bucket: FileBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, message: str
) -> None:
    """A full disk is said as such, and neither harms the file nor leaves anything behind."""
    bucket.write("a.json", b"one")

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(EngineError, match=message):
        bucket.write("a.json", b"two")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert bucket.read("a.json") == b"one"


def test_what_a_killed_process_left_is_swept(bucket: FileBucket, tmp_path: Path) -> None:
    """Half-written files are never listed, and go with the next write once they are old."""
    old, new = tmp_path / ".a.json.1.tidegate-tmp", tmp_path / ".a.json.2.tidegate-tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert bucket.entries("") == []
    bucket.write("a.json", b"")
    assert sorted(p.name for p in tmp_path.iterdir()) == [new.name, "a.json"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_missing_permissions_are_said(bucket: FileBucket, tmp_path: Path) -> None:
    """A folder that may not be written to, or read, is an error with its path."""
    bucket.write("a/b.json", b"one")
    (tmp_path / "a").chmod(0)
    try:
        acts = (bucket.read, bucket.exists, bucket.entries, lambda key: bucket.write(key, b""), lambda key: bucket.keep(key, key + "2"))
        for act in acts:
            with pytest.raises(EngineError, match=r"a.*Permission denied"):
                act("a/b.json")
    finally:
        (tmp_path / "a").chmod(0o700)


def test_a_folder_in_the_way(bucket: FileBucket) -> None:
    """What is no file where one is expected is an error with its path."""
    bucket.write("a/b", b"")
    with pytest.raises(EngineError, match=r"could not read .*/a: Is a directory"):
        bucket.read("a")
    with pytest.raises(EngineError, match=r"could not write .*/a: Is a directory"):
        bucket.write("a", b"")


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("https://api.pulumi.com", NotSupportedError, "the Pulumi Cloud backend"),
        ("gs://bucket", NotSupportedError, "Google Cloud Storage"),
        ("azblob://container", NotSupportedError, "Azure Blob Storage"),
        ("postgres://x", NotSupportedError, "postgres:// backends"),
        ("/tmp/state", ConfigurationError, "is no URL"),
    ],
)
def test_other_backends_are_refused_by_name(url: str, error: type[EngineError], message: str) -> None:
    """A backend that is not there is named, with what to do instead."""
    with pytest.raises(error, match=message):
        open_bucket(url)


def test_folders_by_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder may be relative, the home folder's, and made on the way; one that is not there is a typing error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for url in (f"file://{tmp_path}", "file://.", "file://~", f"file://{tmp_path}?no_tmp_dir=true"):
        assert open_bucket(url).locate("x") == f"file://{tmp_path}/x"
    with pytest.raises(EngineError, match=r'unable to open state directory "file://./no" \(resolved to "file://.*/no"\)'):
        open_bucket("file://./no")
    assert open_bucket("file://./made?create_dir=true").locate("x") == f"file://{tmp_path}/made/x"
