"""The flags of operations, and what they ask for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from embedded.engine.command.common import REAL, STACK
from embedded.engine.command.flags import Flag

if TYPE_CHECKING:
    from embedded.engine.command.context import Context
    from embedded.engine.deploy.options import ImportSpec, Options
    from embedded.engine.display.options import DisplayOptions

PLAN_POLICIES: Final = "TIDEGATE_PLAN_POLICIES"
CONTINUE_ON_ERROR: Final = "PULUMI_CONTINUE_ON_ERROR"
_CLOUD: Final = "it needs Pulumi Cloud; use the real `pulumi` CLI"
_REMOTE: Final = ("remote", "remote-git-branch", "remote-git-commit", "remote-git-repo-dir", "remote-env", "remote-env-secret")

SHOWN: Final = (
    Flag("diff", "Display the operation as a diff of all properties"),
    Flag("json", "Print JSON: a preview's digest, or the events of other operations", short="j"),
    Flag("debug", "Print debugging messages too", short="d"),
    Flag("show-config", "Show configuration keys and values"),
    Flag("show-full-output", "Do not cut long values"),
    Flag("show-policy-remediations", "Show what policies changed, resource by resource"),
    Flag("show-reads", "Show resources that are only read"),
    Flag("show-replacement-steps", "Show replacements as their single steps"),
    Flag("show-sames", "Show resources that do not change too"),
    Flag("show-secrets", "Show secrets in plaintext"),
    Flag("suppress-outputs", "Do not show stack outputs"),
    Flag("suppress-permalink", "Accepted: there are no permalinks", "text", bare="true"),
    Flag("suppress-progress", "Do not show signs of life"),
    Flag("urns", "Show URNs instead of names"),
    Flag("event-log", "Write events as JSON lines to a file, or stream them to `tcp://host:port`", "text"),
)

COMMON: Final = (
    STACK,
    *SHOWN,
    Flag("config-file", "Use the values of that file rather than those of Pulumi.<stack>.yaml", "text"),
    Flag("message", "A text to keep in the history", "text", "m"),
    Flag("parallel", "How many resource operations may run at once (1: one after the other)", "int", "p", default="16"),
    Flag("skip-plugin-pre-install", "Accepted: plugins are never downloaded"),
    Flag("exec-kind", kind="text", hidden=True),
    Flag("exec-agent", kind="text", hidden=True),
    Flag("client", kind="text", hidden=True),
    Flag("neo", refused=_CLOUD),
    Flag("copilot", refused=_CLOUD),
    Flag("override-env", kind="list", refused=_CLOUD),
    Flag("output", kind="text", refused="use --json"),
    *(Flag(name, kind="bool" if name == "remote" else "list", hidden=True, refused=_CLOUD) for name in _REMOTE),
)

CONFIG: Final = (
    Flag("config", "A `key=value` to set in the stack's configuration first", "list", "c"),
    Flag("config-path", "The keys of --config are paths"),
    Flag("skip-config-validation", refused="correct the configuration, or Pulumi.yaml"),
)

TARGETS: Final = (
    Flag("target", "A URN of which only to take care; others are left as they are. Repeatable; * and ** match", "list", "t"),
    Flag("target-dependents", "Take care of what depends on targets too"),
    Flag("exclude", "A URN to leave as it is. Repeatable; * and ** match", "list", "x"),
    Flag("exclude-dependents", "Leave what depends on excluded resources too"),
    Flag("expect-no-changes", "Fail if anything changes"),
)

PROGRAM: Final = (
    Flag("refresh", "Compare the state with what is really there first", "text", "r", bare="true"),
    Flag("replace", "A URN of a resource to replace. Repeatable; * and ** match", "list"),
    Flag("target-replace", "Short for --target and --replace of the same URN", "list"),
    Flag("policy-pack", "The folder of a policy pack to run. Repeatable", "csv"),
    Flag("policy-pack-config", "A JSON file with the configuration of the --policy-pack in the same place", "csv"),
    Flag("run-program", refused="it is about refreshing with the program; " + REAL),
    Flag("attach-debugger", kind="list", bare="program", refused="start the program under a debugger yourself"),
    Flag("ignore-protect", refused="use `pulumi state unprotect`"),
)

CONTINUE: Final = (Flag("continue-on-error", f"Go on with what does not depend on failures (also {CONTINUE_ON_ERROR}=true)"),)

APPLY: Final = (
    Flag("yes", "Approve without asking", short="y"),
    Flag("skip-preview", "Do not preview first", short="f"),
)
PREVIEW_ONLY: Final = (Flag("preview-only", "Only preview"),)
OWN: Final = (
    Flag(
        "plan-policies",
        f"Run the policies on the planned state before the first change: a mandatory violation then changes nothing (also {PLAN_POLICIES})",
        default="true",
    ),
    Flag("no-plan-policies", "Run policies only while resources change, as the real CLI does"),
)

UP: Final = (
    *COMMON,
    *CONFIG,
    *TARGETS,
    *PROGRAM,
    *CONTINUE,
    *APPLY,
    *OWN,
    Flag("plan", kind="text", hidden=True, refused="update plans are not kept; preview again"),
    Flag("strict", refused="preview and update in one command"),
    Flag("secrets-provider", kind="text", refused="create the stack with `pulumi stack init`"),
)
PREVIEW: Final = (
    *COMMON,
    *CONFIG,
    *TARGETS,
    *PROGRAM,
    *CONTINUE,
    *OWN,
    Flag("save-plan", kind="text", refused="update plans are not kept; preview again"),
    Flag("import-file", kind="text", refused="write the import file by hand, or " + REAL),
)
REFRESH: Final = (
    *COMMON,
    *CONFIG,
    *TARGETS,
    *APPLY,
    *PREVIEW_ONLY,
    Flag("clear-pending-creates", "Forget creations whose end was not seen"),
    Flag("skip-pending-creates", "Accepted: pending creations are kept unless --clear-pending-creates is given"),
    Flag("import-pending-creates", kind="list", refused="use `pulumi import` and --clear-pending-creates"),
    Flag("run-program", refused=REAL),
)
DESTROY: Final = (
    *COMMON,
    *CONFIG,
    *TARGETS,
    *CONTINUE,
    *APPLY,
    *PREVIEW_ONLY,
    Flag("exclude-protected", "Leave protected resources, and what they need"),
    Flag("refresh", "Compare the state with what is really there first", "text", "r", bare="true"),
    Flag("remove", "Remove the stack and its settings file afterwards"),
    Flag("run-program", refused=REAL),
    Flag("ignore-protect", refused="use `pulumi state unprotect`"),
)


def engine_options(context: Context, *, dry_run: bool, imports: tuple[ImportSpec, ...] = ()) -> Options:
    """What the engine is asked to do."""
    from embedded.engine.deploy.options import Options

    given = context.given
    replaced = given.many("target-replace")
    refresh = given.on("refresh") if given.given("refresh") else context.project.refresh
    return Options(
        dry_run=dry_run,
        parallel=max(given.number("parallel"), 1),
        targets=given.many("target") + replaced,
        target_dependents=given.on("target-dependents"),
        excludes=given.many("exclude"),
        exclude_dependents=given.on("exclude-dependents"),
        replaces=given.many("replace") + replaced,
        refresh=refresh,
        continue_on_error=given.on("continue-on-error") or _is_on(CONTINUE_ON_ERROR),
        plan_policies=_plan_policies(context),
        clear_pending_creates=given.on("clear-pending-creates"),
        imports=imports,
    )


def _plan_policies(context: Context) -> bool:
    given = context.given
    if given.on("no-plan-policies"):
        return False
    if given.given("plan-policies"):
        return given.on("plan-policies")
    return os.environ.get(PLAN_POLICIES, "true").lower() not in ("false", "0")


def _is_on(variable: str) -> bool:
    return os.environ.get(variable, "").lower() in ("1", "true")


def display_options(context: Context) -> DisplayOptions:
    """What is to be shown."""
    from embedded.engine.display.options import DisplayOptions
    from embedded.engine.display.style import Style

    given = context.given
    return DisplayOptions(
        style=Style(context.colour),
        debug=given.on("debug"),
        show_config=given.on("show-config"),
        show_reads=given.on("show-reads"),
        show_sames=given.on("show-sames"),
        show_replacement_steps=given.on("show-replacement-steps"),
        show_secrets=given.on("show-secrets"),
        show_urns=given.on("urns"),
        show_remediations=given.on("show-policy-remediations"),
        suppress_outputs=given.on("suppress-outputs"),
        suppress_progress=given.on("suppress-progress"),
        truncate=not given.on("show-full-output"),
    )


def environment(context: Context) -> dict[str, str]:
    """What the history says of how the operation was started. No values are told, only that there are some."""
    import platform

    from embedded.engine import ENGINE_VERSION

    given = context.given
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    facts = {
        "exec.kind": given.text("exec-kind") or "cli",
        "pulumi.arch": machine,
        "pulumi.os": platform.system().lower(),
        "pulumi.version": f"v{ENGINE_VERSION}",
        "runtime.name": "python",
        "runtime.version": platform.python_version(),
        "stack.environments": "[]",
        "updatePlan": "false",
    }
    if given.text("exec-agent"):
        facts["exec.agent"] = given.text("exec-agent")
    facts |= {f"pulumi.flag.{name}": _told(values[-1]) for name, values in given.values.items()}
    facts |= {f"pulumi.env.{name}": _told(value) for name, value in os.environ.items() if name.startswith("PULUMI_")}
    return facts


def _told(value: str) -> str:
    return value if value in ("true", "false") else "set"
