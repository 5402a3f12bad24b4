"""`make demo`: a service's releases, a refusal, a failure and the way back, as stack updates on a simulated cluster; told in plain words.

Runs on the embedded engine, in a throw-away folder; `TIDEGATE_ENGINE=pulumi make demo` does the same with the real CLI and its provider.
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
from typing import Any, Final, NoReturn

from lightkube import Client, KubeConfig
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Service

ROOT: Final = Path(__file__).resolve().parent.parent
# What of the project the demo runs, in a copy.
PROGRAM: Final = ("Pulumi.yaml", "__main__.py", "components", "policies/release")
SLOTS: Final = ("blue", "green")
# The cluster's seconds are this much shorter than ours: nobody wants to watch pods start.
RATE: Final = 10
TIDEGATE = Path(sys.executable).with_name("tidegate")
# How long a command may take to end by itself after Ctrl-C.
GRACE = 10
TIMEOUT = 120


class DemoError(Exception):
    """The demo did not go as it should."""


class Demo:
    """A copy of the program in a folder of its own, with its own backend, and a cluster of its own."""

    def __init__(self, folder: Path) -> None:
        self.program = folder / "program"
        for part in PROGRAM:
            source, target = ROOT / part, self.program / part
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
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
        self.tidegate("local down", quiet=True)

    def tidegate(self, command: str, *, expect: int = 0, quiet: bool = False) -> str:
        """Run `tidegate <command>` in the program's folder; shows it unless `quiet`, else returns its output."""
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
                output, errors = process.communicate(timeout=TIMEOUT)
            except subprocess.TimeoutExpired as error:
                end(process)
                raise DemoError(f"`tidegate {command}` took longer than {TIMEOUT} seconds") from error
            except BaseException:
                # Ctrl-C has reached the command too: let it end by itself, but not for ever.
                end(process)
                raise
        if process.returncode != expect:
            said = f": {errors.strip()}" if errors else ""
            raise DemoError(f"`tidegate {command}` ended with exit code {process.returncode}, not {expect}{said}")
        return output or ""

    def pulumi(self, command: str, *, expect: int = 0, quiet: bool = False) -> str:
        """Run `tidegate pulumi <command>`."""
        return self.tidegate(f"pulumi {command} --non-interactive", expect=expect, quiet=quiet)

    def up(self, message: str, *, expect: int = 0) -> None:
        """Update the stack under the policy pack's eyes."""
        self.pulumi(f"up --yes --skip-preview --policy-pack policies/release --message {shlex.quote(message)}", expect=expect)

    def shown(self) -> str:
        """Say what is in the cluster, as its API says it."""
        client = Client(KubeConfig.from_file(self.environment["KUBECONFIG"]).get(), namespace="shop")
        parts = []
        for slot in SLOTS:
            deployment = client.get(Deployment, f"web-{slot}").to_dict()
            replicas = deployment["spec"]["replicas"]
            version = deployment["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/version"]
            ready = deployment["status"].get("readyReplicas", 0)
            parts.append(f"{slot}: {version} ({ready} of {replicas} ready)" if replicas else f"{slot}: empty")
        selector = client.get(Service, "web").to_dict()["spec"]["selector"]
        return ", ".join([*parts, f"users on {selector['slot']}"])


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
    tell(1, "A cluster", "A Kubernetes API in one process, with pods and users that are simulated. Nothing of it is outside this machine.")
    demo.start()
    demo.tidegate("local status")

    tell(2, "Look first", "A namespace, a service with two slots, blue and green, and its users on blue. What would an update do?")
    demo.pulumi("stack init demo")
    demo.pulumi("config set timeout 10s", quiet=True)
    demo.pulumi("config set blue 1.0.0")
    demo.pulumi("preview")

    tell(
        3, "The first version", "The same, carried out: the update waits until the pods are ready. Then users come, 200 requests a second."
    )
    demo.up("release 1.0.0")
    say(f"The cluster now: {demo.shown()}")
    demo.tidegate("local traffic start shop/web --rate 200")

    tell(4, "A policy refuses", "Users are to be sent to green, where nothing runs: a policy that looks at the stack as a whole sees that.")
    unchanged = demo.shown()
    demo.pulumi("config set live green")
    demo.up("users to green", expect=1)
    if demo.shown() == unchanged:
        say(f"Refused, and nothing has changed: {unchanged}")
    else:
        say(f"Refused, but only after the change (that is when the real CLI runs stack policies): {demo.shown()}")

    tell(
        5,
        "A version that never gets ready",
        "1.1.0 comes up in green, but its image is broken. The update says why; the users don't notice.",
    )
    demo.pulumi("config set live blue")
    demo.pulumi("config set green 1.1.0-never-ready")
    demo.up("1.1.0, broken", expect=1)
    say(f"The cluster now: {demo.shown()}")

    tell(6, "The mended version", "1.1.1 takes its place in green, the users stay where they are.")
    demo.pulumi("config set green 1.1.1")
    demo.up("1.1.1 beside it")
    say(f"The cluster now: {demo.shown()}")

    tell(7, "The users follow", "What was refused before is right now: green runs a version.")
    demo.pulumi("config set live green")
    demo.up("users to green")
    say(f"The cluster now: {demo.shown()}")

    tell(8, "The history", "Each update of the stack is recorded with its configuration and its result, newest first.")
    say("\n$ tidegate pulumi stack history --json   (shortened)", bold=True)
    history = json.loads(demo.pulumi("stack history --json", quiet=True))
    for update in history:
        values = ", ".join(f"{name}={value or '-'}" for name, value in settings(update).items())
        say(f"  {update['result']:<10} {update['message']:<16} {values}")

    tell(9, "The way back", "The configuration of the last good update but one, out of the history and into an update.")
    before = settings([update for update in history if update["result"] == "succeeded"][1])
    demo.pulumi(f"config set-all {' '.join(f'--plaintext {name}={shlex.quote(value)}' for name, value in before.items())}")
    demo.up("users back to blue")
    say(f"The cluster now: {demo.shown()}")
    say("What the users have got, in all this time:")
    demo.tidegate("local traffic report")

    tell(10, "No more", "All of it away again: the resources, the stack, the cluster.")
    demo.pulumi("destroy --yes --skip-preview")
    demo.pulumi("stack rm --yes")
    demo.tidegate("local down")


def settings(update: dict[str, Any]) -> dict[str, str]:
    """What an update of the history was told about the slots."""
    return {name: update["config"][f"tidegate:{name}"]["value"] for name in (*SLOTS, "live")}


def terminated(_signal: int, _frame: object) -> NoReturn:
    """Leave through the same doors as after Ctrl-C, so that the folder goes away."""
    raise KeyboardInterrupt


def main() -> int:
    """Run the demo and clean up, however it ends."""
    signal.signal(signal.SIGTERM, terminated)
    try:
        with tempfile.TemporaryDirectory(prefix="tidegate-demo-", ignore_cleanup_errors=True) as folder:
            demo = Demo(Path(folder))
            try:
                run(demo)
            finally:
                demo.stop()
    except KeyboardInterrupt:
        say("\nEnded early; everything that was made is gone again.")
        return 8
    except DemoError as error:
        print(f"error: {error}; everything that was made is gone again", file=sys.stderr)
        return 1
    say("\nThat was all, and nothing of it is left. Try next:")
    say("  .venv/bin/tidegate local up            a cluster of your own, for kubectl and for your own programs")
    say("  .venv/bin/tidegate local faults --help what it can suffer: errors, slow answers, crashing pods, lost nodes")
    say("  .venv/bin/tidegate pulumi --help       what the engine can do; your own Pulumi programs in Python run on it as they are")
    say("  __main__.py, components/, policies/    the program and the policies that you just saw")
    return 0


if __name__ == "__main__":
    sys.exit(main())
