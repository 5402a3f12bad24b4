"""What all verbs share: the global flags, which module has which verb, and the verbs that are refused by name."""

from __future__ import annotations

from typing import Final

from embedded.engine.command.flags import Flag

ROOT_ABOUT: Final = "A `pulumi`-compatible command on the embedded engine: Pulumi programs in Python, state in a folder or an S3 bucket."

REAL: Final = "install the real `pulumi` CLI and run the same command with it"
_CLOUD: Final = "it needs Pulumi Cloud; use the real `pulumi` CLI"

COMMON: Final = (
    Flag("color", "Colorize output. Choices are: always, never, raw, auto", "text", default="auto"),
    Flag("cwd", "Run as if started in another directory", "text", "C"),
    Flag("disable-integrity-checking", "Do not check the integrity of checkpoints"),
    Flag("emoji", "Enable emojis in the output", short="e"),
    Flag("fully-qualify-stack-names", "Show stack names with organization and project", short="Q"),
    Flag("logflow", "Accepted; there are no log files to flow to plugins"),
    Flag("logtostderr", "Accepted; everything that is logged is shown"),
    Flag("non-interactive", "Never ask"),
    Flag("verbose", "Accepted; use --debug on an operation to see more", "int", "v"),
    Flag("memprofilerate", kind="int", refused="leave it out"),
    Flag("profiling", kind="text", refused="leave it out; Python's own profilers work on `python -m embedded.engine.command`"),
    Flag("tracing", kind="text", refused="leave it out, or " + REAL),
    Flag("tracing-header", kind="text", refused="leave it out, or " + REAL),
    Flag("otel-traces", kind="text", refused="leave it out, or " + REAL),
)

STACK: Final = Flag("stack", "The name of the stack to operate on. Defaults to the current stack", "text", "s")
YES: Final = Flag("yes", "Do not ask for confirmation", short="y")
JSON: Final = Flag("json", "Emit output as JSON", short="j")
OUTPUT: Final = Flag("output", "Output format: default or json", "text", hidden=True)

# Module -> the words that name its verbs.
GROUPS: Final = {
    "operations": ("up", "update", "preview", "pre", "refresh", "destroy", "down", "dn"),
    "importing": ("import",),
    "stack": ("stack",),
    "config": ("config",),
    "state": ("state",),
    "cancel": ("cancel",),
    "account": ("whoami", "login", "logout", "org"),
    "about": ("version", "about"),
    "plugins": ("plugin", "install"),
}

REFUSED: Final = {
    "ai": _CLOUD,
    "api": _CLOUD,
    "console": _CLOUD,
    "convert": "use the real `pulumi` CLI once; this engine runs what it made, if that is Python",
    "convert-trace": REAL,
    "deployment": _CLOUD,
    "do": REAL,
    "env": _CLOUD,
    "gen-completion": REAL,
    "insights": _CLOUD,
    "logs": "use your provider's own tools",
    "neo": _CLOUD,
    "new": "write a Pulumi.yaml with `name: NAME` and `runtime: python` and a __main__.py",
    "package": "install the provider's Python package with pip",
    "policy": "`--policy-pack FOLDER` runs a pack; for everything else use the real `pulumi` CLI",
    "project": _CLOUD,
    "query": REAL,
    "replay-events": REAL,
    "schema": REAL,
    "template": REAL,
    "view-trace": REAL,
    "watch": "run `up` again after each change",
}
