"""`make demo`: the example stack on a simulated cluster: installed, released, refused, taken back; told in plain words.

Runs on the embedded engine, in a copy of the program in a throw-away folder; `TIDEGATE_ENGINE=pulumi make demo` does the same with the
real CLI and its provider.
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
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STACK: Final = "local"
FILE: Final = f"Pulumi.{STACK}.yaml"
# What of the project the demo runs, in a copy.
PROGRAM: Final = ("Pulumi.yaml", FILE, "__main__.py", "components", "policies")
# The cluster's seconds are this much shorter than ours: nobody wants to watch pods start.
RATE: Final = 10
TIDEGATE: Final = Path(sys.executable).with_name("tidegate")
# How long a command may take to end by itself after Ctrl-C.
GRACE: Final = 10
TIMEOUT: Final = 120
# How often it is looked whether somebody wants the demo to end.
GLANCE: Final = 0.1
# Where an update's output goes over from what happens to what has come of it.
ENDINGS: Final = ("Policies:", "Diagnostics:", "Resources:")


class DemoError(Exception):
    """The demo did not go as it should."""


class Interrupted(Exception):  # noqa: N818 - nothing went wrong
    """Somebody wants the demo to end."""


class Wish:
    """Whether somebody wants the demo to end: Ctrl-C, or a polite kill.

    Only noted: an exception out of a signal's handler may come up where nobody can catch it (while a process is being started, while
    garbage is collected), and would be lost, or leave half of something behind.
    """

    def __init__(self) -> None:
        self._noted = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, _signal: int, _frame: object) -> None:
        self._noted = True

    def heed(self) -> None:
        """End the demo here, if that is wanted."""
        if self._noted:
            raise Interrupted

    def forget(self) -> None:
        """It is heeded: what is left to do is to clean up."""
        self._noted = False


class Demo:
    """A copy of the program in a folder of its own, with its own backend, and a cluster of its own."""

    def __init__(self, folder: Path, wish: Wish) -> None:
        self._wish = wish
        self.program = folder / "program"
        for part in PROGRAM:
            source, target = ROOT / part, self.program / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        # The key of whoever tries the stack by hand is not the demo's.
        lines = (self.program / FILE).read_text().splitlines(keepends=True)
        (self.program / FILE).write_text("".join(line for line in lines if not line.startswith("encryptionsalt:")))
        (folder / "state").mkdir()
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
            # The real CLI starts the first Python on PATH: it must be the one that has the SDK.
            "PATH": os.pathsep.join([str(TIDEGATE.parent), os.environ.get("PATH", os.defpath)]),
            "TIDEGATE_ENGINE": os.environ.get("TIDEGATE_ENGINE", "embedded"),
            "XDG_STATE_HOME": str(folder / "local"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "only for this demo",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def start(self) -> None:
        """Bring up the cluster."""
        cluster = json.loads(self.tidegate(f"local up --rate {RATE} --json", quiet=True))
        self.environment["KUBECONFIG"] = cluster["kubeconfig"]

    def stop(self) -> None:
        """Take the cluster down, if it is up."""
        self._wish.forget()
        self.tidegate("local down", quiet=True)

    def tidegate(self, command: str, *, expect: int = 0, quiet: bool = False) -> str:
        """Run `tidegate <command>` in the program's folder; shows it unless `quiet`, else returns its output."""
        self._wish.heed()
        if not quiet:
            say(f"\n$ tidegate {command}", bold=True)
        with subprocess.Popen(
            [TIDEGATE, *shlex.split(command)],
            cwd=self.program,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.PIPE if quiet else None,
            text=True,
        ) as process:
            try:
                output, errors = self._ended(process)
            except subprocess.TimeoutExpired as error:
                end(process)
                raise DemoError(f"`tidegate {command}` took longer than {TIMEOUT} seconds") from error
            except Interrupted:
                # Ctrl-C has reached the command too: let it end by itself, but not for ever.
                end(process)
                raise
        # It may have ended because of what has reached it.
        self._wish.heed()
        if process.returncode != expect:
            said = f":\n{ending(told)}\n" if (told := errors or output) else ""
            raise DemoError(f"`tidegate {command}` ended with exit code {process.returncode}, not {expect}{said}")
        return output or ""

    def _ended(self, process: subprocess.Popen[str]) -> tuple[str | None, str | None]:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                return process.communicate(timeout=GLANCE)
            except subprocess.TimeoutExpired:
                self._wish.heed()
                if time.monotonic() > deadline:
                    raise

    def pulumi(self, command: str, *, expect: int = 0, quiet: bool = False) -> str:
        """Run `tidegate pulumi <command>`."""
        return self.tidegate(f"pulumi {command}", expect=expect, quiet=quiet)

    def gist(self, command: str, *, expect: int = 0) -> None:
        """Run `tidegate pulumi <command> --suppress-outputs`, and show how it ends: a line a resource would be a screen or three."""
        command += " --suppress-outputs"
        say(f"\n$ tidegate pulumi {command}", bold=True)
        say(f"...\n{ending(self.pulumi(command, expect=expect, quiet=True))}")

    def up(self, message: str, *, policies: bool = False, expect: int = 0) -> None:
        """Update the stack."""
        pack = "--policy-pack policies/security " if policies else ""
        self.gist(f"up --yes --skip-preview {pack}--message {shlex.quote(message)}", expect=expect)

    def set(self, path: str, value: str) -> None:
        """Change a line of the stack's file."""
        self.pulumi(f"config set --path {path} {shlex.quote(value)}")

    def event(self, kind: str, **more: object) -> None:
        """Ask for the release's next step."""
        self.pulumi(f"config set tidegate:event {shlex.quote(json.dumps({'kind': kind, **more}))}")
        self.up(" ".join([kind, *map(str, more.values())]))

    def look(self) -> None:
        """Say what is live, as the stack's ledger says it, and how its users have fared."""
        ledger = json.loads(self.pulumi("stack output ledger --json", quiet=True))
        live = [f"{name} {record['slots'][record['live']]['version']} ({record['live']})" for name, record in ledger["services"].items()]
        flows = json.loads(self.tidegate("local traffic list --json", quiet=True))["flows"]
        requests, failed = (sum(flow[key] for flow in flows) for key in ("requests", "failed"))
        say(f"\nLive: {', '.join(live)}.\nUsers: {requests} requests, {failed} failed.")


def ending(output: str) -> str:
    """What has come of an update; all of the output if it is none's."""
    lines = output.splitlines()
    begin = next((number for number, line in enumerate(lines) if line in ENDINGS), 0)
    end = next((number for number, line in enumerate(lines) if line.startswith("Duration:")), len(lines))
    return "\n".join(line.rstrip() for line in lines[begin:end]).strip("\n")


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


def install(demo: Demo) -> None:
    """Bring up the cluster, and the stack on it."""
    tell(1, "A cluster", "A Kubernetes API in one process, with pods and users that are simulated. Nothing of it is outside this machine.")
    demo.start()
    demo.tidegate("local status")

    tell(2, "Look first", f"{FILE} describes a dashboard of four services, with database, cache and monitoring. What would come of it?")
    demo.pulumi(f"stack init {STACK}")
    demo.gist("preview")

    tell(3, "Install it", "The same, carried out, in the order of who needs whom. Then users come: to the dashboard, and to agent-manager.")
    demo.up("first installation", policies=True)
    demo.tidegate("local traffic start http://team-dashboard.localhost --rate 200")
    demo.tidegate("local traffic start team-dashboard/agent-manager --rate 100")

    tell(4, "The same again", "What is as it should be stays as it is.")
    demo.up("nothing new")


def release(demo: Demo) -> None:
    """Release both ways, and something broken between."""
    tell(5, "A release", "agent-manager is blue-green: the new version comes up beside the old one, is tested, and gets all users at once.")
    demo.set("tidegate:services.agent-manager.version", "v1.1.0")
    demo.tidegate(f"plan --stack {STACK}")
    demo.up("agent-manager v1.1.0")
    demo.look()

    tell(6, "A broken version", "v1.2.0-broken starts, and answers with errors. Its smoke test finds out, so the users never get there.")
    demo.set("tidegate:services.agent-manager.version", "v1.2.0-broken")
    demo.up("agent-manager v1.2.0", expect=1)
    demo.look()

    tell(7, "A canary", "agent-manager as it was; the dashboard's new version comes up with no users, and gets more of them step by step.")
    demo.set("tidegate:services.agent-manager.version", "v1.1.0")
    demo.set("tidegate:services.dashboard.version", "v1.1.0")
    demo.up("dashboard v1.1.0")
    say("\nThe next steps are events. `tidegate release` sends them, as it sees fit; here they are written by hand.")
    for weight in (5, 50, 100):
        demo.event("shift", weight=weight)
    demo.event("promote")
    demo.pulumi("config rm tidegate:event")
    demo.look()


def refuse(demo: Demo) -> None:
    """What isn't even tried."""
    tell(8, "A policy refuses", "`latest` is no version: nobody could say later what ran. A policy says so, and the update ends there.")
    demo.set("tidegate:services.dashboard.version", "latest")
    demo.up("dashboard, the latest", policies=True, expect=1)
    demo.set("tidegate:services.dashboard.version", "v1.1.0")

    tell(9, "A slip", "What is wrong with a stack's file is told with its line. An update would say the same, and change nothing.")
    demo.set("tidegate:services.dashboard.replica", "3")
    demo.tidegate(f"config validate --stack {STACK}", expect=2)
    demo.pulumi("config rm --path tidegate:services.dashboard.replica")


def go_back(demo: Demo) -> None:
    """Go back, look back, clean up."""
    tell(10, "The way back", "agent-manager's older version is an update like any other, and a quick one: the other slot still runs it.")
    demo.set("tidegate:services.agent-manager.version", "v1.0.0")
    demo.up("agent-manager back to v1.0.0")
    demo.look()

    tell(
        11,
        "The history",
        "Each update is on record: what the stack was told, and how it ended. And what the users have got, in all this time.",
    )
    demo.tidegate(f"config versions --stack {STACK}")
    demo.tidegate("local traffic report")

    tell(12, "No more", "All of it away again: the resources, the stack, the cluster.")
    demo.tidegate("local traffic stop")
    demo.gist("destroy --yes --skip-preview")
    demo.pulumi("stack rm --yes")
    demo.tidegate("local down")


def main() -> int:
    """Run the demo and clean up, however it ends."""
    wish = Wish()
    try:
        with tempfile.TemporaryDirectory(prefix="tidegate-demo-", ignore_cleanup_errors=True) as folder:
            demo = Demo(Path(folder), wish)
            try:
                for part in (install, release, refuse, go_back):
                    part(demo)
            finally:
                demo.stop()
    except Interrupted:
        say("\nEnded early; everything that was made is gone again.")
        return 8
    except DemoError as error:
        print(f"error: {error}; everything that was made is gone again", file=sys.stderr)
        return 1
    say("\nThat was all, and nothing of it is left. Try next:")
    say(f"  {FILE:<29} what you just saw, each setting explained; Pulumi.production.yaml is a bigger one")
    say("  .venv/bin/tidegate local up   a cluster of your own, for kubectl, for this stack and for your own programs")
    say("  README.md, Use it             this stack by hand, step by step")
    say("  docs/driver.md                releases that go through all of their steps, and back, by themselves")
    say("  docs/releases.md              how a release goes, what is refused and why, how to go back")
    return 0


if __name__ == "__main__":
    sys.exit(main())
