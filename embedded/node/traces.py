"""What is to be seen of nodes on a machine: two looks tell whether one has left anything behind."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from embedded.node.cgroups import ROOT
from embedded.node.machine import HIDDEN, SETTINGS
from embedded.node.network import run
from embedded.node.processes import MARK

_PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Traces:
    """What a machine has, as far as a node could have changed it."""

    processes: frozenset[str]
    """Those of nodes only: other people's come and go."""
    mounts: frozenset[str]
    interfaces: frozenset[str]
    addresses: frozenset[str]
    routes: frozenset[str]
    namespaces: frozenset[str]
    tables: frozenset[str]
    cgroups: frozenset[str]
    settings: frozenset[str]
    folders: frozenset[str]

    def beyond(self, before: Traces) -> dict[str, list[str]]:
        """What is there and wasn't before."""
        found = {field.name: sorted(getattr(self, field.name) - getattr(before, field.name)) for field in fields(self)}
        return {kind: names for kind, names in found.items() if names}


def snapshot() -> Traces:
    """Look at the machine."""
    links = json.loads(run("ip", "-json", "address") or "[]")
    routes = json.loads(run("ip", "-json", "route", "show", "table", "all") or "[]")
    tables = json.loads(run("nft", "--json", "list", "tables") or "{}").get("nftables", [])
    return Traces(
        processes=frozenset(_processes()),
        mounts=frozenset(line.split()[4] for line in (_PROC / "self" / "mountinfo").read_text().splitlines()),
        interfaces=frozenset(link["ifname"] for link in links),
        addresses=frozenset(f"{link['ifname']} {entry['local']}" for link in links for entry in link.get("addr_info", ())),
        routes=frozenset(f"{route['dst']} {route.get('dev', '')}" for route in routes),
        namespaces=frozenset(str(path) for path in Path("/run/netns").glob("*")),
        tables=frozenset(f"{row['table']['family']} {row['table']['name']}" for row in tables if "table" in row),
        cgroups=frozenset(_cgroups()),
        settings=frozenset(f"{name} = {(Path('/proc/sys') / name).read_text().strip()}" for name in SETTINGS),
        folders=frozenset(_folders()),
    )


def _processes() -> list[str]:
    found = []
    for entry in _PROC.iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and any(item.startswith(f"{MARK}=".encode()) for item in (entry / "environ").read_bytes().split(b"\0")):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                found.append(f"{entry.name} {command}")
    return found


def _cgroups() -> list[str]:
    """All cgroups but those beside and below our own, which are for whoever started us to make and remove."""
    ours = [line.split(":", 2) for line in (_PROC / "self" / "cgroup").read_text().splitlines()]
    beside = {f"{ROOT}/{controllers}{Path(path).parent}" for _, controllers, path in ours if Path(path).parent != Path("/")}
    found = []
    for folder, below, _ in os.walk(ROOT):
        if folder in beside:
            below.clear()
        found.append(folder)
    return found


def _folders() -> list[str]:
    """What is in the places that can't be elsewhere."""
    return [str(path) for hidden in HIDDEN for path in (Path(hidden), *Path(hidden).rglob("*")) if path.exists()]
