"""A project folder with a backend, and a way to run commands in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.backend import crypto
from embedded.engine.command.main import main
from embedded.engine.model import gojson

if TYPE_CHECKING:
    from pathlib import Path

URN = "urn:pulumi:dev::shop::"
STACK_URN = f"{URN}pulumi:pulumi:Stack::shop-dev"


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str


class Shell:
    """Runs `pulumi` commands in a project of the name `shop`, in this process."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capture = folder, capture

    def __call__(self, *words: str, code: int = 0) -> Result:
        """Run one; its exit code must be `code`."""
        self._capture.readouterr()
        ended = main(["--non-interactive", *words])
        out, err = self._capture.readouterr()
        assert ended == code, (out, err)
        return Result(ended, out, err)

    def put(self, *resources: dict[str, Any], version: int = 3, stack: str = "dev") -> None:
        """Make these the resources of a stack."""
        file = self.folder / "state" / ".pulumi" / "stacks" / "shop" / f"{stack}.json"
        checkpoint = json.loads(file.read_text())
        checkpoint["version"] = version
        checkpoint["checkpoint"]["latest"]["resources"] = list(resources)
        file.write_text(gojson.dumps(checkpoint))

    def resources(self, stack: str = "dev") -> list[dict[str, Any]]:
        """The resources of a stack."""
        file = self.folder / "state" / ".pulumi" / "stacks" / "shop" / f"{stack}.json"
        found: list[dict[str, Any]] = json.loads(file.read_text())["checkpoint"]["latest"].get("resources", [])
        return found


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """A shell in an empty project, where keys are cheap to derive."""
    monkeypatch.setattr(crypto, "_ROUNDS", 10)
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "state").mkdir()
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{folder / 'state'}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "correct horse")
    return Shell(folder, capsys)


@pytest.fixture
def dev(pulumi: Shell) -> Shell:
    """A shell in a project with the stack `dev`."""
    pulumi("stack", "init", "dev")
    return pulumi


@pytest.fixture
def stack_resource() -> dict[str, Any]:
    """The stack's own state, with outputs."""
    return {
        "urn": STACK_URN,
        "custom": False,
        "type": "pulumi:pulumi:Stack",
        "outputs": {"list": [1, "x", None], "url": "http://a"},
    }


@pytest.fixture
def box() -> Any:
    """How to make a resource's state: `(name, **fields)`."""

    def make(name: str, **fields: Any) -> dict[str, Any]:
        state = {"urn": f"{URN}toy:index:Box::{name}", "custom": True, "id": f"id-{name}", "type": "toy:index:Box", "parent": STACK_URN}
        return state | fields

    return make
