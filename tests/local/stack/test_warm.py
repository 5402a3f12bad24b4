"""Commands that are forked off a process that is kept warm: as if they were started anew, and nothing of one is left to the next."""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.local.stack.place import ROOT, SECONDS, await_, stage
from tidegate.stack import warm_server
from tidegate.stack.engine import choose
from tidegate.stack.records import Asked
from tidegate.stack.warm import Warm

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local.stack.place import Place
    from tidegate.stack.warm import Command


@pytest.fixture
def asked(place: Place) -> Asked:
    """The engine, for its command."""
    return Asked(choose(os.environ), place.folder, "dev", os.environ)


@pytest.fixture
def warm(asked: Asked) -> Warm:
    """The process, ready."""
    Warm.keep(asked.command, asked.environment, "")
    kept = Warm.kept(asked.command, asked.environment)
    assert kept is not None
    await_(lambda: kept.ready)
    return kept


def run(warm: Warm, asked: Asked, place: Place, out: Path, *arguments: str, **more: str) -> Command | None:
    """Start a command, with its output in a file."""
    with out.open("wb") as file:
        return warm.start(arguments, place.folder, {**asked.environment, **more}, file.fileno(), file.fileno())


def test_a_command_has_its_own_environment_and_code(warm: Warm, asked: Asked, place: Place, tmp_path: Path) -> None:
    """It says what it would say if it were started anew."""
    for arguments, code, says in (
        (("stack", "ls", "--json"), 0, '"name": "dev"'),
        (("stack", "export", "--stack", "nope"), 6, "no stack named 'nope' found"),
        (("nonsense",), 1, "unknown command"),
    ):
        command = run(warm, asked, place, tmp_path / "out", *arguments)
        assert command is not None
        assert command.wait(SECONDS) == code
        assert command.poll() == code
        assert says in (tmp_path / "out").read_text()
    command = run(warm, asked, place, tmp_path / "out", "stack", "ls", PULUMI_BACKEND_URL="file:///nowhere")
    assert command is not None
    assert command.wait(SECONDS) == 1
    assert "unable to open state directory" in (tmp_path / "out").read_text()


def test_one_at_a_time_with_signals(warm: Warm, asked: Asked, place: Place, tmp_path: Path) -> None:
    """A second one has to be started otherwise; an interrupt reaches the command, and no other's process."""
    config = tmp_path / "Pulumi.dev.yaml"
    config.write_text(place.file.read_text().replace("config:", f"config:\n  tidegate:event: '{stage('wait').model_dump_json()}'", 1))
    arguments = ("up", "--yes", "--skip-preview", "--stack", "dev", "--config-file", str(config))
    command = run(warm, asked, place, tmp_path / "out", *arguments)
    assert command is not None
    place.begun()
    assert command.pid == place.holder()
    assert run(warm, asked, place, tmp_path / "other", "stack", "ls") is None
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(0.01)
    command.send_signal(signal.SIGINT)
    assert command.wait(SECONDS) == 1
    assert "update canceled" in (tmp_path / "out").read_text()
    command.send_signal(signal.SIGINT)
    assert place.locks() == []


def test_a_program_s_modules_are_its_own(place: Place, warm: Warm) -> None:
    """Each update has the program as it is then, with what it imports; ours are there already, unless it has others of that name."""
    main, own = place.folder / "__main__.py", place.folder / "components"
    before, stack = main.read_text(), place.stack()
    told = stack.told({}, {})
    try:
        said = "pulumi.log.info(f'{part.SAID}, {shared}, {components.__file__}')\n"
        main.write_text(f"import sys\nshared = 'components' in sys.modules\nimport components, part\n{before}{said}")
        for word, shared, components in (("first", True, ROOT / "components"), ("second", False, own)):
            (place.folder / "part.py").write_text(f"SAID = 'the {word} part'\n")
            if not shared:
                own.mkdir()
                (own / "__init__.py").touch()
            lines = list[str]()
            assert warm.ready
            stack.update(told, stage(), lines.append)
            assert f"the {word} part, {shared}, {components / '__init__.py'}" in lines
    finally:
        main.write_text(before)
        shutil.rmtree(own, ignore_errors=True)


def test_what_has_changed_is_not_shared(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Since it was imported, by its time and size; nor what a program would find elsewhere, nor anything without a project."""
    importlib.import_module("components")
    assert warm_server.shared(str(place.folder)) == {"components", "embedded", "tidegate"}
    assert warm_server.shared("/") == set()
    monkeypatch.setattr(warm_server, "_files", {warm_server.__file__: (0, 0)})
    assert warm_server.shared(str(place.folder)) == set()


def test_its_end_is_not_the_command_s(warm: Warm, asked: Asked, place: Place, tmp_path: Path) -> None:
    """When it is killed, a command that is under way goes on, but nobody hears how it ended; the next one is started otherwise."""
    config = tmp_path / "Pulumi.dev.yaml"
    config.write_text(place.file.read_text().replace("config:", f"config:\n  tidegate:event: '{stage('wait').model_dump_json()}'", 1))
    command = run(warm, asked, place, tmp_path / "out", "up", "--yes", "--skip-preview", "--stack", "dev", "--config-file", str(config))
    assert command is not None
    place.begun()
    os.kill(warm.pid, signal.SIGKILL)
    assert command.wait(SECONDS) == -signal.SIGKILL
    place.open()
    await_(lambda: not place.locks())
    assert "this is stage" in (tmp_path / "out").read_text()
    assert warm.gone
    assert run(warm, asked, place, tmp_path / "other", "stack", "ls") is None
    assert Warm.kept(asked.command, asked.environment) is None
