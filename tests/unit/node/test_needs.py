"""What is missing is told all at once, with how to get it."""

from __future__ import annotations

import os
import platform
import shutil
from typing import TYPE_CHECKING

from embedded.node import needs

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_all_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without root and without any command each of them is listed, Go only where something has to be built."""
    monkeypatch.setattr(needs, "search_path", lambda: str(tmp_path))
    monkeypatch.setattr(needs, "plugins", lambda: None)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    found = {one.what: one.how for one in needs.missing(build=True)}
    assert {"root", "etcd", "containerd", "runc", "nft", "ip", "CNI plugins ptp, host-local, loopback", "Go 1.26 or newer"} <= set(found)
    assert found["etcd"] == "make node, or on Debian and Ubuntu: apt-get install etcd-server"
    assert "Go 1.26 or newer" not in {one.what for one in needs.missing(build=False)}
    assert needs.Missing("envoy", "so") in needs.missing(build=False, more={"envoy": "so"})
    text = str(needs.MissingError(needs.missing(build=False)))
    assert "\n  - runc: make node" in text


def test_other_systems_are_told_of_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is of any use there."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    [only] = needs.missing(build=True)
    assert "kind" in only.how


def test_a_containers_root_is_told_what_it_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root who may neither mount nor make a network is no root for this; where those can be made, nothing is said of it."""
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    for answer, told in (("false", True), ("true", False)):
        monkeypatch.setattr(needs, "tool", lambda _, answer=answer: shutil.which(answer))
        assert ("the right to mount and to make networks" in {one.what for one in needs.missing(build=False)}) is told
