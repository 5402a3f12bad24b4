"""`make demo`: a service's release, its refusal and its way back, as stack updates; in a throw-away folder, told in plain words.

Runs on the embedded engine; `TIDEGATE_ENGINE=pulumi make demo` does the same with the real CLI.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent
TIDEGATE = Path(sys.executable).with_name("tidegate")
# How long a command may take to end by itself after Ctrl-C.
GRACE = 10
TIMEOUT = 120


class DemoError(Exception):
    """The demo did not go as it should."""


class Demo:
    """A copy of the program in a folder of its own, with its own backend, and a folder that stands for the cluster."""

    def __init__(self, folder: Path) -> None:
        self.program, self.cluster = folder / "ground", folder / "cluster"
        shutil.copytree(HERE, self.program, ignore=shutil.ignore_patterns("__pycache__", "demo.py"))
        (folder / "state").mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
            # The real CLI starts the first Python on PATH: it must be the one that has the SDK.
            "PATH": os.pathsep.join([str(TIDEGATE.parent), os.environ.get("PATH", os.defpath)]),
            "TIDEGATE_ENGINE": os.environ.get("TIDEGATE_ENGINE", "embedded"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "only for this demo",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def pulumi(self, command: str, *, expect: int = 0, quiet: bool = False) -> str:
        """Run `tidegate pulumi <command>` in the program's folder; shows it unless `quiet`, else returns its output."""
        if not quiet:
            say(f"\n$ tidegate pulumi {command}", bold=True)
        with subprocess.Popen(
            [TIDEGATE, "pulumi", *shlex.split(command), "--non-interactive"],
            cwd=self.program,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=TIMEOUT)
            except BaseException:
                # Ctrl-C has reached the command too: let it end by itself, but not for ever.
                end(process)
                raise
        if process.returncode != expect:
            raise DemoError(f"`tidegate pulumi {command}` ended with exit code {process.returncode}, not {expect}")
        return output or ""

    def up(self, message: str, *, expect: int = 0) -> None:
        """Update the stack under the policy pack's eyes."""
        self.pulumi(f"up --yes --skip-preview --policy-pack policy --message {shlex.quote(message)}", expect=expect)

    def shown(self) -> str:
        """Say what is in the folder that stands for the cluster."""
        return ", ".join(f"{file.name}: {file.read_text().strip()}" for file in sorted(self.cluster.iterdir()))


def end(process: subprocess.Popen[str]) -> None:
    """Wait for a command that has been told to end; kill it if it does not."""
    process.terminate()
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        process.kill()


def say(text: str, *, bold: bool = False) -> None:
    """Print a line, bold on a terminal that may have colors."""
    plain = not bold or "NO_COLOR" in os.environ or not sys.stdout.isatty()
    print(text if plain else f"\033[1m{text}\033[0m", flush=True)


def tell(number: int, title: str, text: str) -> None:
    """Announce a stage."""
    say(f"\n--- {number}. {title} " + "-" * max(0, 100 - len(title)), bold=True)
    say(text)


def run(demo: Demo) -> None:
    """Go through the stages."""
    tell(1, "Look first", "A service with two slots, blue and green, and a route. Nothing is there yet: what would an update do?")
    demo.pulumi("stack init demo")
    demo.pulumi(f"config set folder {shlex.quote(str(demo.cluster))}", quiet=True)
    demo.pulumi("config set blue 1.0.0")
    demo.pulumi("preview")

    tell(2, "The first version", "The same, carried out. A policy pack watches: versions are named, and users go to a slot that runs one.")
    demo.up("release 1.0.0")
    say(f"The cluster now: {demo.shown()}")

    tell(3, "A policy refuses", "Users are to be sent to green, where nothing runs: a policy that looks at the stack as a whole sees that.")
    unchanged = demo.shown()
    demo.pulumi("config set live green")
    demo.up("users to green", expect=1)
    if demo.shown() == unchanged:
        say(f"Refused, and nothing has changed: {demo.shown()}")
    else:
        say(f"Refused, but only after the change (that is when the real CLI runs stack policies): {demo.shown()}")

    tell(4, "A new version beside the live one", "1.1.0 comes up in green. The users stay where they are.")
    demo.pulumi("config set live blue")
    demo.pulumi("config set green 1.1.0")
    demo.up("1.1.0 beside it")
    say(f"The cluster now: {demo.shown()}")

    tell(5, "The users follow", "What was refused before is right now: green runs a version.")
    demo.pulumi("config set live green")
    demo.up("users to green")
    say(f"The cluster now: {demo.shown()}")

    tell(6, "The history", "Each update of the stack is recorded with its configuration and its result, newest first.")
    say("\n$ tidegate pulumi stack history --json   (shortened)", bold=True)
    history = json.loads(demo.pulumi("stack history --json", quiet=True))
    for update in history:
        slots = ", ".join(f"{name}={update['config'][f'ground:{name}']['value'] or '-'}" for name in ("blue", "green", "live"))
        say(f"  {update['result']:<10} {update['message']:<18} {slots}")

    tell(7, "The way back", "The configuration of the last good update but one, out of the history and into an update.")
    before = [update for update in history if update["result"] == "succeeded"][1]["config"]
    values = [f"--plaintext {key}={before[key]['value']}" for key in sorted(before) if key != "ground:folder"]
    demo.pulumi(f"config set-all {' '.join(values)}")
    demo.up("users back to blue")
    say(f"The cluster now: {demo.shown()}")

    tell(8, "No more", "All of it away again, and the stack too.")
    demo.pulumi("destroy --yes --skip-preview")
    demo.pulumi("stack rm --yes")


def terminated(_signal: int, _frame: object) -> NoReturn:
    """Leave through the same doors as after Ctrl-C, so that the folder goes away."""
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo and clean up, however it ends."""
    signal.signal(signal.SIGTERM, terminated)
    try:
        with tempfile.TemporaryDirectory(prefix="tidegate-demo-", ignore_cleanup_errors=True) as folder:
            run(Demo(Path(folder)))
    except KeyboardInterrupt:
        say("\nEnded early; everything that was made is gone again.")
        return 8
    except DemoError as error:
        print(f"error: {error}; everything that was made is gone again", file=sys.stderr)
        return 1
    say("\nThat was all, and nothing of it is left. Try next:")
    say("  .venv/bin/tidegate engine              which engine runs here, and why")
    say("  .venv/bin/tidegate pulumi --help       what it can do; your own Pulumi programs in Python run on it as they are")
    say("  examples/ground/                       the program and the policies that you just saw")
    return 0


if __name__ == "__main__":
    sys.exit(main())
