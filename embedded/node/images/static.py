"""Images of one static Go program each: nothing else is in them, so nothing else can be broken into or need a newer version."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from embedded.node.images.archive import Config, Image, architecture
from embedded.node.images.layers import File, Folder, pack

if TYPE_CHECKING:
    from embedded.node.images.layers import Layer

PAUSE: Final = "tidegate.dev/pause:1"
"""What holds the pods' namespaces; containerd's `sandbox_image`."""

_PAUSE: Final = Path(__file__).parent.parent / "pause"
# As the name has it in distroless images.
_TEMPORARY: Final = Folder(mode=0o1777)


class NoGoError(Exception):
    """There is no Go here, or it couldn't build."""


def build(module: Path) -> bytes:
    """Build a module's program. The same source and the same Go make the same bytes, wherever they are."""
    go = shutil.which("go") or next((str(go) for go in (Path("/usr/local/go/bin/go"),) if go.exists()), None)
    if go is None:
        raise NoGoError("no go found on PATH: install Go from https://go.dev/dl, or on Debian and Ubuntu: apt-get install golang")
    with tempfile.TemporaryDirectory(prefix="tidegate-") as folder:
        made = Path(folder) / "program"
        # Not what somebody set for other builds: it would show in the bytes.
        env = {
            **os.environ,
            "CGO_ENABLED": "0",
            "GOOS": "linux",
            "GOARCH": architecture(),
            "GOFLAGS": "",
            "GOWORK": "off",
            "GOTOOLCHAIN": "local",
        }
        command = [go, "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", str(made), "."]
        done = subprocess.run(command, cwd=module, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoGoError(f"go could not build {module}:\n{done.stderr.strip()}")
        return made.read_bytes()


def layer(program: bytes, path: str) -> Layer:
    """A layer with a program, and what every program may expect."""
    users = b"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
    return pack(
        {
            path: File(program, mode=0o755),
            "/etc/passwd": File(users),
            "/etc/group": File(b"root:x:0:\nnonroot:x:65532:\n"),
            "/tmp": _TEMPORARY,  # noqa: S108 - the container's
        }
    )


def pause() -> Image:
    """The image of what holds a pod's namespaces."""
    made = pack({"/pause": File(build(_PAUSE), mode=0o755)})
    return Image(PAUSE, (made,), Config(entrypoint=("/pause",), user="65535:65535"))
