"""Images from Debian's packages, of packages made up: the chosen files, the libraries they need, and what is missing."""

from __future__ import annotations

import shutil
import struct
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.node.images import debian, elf
from embedded.node.images.debian import Recipe, gather, image
from embedded.node.images.layers import File, Folder, Link, unpack
from embedded.node.images.packages import NoPackageError, Package, Packages, dependencies, merged
from embedded.node.images.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.node.images.layers import Entry

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
LOADER = "/lib64/ld-linux-x86-64.so.2"


def program(*libraries: str, loader: str | None = None) -> File:
    """The least file that says what it needs."""
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in libraries)
    offsets = [strings.index(name.encode() + b"\0") for name in libraries]
    path = (loader or "").encode() + b"\0"
    start = 64 + 56 * 3
    tags = [*((1, offset) for offset in offsets), (5, 0x1000 + start), (0, 0)]
    dynamic = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    end = start + len(strings) + len(path) + len(dynamic)

    def segment(kind: int, offset: int, size: int) -> bytes:
        return struct.pack("<IIQQQQQQ", kind, 4, offset, 0x1000 + offset, 0, size, size, 1)

    head = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q14xHH", 64, 56, 3)
    segments = [
        segment(1, 0, end),
        segment(2, start + len(strings) + len(path), len(dynamic)),
        segment(3 if loader else 0, start + len(strings), len(path)),
    ]
    return File(head.ljust(64, b"\0") + b"".join(segments) + strings + path + dynamic, mode=0o755)


def package(name: str, entries: dict[str, Entry], depends: str = "", size: int = 1) -> Package:
    """A package that needn't be fetched."""
    made = Package(name, "1.0", dependencies(depends), size, Path("/nowhere.deb"))
    vars(made).update(entries=entries, control=f"Package: {name}\n".encode())
    return made


def known(*packages: Package) -> Packages:
    """What apt would know."""
    made = Packages(Path("/nowhere"))
    made._known = {one.name: one for one in packages} | dict.fromkeys(("liba", "other"))
    return made


SERVER = package(
    "server",
    {
        "/usr/bin": Folder(),
        "/usr/bin/server": program("libone.so.1", "libc.so.6", loader=LOADER),
        "/usr/bin/serve": Link("server"),
        "/usr/bin/debug": File(b"#!/bin/sh\n"),
        "/usr/share/doc/server/copyright": File(b"free"),
    },
    "liba | other, libone1 (>= 1.0), libc6",
)
ONE = package(
    "libone1", {f"{LIBRARIES}/libone.so.1": Link("libone.so.1.2"), f"{LIBRARIES}/libone.so.1.2": program("libtwo.so.2")}, "two-libs, libc6"
)
TWO = package("two-libs", {f"{LIBRARIES}/libtwo.so.2": program("libc.so.6"), f"{LIBRARIES}/libunused.so": program()}, "libc6", size=9)
LIBC = package(
    "libc6",
    {f"{LIBRARIES}/libc.so.6": program(), "/usr/lib64/ld-linux-x86-64.so.2": Link(f"{LIBRARIES}/ld.so"), f"{LIBRARIES}/ld.so": program()},
)
RECIPE = Recipe("server:1", {"server": ("/usr/bin/*", "!/usr/bin/debug")}, entrypoint=("server",), user=999, account="server")


def test_an_image_has_exactly_what_its_programs_need() -> None:
    """The chosen files, libraries of libraries, what links lead to, the loader: and nothing else of those packages."""
    found = gather(RECIPE, known(SERVER, ONE, TWO, LIBC))
    assert sorted(found.entries) == [
        "/usr/bin/serve",
        "/usr/bin/server",
        "/usr/lib/x86_64-linux-gnu/ld.so",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "/usr/lib/x86_64-linux-gnu/libone.so.1",
        "/usr/lib/x86_64-linux-gnu/libone.so.1.2",
        "/usr/lib/x86_64-linux-gnu/libtwo.so.2",
        "/usr/lib64/ld-linux-x86-64.so.2",
    ]
    assert sorted(found.packages) == ["libc6", "libone1", "server", "two-libs"]


def test_an_image_runs_as_somebody_and_says_what_it_is_from() -> None:
    """It isn't root's, its account has a name, and its licences and packages are in it."""
    made = image(RECIPE, known(SERVER, ONE, TWO, LIBC), name="mine/server:2")
    entries = unpack(made.layers[0])
    assert (made.name, made.config.user, made.config.entrypoint) == ("mine/server:2", "999:999", ("server",))
    passwd = entries["/etc/passwd"]
    assert isinstance(passwd, File)
    assert b"server:x:999:999:" in passwd.content
    assert entries["/usr/share/doc/server/copyright"] == File(b"free")
    assert entries["/var/lib/dpkg/status.d/two-libs"] == File(b"Package: two-libs\n")
    assert entries["/lib64"] == Link("usr/lib64")
    assert not any(isinstance(entry, File) and entry.mode & 0o022 for entry in entries.values())


@pytest.mark.parametrize(
    ("recipe", "packages", "says"),
    [
        (RECIPE, (SERVER, ONE, LIBC), "no package that libone1 1.0 depends on has libtwo.so.2"),
        (replace(RECIPE, files={"server": ("/usr/bin/sever",)}), (SERVER, LIBC), "package server 1.0 has no file /usr/bin/sever"),
        (replace(RECIPE, files={"liba": ("/x",)}), (SERVER,), "apt knows no package liba: run `apt-get update`"),
    ],
)
def test_what_is_missing_is_said(recipe: Recipe, packages: Sequence[Package], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, and with how to get it where it can be had."""
    monkeypatch.setattr(Packages, "learn", lambda self, *names: self._known.update({name: self._known.get(name) for name in names}))
    with pytest.raises(NoPackageError, match=says):
        gather(recipe, known(*packages))


def test_without_apt_it_is_said_where_such_images_can_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On other systems than Debian there is another way."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(NoPackageError, match=r"no apt-cache found on PATH: .*load images of your own"):
        Packages(tmp_path).get("redis-server")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ()),
        ("libc6 (>= 2.34), a | b (= 1)", (("libc6",), ("a", "b"))),
        ("python3:any, , zlib1g", (("python3",), ("zlib1g",))),
    ],
)
def test_dependencies_are_names(field: str, expected: object) -> None:
    """Versions are apt's business."""
    assert dependencies(field) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/bin/sh", "/usr/bin/sh"),
        ("/lib64/ld.so", "/usr/lib64/ld.so"),
        ("/usr/bin/x", "/usr/bin/x"),
        ("/library/x", "/library/x"),
        ("dash", "dash"),
    ],
)
def test_paths_are_those_of_a_merged_system(path: str, expected: str) -> None:
    """/bin is /usr/bin."""
    assert merged(path) == expected


def test_a_script_needs_nothing() -> None:
    """What is no program says nothing."""
    assert elf.needs(b"#!/bin/sh\n") is None


@pytest.mark.parametrize("name", RECIPES)
def test_servers_are_not_roots(name: str) -> None:
    """No recipe's server runs as root, and each says how it is started."""
    recipe = RECIPES[name]
    assert recipe.user > 0
    assert recipe.entrypoint
    assert debian.PATH in recipe.env.get("PATH", debian.PATH)
