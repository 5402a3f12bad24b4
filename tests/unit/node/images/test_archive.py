"""OCI archives: what is written reads back, the same is written twice, and others than we can read it."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.node.images.archive import NAME, Config, Image, read, repository, write, write_all
from embedded.node.images.layers import File, Folder, Layer, Link, digest, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.node.images.layers import Entry

NAMES = st.text(alphabet="abcü-_. 1", min_size=1, max_size=8).filter(lambda name: name not in {".", ".."})
FILES = st.builds(File, st.binary(max_size=600), st.sampled_from([0o644, 0o755, 0o400]), st.integers(0, 70000))
ENTRIES: st.SearchStrategy[dict[str, Entry]] = st.dictionaries(
    # Names end in what says how deep they are, so that no file is where another one needs a folder.
    st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(f"{part}{len(parts)}" for part in parts)),
    FILES | st.builds(Link, st.sampled_from(["/bin/sh", "../x"])),
    max_size=6,
)
WORDS = st.text(alphabet="abcdef/=- ", max_size=10)
KEYS = st.text(alphabet="ABC_", min_size=1, max_size=4)
CONFIGS = st.builds(
    Config,
    entrypoint=st.lists(WORDS, max_size=2).map(tuple),
    command=st.lists(WORDS, max_size=2).map(tuple),
    env=st.dictionaries(KEYS, WORDS, max_size=3),
    ports=st.lists(st.integers(1, 65535), unique=True, max_size=2).map(sorted).map(tuple),
    labels=st.dictionaries(KEYS, WORDS, max_size=2),
    stop=st.sampled_from([None, "SIGINT"]),
)
IMAGES = st.lists(
    st.builds(
        Image, st.sampled_from(["reg:5000/a:v1", "reg:5000/a:v2", "b:v1"]), st.lists(ENTRIES.map(pack), max_size=2).map(tuple), CONFIGS
    ),
    unique_by=lambda image: image.name,
    min_size=1,
    max_size=3,
)


@given(ENTRIES)
def test_what_is_packed_is_unpacked(entries: dict[str, Entry]) -> None:
    """A layer has what it was made from, and only folders beside."""
    found = unpack(pack(entries))
    assert {path: found[path] for path in entries} == entries
    assert all(found[path] == Folder() for path in found.keys() - entries.keys())


@given(ENTRIES, st.randoms())
def test_a_layer_knows_no_order(entries: dict[str, Entry], random: Any) -> None:
    """The same entries make the same bytes, in whatever order they come."""
    pairs = list(entries.items())
    random.shuffle(pairs)
    assert pack(dict(pairs)).tar == pack(entries).tar


@settings(max_examples=40)
@given(images=IMAGES)
def test_what_is_written_is_read(images: list[Image], tmp_path_factory: pytest.TempPathFactory) -> None:
    """An archive has the images that it was made from, and the same images make the same bytes."""
    folder = tmp_path_factory.mktemp("archive")
    write_all(folder / "one.tar", images)
    write_all(folder / "two.tar", images)
    assert read(folder / "one.tar") == images
    assert (folder / "one.tar").read_bytes() == (folder / "two.tar").read_bytes()


def test_the_layout_is_that_of_oci(tmp_path: Path) -> None:
    """An archive of one image, part for part: each blob is called by its digest, and leads to the next."""
    layer = pack({"/app": File(b"program", mode=0o755)})
    image = write(tmp_path / "image.tar", "shop/web:v1", [layer], Config(entrypoint=["/app"], env={"A": "1"}, ports=[80]))
    with tarfile.open(tmp_path / "image.tar") as tar:
        content = {member.name: file.read() for member in tar if (file := tar.extractfile(member))}
    assert all(digest(blob) == "sha256:" + name.rpartition("/")[2] for name, blob in content.items() if name.startswith("blobs/"))
    assert json.loads(content["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(content["index.json"])
    assert [one["annotations"][NAME] for one in index["manifests"]] == ["shop/web:v1", f"shop/web@{image.digest}"]
    assert {one["digest"] for one in index["manifests"]} == {image.digest}

    def blob(described: dict[str, Any]) -> bytes:
        found = content["blobs/" + described["digest"].replace(":", "/")]
        assert len(found) == described["size"]
        return found

    manifest = json.loads(blob(index["manifests"][0]))
    assert [blob(one) for one in manifest["layers"]] == [layer.tar]
    config = json.loads(blob(manifest["config"]))
    assert config["rootfs"] == {"type": "layers", "diff_ids": [layer.digest]}
    run = {"Entrypoint": ["/app"], "Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}, "User": "65532:65532", "WorkingDir": "/"}
    assert config["config"] == run


def test_a_shared_layer_is_there_once(tmp_path: Path) -> None:
    """Images that differ in their settings alone have one layer between them."""
    layer = pack({"/app": File(b"x" * 100_000)})
    write_all(tmp_path / "many.tar", [Image(f"shop:v{n}", (layer,), Config(env={"N": str(n)})) for n in range(20)])
    with tarfile.open(tmp_path / "many.tar") as tar:
        assert sum(member.size == len(layer.tar) for member in tar) == 1


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"etc/passwd": File(b"")}, "no path in an image"),
        ({"/../etc/passwd": File(b"")}, "no path in an image"),
        ({"/": Folder()}, "no path in an image"),
        ({"/a": File(b""), "/a/b": File(b"")}, "/a is no folder"),
        ({"/a": Link("/b"), "/a/c/d": File(b"")}, "/a is no folder"),
    ],
)
def test_a_path_that_cannot_be_is_refused(entries: dict[str, Entry], says: str) -> None:
    """Nothing is put beside an image's root, or below what is no folder."""
    with pytest.raises(ValueError, match=says):
        pack(entries)


def test_an_archive_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    """A blob that isn't what its name says is no part of an image."""
    layer = pack({"/app": File(b"honest")})
    write(tmp_path / "image.tar", "shop:v1", [layer], Config())
    content = (tmp_path / "image.tar").read_bytes()
    (tmp_path / "image.tar").write_bytes(content.replace(b"honest", b"forged"))
    with pytest.raises(ValueError, match="not what its name says"):
        read(tmp_path / "image.tar")


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    """What was there before stays, and nothing half is beside it."""
    path = tmp_path / "image.tar"
    write(path, "shop:v1", [], Config())
    before = path.read_bytes()
    with pytest.raises(ValueError, match="give name and tag alone"):
        write_all(path, [Image("shop:v2", (Layer(b""),)), Image("shop@sha256:1", ())])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop", "shop"),
        ("shop:v1", "shop"),
        ("host:5000/shop", "host:5000/shop"),
        ("host:5000/a/shop:v1", "host:5000/a/shop"),
        ("host/shop:v1@sha256:12", "host/shop"),
    ],
)
def test_a_repository_is_a_name_without_tag_and_digest(name: str, expected: str) -> None:
    """A port isn't taken for a tag."""
    assert repository(name) == expected
