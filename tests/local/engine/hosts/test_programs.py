"""Programs run the same wherever they run: in a forked process, under another interpreter, in this process."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from embedded.engine.hosts.in_process import InProcessProgram
from embedded.engine.hosts.programs import ForkedProgram, SubprocessProgram
from tests.local.engine.hosts.support import Heard, run, world, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded.engine.hosts.forkserver import ForkServer
    from embedded.engine.model.ports import Program, ProgramResult
    from tests.local.engine.hosts.support import World

KINDS = ["forked", "subprocess", "in process"]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, server: ForkServer) -> Callable[[Path], Program]:
    """Makes a program of one kind from a folder."""
    from pathlib import Path

    makers: dict[str, Callable[[Path], Program]] = {
        "forked": lambda folder: ForkedProgram(folder, ".", server),
        "subprocess": lambda folder: SubprocessProgram(Path(sys.executable), folder, ".", server),
        "in process": InProcessProgram,
    }
    return makers[request.param]


def ran(program: Program, folder: Path) -> tuple[ProgramResult, World]:
    """Run a program to its end."""

    async def work() -> tuple[ProgramResult, World]:
        async with world(folder) as made:
            return await program.run(made.run, made.heard), made

    return run(work())


def test_a_program_registers_its_resources_and_outputs(make: Callable[[Path], Program], tmp_path: Path) -> None:
    """Settings, configuration, folder, arguments and modules are those that the real host gives."""
    write(
        tmp_path,
        {
            "helper.py": "import pulumi\nclass Box(pulumi.CustomResource): pass\n",
            "__main__.py": """
            import os, sys
            import pulumi
            from helper import Box
            config = pulumi.Config()
            box = Box("test:index:Box", "box", {"size": config.require_int("size"), "token": config.require_secret("token")})
            pulumi.export("id", box.id)
            pulumi.export("where", os.getcwd())
            pulumi.export("who", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization(), __name__])
            print("hello\\n\\nworld")
            print("careful", file=sys.stderr)
            """,
        },
    )
    result, made = ran(make(tmp_path), tmp_path)
    assert (result.error, result.bail) == ("", False)
    assert made.names == ["shop-dev", "box"]
    assert made.stack["id"] == "id-box"
    assert made.stack["where"] == str(tmp_path)
    assert list(made.stack["who"]) == ["shop", "dev", "organization", "__main__"]
    assert made.heard.of("info") == "hello\nworld\n"
    assert made.heard.of("info#err") == "careful\n"


ENDINGS = [
    (
        "raises",
        'def f():\n    raise RuntimeError("boom")\nf()\n',
        "",
        True,
        'line 3, in <module>\n    f()\n  File "{main}", line 2, in f\n',
    ),
    ("does not parse", "x = = 1\n", "", True, "SyntaxError: invalid syntax"),
    ("imports what is not there", "import nowhere_to_be_found\n", "", True, "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
    ("exits with 3", "import sys; sys.exit(3)\n", "program exited with non-zero exit code: 3", False, ""),
    ("exits with a text", "import sys; sys.exit('why')\n", "program exited with non-zero exit code: 1", False, ""),
    ("exits well", "import sys; sys.exit(0)\n", "", False, ""),
    ("raises a RunError", "import pulumi; raise pulumi.RunError('no')\n", "program exited with non-zero exit code: 1", False, "no\n"),
    (
        "fails in an apply",
        "import pulumi\npulumi.export('x', pulumi.Output.from_input(1).apply(lambda v: v / 0))\n",
        "",
        True,
        "ZeroDivisionError: division by zero",
    ),
]


@pytest.mark.parametrize(("text", "error", "bail", "said"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS])
def test_how_a_program_ends(make: Callable[[Path], Program], tmp_path: Path, text: str, error: str, bail: bool, said: str) -> None:
    """An error that the user has seen is bailed out of; another exit code is told."""
    (tmp_path / "__main__.py").write_text(text)
    result, made = ran(make(tmp_path), tmp_path)
    assert (result.error, result.bail) == (error, bail)
    assert said.format(main=tmp_path / "__main__.py") in made.heard.of("error")
    if bail:
        assert made.heard.of("error").startswith("Program failed with an unhandled exception:\nTraceback (most recent call last):\n")
        assert "launcher.py" not in made.heard.of("error") or "SyntaxError" in said or "ZeroDivision" in said


def test_a_folder_without_a_program(make: Callable[[Path], Program], tmp_path: Path) -> None:
    """The missing file is named."""
    result, made = ran(make(tmp_path), tmp_path)
    assert result.bail
    assert made.heard.of("error") == f"unable to find main python program `__main__.py` in `{tmp_path}`\n"


def test_megabytes_of_output_arrive(make: Callable[[Path], Program], tmp_path: Path) -> None:
    """Long lines and many lines are passed on whole."""
    (tmp_path / "__main__.py").write_text("print('x' * 3_000_000)\nfor i in range(20_000): print(i)\n")
    result, made = ran(make(tmp_path), tmp_path)
    assert result.error == ""
    assert len(made.heard.of("info").replace("\n", "")) == 3_000_000 + sum(len(str(i)) for i in range(20_000))


def test_a_cancelled_program_ends(make: Callable[[Path], Program], tmp_path: Path) -> None:
    """A program that waits for the engine ends at once, and says nothing of how."""
    (tmp_path / "__main__.py").write_text("import pulumi\nclass Box(pulumi.CustomResource): pass\nBox('test:index:Box', 'wait', {})\n")

    async def work() -> tuple[float, str]:
        async with world(tmp_path) as made:
            program = make(tmp_path)
            running = asyncio.create_task(program.run(made.run, made.heard))
            await made.monitor.waiting.wait()
            started = time.monotonic()
            program.cancel()
            await running
            return time.monotonic() - started, made.heard.of("info#err")

    seconds, said = run(work())
    assert seconds < 7
    assert "KeyboardInterrupt" not in said


@pytest.mark.parametrize("kind", ["forked", "subprocess"])
def test_a_program_that_will_not_end_is_killed(kind: str, server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds (here: half of one) after it was asked to end, with the processes that it started."""
    monkeypatch.setattr("embedded.engine.hosts.programs.CANCEL_SECONDS", 0.5)
    (tmp_path / "__main__.py").write_text(
        "import signal, subprocess, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\nprint(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    from pathlib import Path

    program: Program = (
        ForkedProgram(tmp_path, ".", server) if kind == "forked" else SubprocessProgram(Path(sys.executable), tmp_path, ".", server)
    )

    async def work() -> tuple[ProgramResult, int]:
        async with world(tmp_path) as made:
            running = asyncio.create_task(program.run(made.run, made.heard))
            while not made.heard.of("info"):  # noqa: ASYNC110 - another process says it
                await asyncio.sleep(0.01)
            program.cancel()
            return await running, int(made.heard.of("info"))

    result, child = run(work())
    assert result.error == "program exited with non-zero exit code: -1"
    assert not alive(child)


def test_a_grandchild_that_holds_the_output_open_delays_nothing(server: ForkServer, tmp_path: Path) -> None:
    """A program that leaves a process behind has ended when it has."""
    (tmp_path / "__main__.py").write_text("import subprocess\nprint(subprocess.Popen(['sleep', '20']).pid, flush=True)\n")
    started = time.monotonic()
    result, made = ran(ForkedProgram(tmp_path, ".", server), tmp_path)
    os.kill(int(made.heard.of("info")), 9)
    assert result.error == ""
    assert time.monotonic() - started < 5


def test_threads_and_exit_handlers_of_a_program_are_waited_for(server: ForkServer, tmp_path: Path) -> None:
    """As the interpreter does at its end."""
    (tmp_path / "__main__.py").write_text(
        "import atexit, threading, time\natexit.register(print, 'last')\n"
        "threading.Thread(target=lambda: (time.sleep(0.3), print('late'))).start()\n"
    )
    _, made = ran(ForkedProgram(tmp_path, ".", server), tmp_path)
    assert made.heard.of("info") == "late\nlast\n"


def test_a_forked_program_sees_nothing_of_the_engine(server: ForkServer, tmp_path: Path) -> None:
    """Neither its modules nor its open exit handlers."""
    (tmp_path / "__main__.py").write_text("import sys\nprint([m for m in sys.modules if m.startswith(('embedded', 'tidegate'))])\n")
    _, made = ran(ForkedProgram(tmp_path, ".", server), tmp_path)
    assert made.heard.of("info") == "[]\n"


def test_a_program_in_a_file_of_another_name(server: ForkServer, tmp_path: Path) -> None:
    """What Pulumi.yaml's `main` names."""
    (tmp_path / "app.py").write_text("import pulumi\npulumi.export('ok', True)\n")
    for program in (ForkedProgram(tmp_path, "app.py", server), InProcessProgram(tmp_path / "app.py")):
        result, made = ran(program, tmp_path)
        assert result.error == ""
        assert made.stack["ok"] is True


def test_a_function_runs_in_this_process(tmp_path: Path) -> None:
    """With its own settings; nothing of them is left behind."""
    import pulumi

    def program() -> None:
        pulumi.export("stack", pulumi.get_stack())
        sys.stdout.write("from a function\n")

    result, made = ran(InProcessProgram(program), tmp_path)
    assert result.error == ""
    assert made.stack["stack"] == "dev"
    assert made.heard.of("info") == "from a function\n"
    assert pulumi.get_stack() == "stack"
    assert pulumi.runtime.settings.SETTINGS.monitor is None


def test_two_functions_at_once(tmp_path: Path) -> None:
    """Each has its own context: their resources do not mix."""
    import pulumi

    def named(name: str) -> Callable[[], None]:
        def program() -> None:
            pulumi.export("name", name)
            sys.stdout.write(f"{name}\n")

        return program

    async def work() -> list[tuple[str, str]]:
        async with world(tmp_path) as one, world(tmp_path, stack="dev") as two:
            await asyncio.gather(
                *(InProcessProgram(named(n)).run(w.run, w.heard) for n, w in (("one", one), ("two", two))),
            )
            return [(w.stack["name"], w.heard.of("info")) for w in (one, two)]

    assert run(work()) == [("one", "one\n"), ("two", "two\n")]


def test_a_program_in_a_folder_is_forgotten(tmp_path: Path) -> None:
    """A second run in this process sees the modules as they are now."""
    for text in ("first", "second"):
        write(tmp_path, {"words.py": f"WORD = {text!r}  # {'x' * len(text)}\n", "__main__.py": "import words\nprint(words.WORD)\n"})
        _, made = ran(InProcessProgram(tmp_path), tmp_path)
        assert made.heard.of("info") == f"{text}\n"
    assert "words" not in sys.modules


def test_in_process_speed(tmp_path: Path) -> None:
    """A program of five resources, in process, costs well under a tenth of a second."""
    (tmp_path / "__main__.py").write_text(
        "import pulumi\nclass Box(pulumi.CustomResource): pass\nfor i in range(5): Box('test:index:Box', f'b{i}', {'i': i})\n"
    )

    async def work() -> float:
        async with world(tmp_path) as made:
            best = 1.0
            for _ in range(3):
                started = time.monotonic()
                result = await InProcessProgram(tmp_path).run(made.run, Heard())
                assert result.error == ""
                best = min(best, time.monotonic() - started)
            return best

    assert run(work()) < 0.1


def alive(pid: int) -> bool:
    """Whether a process runs (one that is dead and not yet reaped does not)."""
    from pathlib import Path

    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
