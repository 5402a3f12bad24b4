"""A node of our own: started, healed, ended, and hurt on purpose."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from embedded.node import building, cgroups, identity, inside, machine, needs, network, processes
from embedded.node.add_ons import catalog, envoy
from embedded.node.api import DEFINITION, Api
from embedded.node.errors import NodeError
from embedded.node.folder import cache, folder
from embedded.node.images import static
from embedded.node.images.archive import write_all
from embedded.node.parts import apiserver, containerd, controllers, etcd, kubelet, proxy, scheduler
from embedded.node.parts.part import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from embedded.node.add_ons.add_on import AddOn, Object
    from embedded.node.building import Made
    from embedded.node.folder import Folder
    from embedded.node.parts.part import Part
    from embedded.node.processes import Process

MODULES: Final = (etcd, containerd, apiserver, controllers, scheduler, kubelet, proxy)
NAMES: Final = ("etcd", "containerd", *building.PARTS)
"""The names of the parts that every node has, as `logs` and faults take them."""

# Seconds: for a part to answer on a slow machine, for another's start or end, and for an end before it is enforced.
_START: Final = 90.0
_TURN: Final = 600.0
_GRACE: Final = 3.0
_DOWN: Final = 1.0
_LOAD: Final = 300
_POLL: Final = 0.05
_LAST_LINES: Final = 5
_PAUSE: Final = Path(__file__).with_name("pause")


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How a part is."""

    pid: int | None
    ready: bool


@dataclass(frozen=True, slots=True)
class Status:
    """How the node is."""

    ready: bool
    parts: Mapping[str, PartStatus]
    version: str
    pods: Mapping[str, int]
    left_behind: bool
    """Nothing of it runs, and it wasn't taken down: it was killed, or the machine was started anew."""


class Node:
    """The node of one name on this machine."""

    def __init__(self, where: Folder, cached: Path) -> None:
        self.folder, self._cache = where, cached

    @classmethod
    def open(cls, name: str = "default", environment: Mapping[str, str] | None = None) -> Self:
        """The node of that name, whether it runs or not."""
        known = os.environ if environment is None else environment
        return cls(folder(name, known), cache(known))

    @property
    def kubeconfig(self) -> Path:
        """The file by which clients find its API."""
        return self.folder.kubeconfig

    @property
    def containerd_address(self) -> Path:
        """Where its containerd listens."""
        return self.folder.containerd

    @property
    def name(self) -> str:
        """What it is called in its own cluster."""
        return f"tidegate-{self.folder.name}"

    @property
    def network(self) -> network.Network:
        """Its addresses."""
        if (taken := machine.read(self.folder)) is None:
            raise NodeError(f"the node {self.folder.name} isn't up")
        return taken.network

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its parts, add-ons' included."""
        return (*NAMES, *catalog.read(self.folder).parts)

    @property
    def urls(self) -> dict[str, str]:
        """Where add-ons take requests of programs on this machine, by their parts' names."""
        return {part: f"http://127.0.0.1:{port}" for part, port in catalog.read(self.folder).doors.items()}

    @property
    def gateway(self) -> str:
        """Where the gateway takes requests of programs on this machine."""
        if (url := self.urls.get(envoy.NAME)) is None:
            raise NodeError(f"the node {self.folder.name} has no gateway: tidegate node up --add-ons gateway")
        return url

    def log(self, part: str) -> Path:
        """What a part wrote."""
        return self.folder.logs / f"{part}.log"

    def up(self, say: Callable[[str], None] = lambda _: None, add_ons: Iterable[str] = ()) -> None:
        """Start what doesn't run of it, and wait until it takes pods. It has the add-ons that it had, and those."""
        self._refuse_others()
        more = tuple(add_ons)
        pause = self.prepare(say, more)
        with self.folder.turn(_TURN):
            taken = machine.take(self.folder)
            if not self._running():
                # The first start, or the first after everything was killed or the machine was started anew.
                self._forget_the_past(taken)
            chosen = catalog.choose(self.folder, more, self._running())
            setup = self._setup(taken)
            identity.make(setup)
            for one in chosen.add_ons:
                identity.add(setup, one.accounts, one.servers)
            network.set_up(taken.network)
            cgroups.make(taken.cgroup)
            self._start_all(setup, chosen, pause)

    def prepare(self, say: Callable[[str], None] = lambda _: None, add_ons: Iterable[str] = ()) -> Path:
        """Build what its start needs and nobody has built yet; returns the archive of the image that holds pods' namespaces."""
        made = self.check(add_ons)
        for each in made:
            each.make(self._cache, say)
        pause = self._pause_archive()
        self._make_pause(pause)
        return pause

    def check(self, add_ons: Iterable[str] = ()) -> Sequence[Made]:
        """Refuse what can't be started here, by all that is missing; returns what it is made of, built or not."""
        wanted = catalog.read(self.folder).and_more(add_ons).add_ons
        made: list[Made] = [building.KUBERNETES, *(each for one in wanted for each in one.made)]
        build = not (self._pause_archive().exists() and all(each.is_made(self._cache) for each in made))
        if missing := needs.missing(build=build, more={name: how for one in wanted for name, how in one.commands.items()}):
            raise needs.MissingError(missing)
        return made

    def down(self) -> bool:
        """End it and take back all that it has changed; whether there was anything."""
        if not self.folder.path.exists():
            return False
        with self.folder.turn(_TURN):
            taken = machine.read(self.folder)
            if taken is not None:
                machine.end(self.folder, taken, _DOWN)
                machine.give_back(taken)
            self.folder.clear()
            return taken is not None

    def status(self) -> Status:
        """How it is just now."""
        taken = machine.read(self.folder)
        parts = {name: PartStatus(None, ready=False) for name in self.parts}
        if taken is not None:
            for part in self._parts(taken):
                process = processes.part(self.folder, part.name)
                parts[part.name] = PartStatus(process.pid if process else None, ready=process is not None and part.is_ready())
        runs = any(part.pid is not None for part in parts.values())
        ready, pods = False, {}
        if parts["kube-apiserver"].ready:
            with Api(self.kubeconfig) as api:
                ready = all(part.ready for part in parts.values()) and api.node_is_ready(self.name)
                ready = ready and all(one.is_ready(api) for one in catalog.read(self.folder).add_ons)
                pods = api.pods()
        return Status(ready, parts, building.version(), pods, left_behind=taken is not None and not runs)

    def load(self, archive: Path) -> list[str]:
        """Give it the images of an archive; returns their names."""
        if not archive.is_file():
            raise NodeError(f"there is no image archive {archive}")
        if processes.part(self.folder, "containerd") is None:
            raise NodeError(f"the node {self.folder.name} isn't up: images can't be loaded")
        said = self._ctr("images", "import", "--snapshotter", _snapshotter(self.folder.path), str(archive.absolute()))
        names = [line.split()[1] for line in said.splitlines() if line.startswith("unpacking ")]
        self._await(lambda: set(names) <= self._known_images(), "containerd", f"the images of {archive} to be known")
        return names

    def start(self, part: str) -> None:
        """Start a part that was stopped or killed, and wait until it answers."""
        taken = machine.read(self.folder)
        if taken is None:
            raise NodeError(f"the node {self.folder.name} isn't up")
        wanted = next((one for one in self._parts(taken) if one.name == part), None)
        if wanted is None:
            raise NodeError(f"the node {self.folder.name} has no part {part!r}: it has {', '.join(self.parts)}")
        inside.start(self.folder, wanted)
        self._await(wanted.is_ready, part, "it to answer")

    def stop(self, part: str) -> None:
        """End a part as its makers mean it to be ended."""
        processes.stop([self.process(part)], _GRACE)

    def kill(self, part: str) -> None:
        """End a part at once."""
        process = self.process(part)
        processes.kill(lambda: [process] if process.lives() else [])

    def pause(self, part: str) -> None:
        """Keep a part from doing anything, until it is resumed."""
        self.process(part).send(signal.SIGSTOP)

    def resume(self, part: str) -> None:
        """Let a paused part go on."""
        self.process(part).send(signal.SIGCONT)

    def process(self, part: str) -> Process:
        """The running process of a part."""
        if (process := processes.part(self.folder, part)) is None:
            raise NodeError(f"{part} of the node {self.folder.name} isn't running")
        return process

    def _refuse_others(self) -> None:
        for other in self.folder.others():
            if other.machine.exists():
                raise NodeError(
                    f"there is a node {other.name} on this machine already, and it has room for one: tidegate node down --name {other.name}"
                )

    def _running(self) -> list[str]:
        return [name for name in self.parts if processes.part(self.folder, name) is not None]

    def _forget_the_past(self, taken: machine.Machine) -> None:
        """End what is left of a node whose parts have all ended, as a machine's new start would."""
        machine.end(self.folder, taken, 0)
        # The kubelet would look for the containers of those that are there.
        cgroups.remove(taken.cgroup)
        for short_lived in ("run", "parts", "private/containerd"):
            shutil.rmtree(self.folder.path / short_lived, ignore_errors=True)

    def _setup(self, taken: machine.Machine) -> Setup:
        chosen, binaries = catalog.read(self.folder), building.home(self._cache)
        found = ("etcd", "containerd", "runc", *(name for one in chosen.add_ons for name in one.commands))
        commands = {name: needs.tool(name) or name for name in found}
        commands |= {name: str(binaries / name) for name in building.PARTS}
        for one in (each for add_on in chosen.add_ons for each in add_on.made):
            commands |= one.commands(self._cache)
        plugins, snapshotter = needs.plugins() or Path("/opt/cni/bin"), _snapshotter(self.folder.path)
        return Setup(self.folder, taken.network, commands, plugins, taken.cgroup, snapshotter, static.PAUSE, chosen.doors)

    def _parts(self, taken: machine.Machine) -> list[Part]:
        setup = self._setup(taken)
        added = [part for one in catalog.read(self.folder).add_ons for part in one.parts(setup)]
        return [*(module.part(setup) for module in MODULES), *added]

    def _start_all(self, setup: Setup, chosen: catalog.Chosen, pause: Path) -> None:
        parts = {part.name: part for part in (module.part(setup) for module in MODULES)}
        for name in ("etcd", "containerd"):
            inside.start(self.folder, parts[name])
        self._await(parts["etcd"].is_ready, "etcd", "it to answer")
        inside.start(self.folder, parts["kube-apiserver"])
        self._await(parts["containerd"].is_ready, "containerd", "it to answer")
        self._await_containerd()
        self.load(pause)
        with Api(self.kubeconfig) as api:
            others = [part for name, part in parts.items() if name not in {"etcd", "containerd", "kube-apiserver"}]
            self._start_others(others, chosen, setup, api)

    def _start_others(self, others: list[Part], chosen: catalog.Chosen, setup: Setup, api: Api) -> None:
        """Start what needs the API: all of it side by side."""
        self._await(api.is_ready, "kube-apiserver", "the API to be ready")
        starts = processes.part(self.folder, "kubelet") is None
        before = api.heartbeat(self.name)
        while starts and before is not None and before >= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()):
            time.sleep(_POLL)  # by the second is all that it can be told by: the new one must not say it within the same
        for part in others:
            inside.start(self.folder, part)
        added = [part for one in chosen.add_ons for part in self._add(one, setup, api)]
        for part in (*others, *added):
            self._await(part.is_ready, part.name, "it to answer")
        if starts:
            # What the last one said of itself is in the store still.
            self._await(lambda: api.heartbeat(self.name) != before, "kubelet", "it to say how it is")
        self._await(lambda: api.node_is_ready(self.name), "kubelet", "the node to be ready")
        self._await(api.has_default_account, "kube-controller-manager", "the namespace default to be ready")
        for one in chosen.add_ons:
            self._apply(one.afterwards(setup), api)
        for one in chosen.add_ons:
            self._await(partial(one.is_ready, api), one.names[0], f"the add-on {one.name} to be ready")

    def _add(self, one: AddOn, setup: Setup, api: Api) -> list[Part]:
        """Start an add-on, which finds its objects there."""
        objects = one.objects(setup, self._cache)
        self._apply(objects, api)
        for kind in (each for each in objects if each["kind"] == DEFINITION):
            self._await(partial(api.serves, kind), "kube-apiserver", f"the kind {kind['spec']['names']['kind']} to be served")
        parts = list(one.parts(setup))
        for part in parts:
            inside.start(self.folder, part)
        return parts

    def _apply(self, objects: Iterable[Object], api: Api) -> None:
        for wanted in objects:
            # Namespaces and kinds that came just before are there a little later.
            self._await(partial(api.apply, wanted), "kube-apiserver", f"{wanted['kind']} {wanted['metadata']['name']} to be applied")

    def _await(self, comes: Callable[[], bool], part: str, what: str) -> None:
        """Wait for something that a part brings about; not longer than the part lives."""
        deadline = time.monotonic() + _START
        while not comes():
            if processes.part(self.folder, part) is None:
                raise NodeError(f"{part} ended while waiting for {what}; its last words: {self._last_words(part)}")
            if time.monotonic() >= deadline:
                raise NodeError(f"waited {_START:.0f} s for {what}; {part}'s last words: {self._last_words(part)}")
            time.sleep(_POLL)

    def _await_containerd(self) -> None:
        """Its socket is there before its services are."""

        def serves() -> bool:
            try:
                self._ctr("version")
            except NodeError:
                return False
            return True

        self._await(serves, "containerd", "it to serve")

    def _last_words(self, part: str) -> str:
        try:
            lines = self.log(part).read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return "".join(f"\n  {line}" for line in lines[-_LAST_LINES:]) or "none"

    def _known_images(self) -> set[str]:
        return set(self._ctr("images", "list", "--quiet", 'labels."io.cri-containerd.image"==managed').split())

    def _ctr(self, *arguments: str) -> str:
        command = [needs.tool("ctr") or "ctr", "--address", str(self.containerd_address), "--namespace", "k8s.io", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LOAD)
        if done.returncode:
            raise NodeError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _pause_archive(self) -> Path:
        source = b"".join(path.read_bytes() for path in sorted(_PAUSE.iterdir()) if path.is_file())
        return self._cache / f"pause-{hashlib.sha256(source).hexdigest()[:12]}.tar"

    def _make_pause(self, path: Path) -> None:
        if not path.exists():
            try:
                write_all(path, [static.pause()])
            except static.NoGoError as error:
                raise NodeError(str(error)) from error


def _snapshotter(path: Path) -> str:
    """How images' layers are laid over each other: an overlay can't lie on an overlay."""
    done: dict[str, Any] = {}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, kind = line.partition(" - ")
        where = Path(fields.split()[4])
        if path.is_relative_to(where) and len(str(where)) >= len(str(done.get("where", ""))):
            done = {"where": where, "kind": kind.split()[0]}
    return "native" if done.get("kind") == "overlay" else "overlayfs"
