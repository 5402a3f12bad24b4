"""What must be there before a node can be started, and how to get what isn't."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GO: Final = (1, 26)
_PLUGINS: Final = ("ptp", "host-local", "loopback")
_PLUGIN_FOLDERS: Final = (Path("/usr/lib/cni"), Path("/opt/cni/bin"), Path("/usr/libexec/cni"))
# Where servers' commands are, even when somebody's PATH doesn't say so.
_MORE: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/go/bin")
_COMMANDS: Final = {
    "etcd": "etcd-server",
    "containerd": "containerd",
    "containerd-shim-runc-v2": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "nft": "nftables",
    "ip": "iproute2",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "mount": "mount",
}
_PRIVILEGED: Final = "docker run --privileged --cgroupns=host"
_TIMEOUT: Final = 30


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that isn't there, and how to get it."""

    what: str
    how: str


class MissingError(NodeError):
    """Things that a node needs aren't there."""

    def __init__(self, missing: Sequence[Missing]) -> None:
        super().__init__("a node needs what isn't here:" + "".join(f"\n  - {one.what}: {one.how}" for one in missing))
        self.missing = tuple(missing)


def missing(*, build: bool, more: Mapping[str, str] | None = None) -> list[Missing]:
    """All that isn't there; `build`: something has to be built yet; `more`: further commands, and how to get each."""
    if platform.system() != "Linux":
        return [Missing("Linux", "on other systems use kind (https://kind.sigs.k8s.io) or give a cluster: --kubeconfig FILE")]
    found: list[Missing] = []
    if os.geteuid() != 0:
        found.append(Missing("root", "containers, mounts and network interfaces are root's: sudo -E tidegate node up"))
    elif not _may_contain():
        found.append(Missing("the right to mount and to make networks", f"a container lacks it unless it is privileged: {_PRIVILEGED}"))
    if not _cgroups():
        found.append(Missing("cgroups of memory, cpu and pids", f"mount them writable at /sys/fs/cgroup; in a container: {_PRIVILEGED}"))
    for command, package in _COMMANDS.items():
        if tool(command) is None:
            found.append(Missing(command, _how(package)))
    found.extend(Missing(command, how) for command, how in (more or {}).items() if tool(command) is None)
    if plugins() is None:
        found.append(Missing(f"CNI plugins {', '.join(_PLUGINS)}", _how("containernetworking-plugins")))
    if build:
        found.extend(_go())
    return found


def tool(name: str) -> str | None:
    """Where a command is."""
    return shutil.which(name, path=search_path())


def search_path() -> str:
    """PATH, where Python's packages put their commands, and where servers' commands are."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), sysconfig.get_path("scripts"), *_MORE])


def plugins() -> Path | None:
    """The folder that has the network plugins."""
    return next((folder for folder in _PLUGIN_FOLDERS if all((folder / plugin).exists() for plugin in _PLUGINS)), None)


def go_version(said: str) -> tuple[int, int] | None:
    """The version in what `go version` says."""
    found = re.search(r"\bgo(\d+)\.(\d+)", said)
    return None if found is None else (int(found[1]), int(found[2]))


def _how(package: str) -> str:
    return f"make node, or on Debian and Ubuntu: apt-get install {package}"


def _go() -> list[Missing]:
    wanted = f"Go {GO[0]}.{GO[1]} or newer"
    how = "Kubernetes is built from its Go module, once: get it from https://go.dev/dl and put its bin on PATH"
    if (go := tool("go")) is None:
        return [Missing(wanted, how)]
    said = subprocess.run([go, "version"], capture_output=True, text=True, check=False, timeout=_TIMEOUT).stdout
    version = go_version(said)
    if version is None or version < GO:
        return [Missing(f"{wanted} ({go} is {said.strip() or 'silent'})", how)]
    return []


def _may_contain() -> bool:
    """Whether this root may do what containers are made by: the one of a container mostly may not."""
    if (unshare := tool("unshare")) is None or (mount := tool("mount")) is None:
        return True  # that they are missing is told
    probe = [unshare, "--net", "--mount", "--propagation", "private", mount, "-t", "tmpfs", "tmpfs", "/"]
    return subprocess.run(probe, capture_output=True, check=False, timeout=_TIMEOUT).returncode == 0


def _cgroups() -> bool:
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.controllers").exists():
        return {"memory", "cpu", "pids"} <= set((root / "cgroup.controllers").read_text().split()) and os.access(root, os.W_OK)
    return all(os.access(root / controller, os.W_OK) for controller in ("memory", "cpu", "cpuset", "pids"))
