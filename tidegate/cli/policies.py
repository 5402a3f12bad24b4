"""`tidegate policies`: what the gates let through, and why not. Manifests and stacks are judged; nothing is changed."""

from __future__ import annotations

import inspect
import os
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, cast

import typer

from tidegate.cli import config, verbs
from tidegate.cli.output import print_json, print_text, show, show_table, show_text
from tidegate.model.errors import ConfigurationError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policies.judging.rulebook import Rulebook, Ruling
    from tidegate.model.intent.policies import Policies
    from tidegate.model.told import Violation
    from tidegate.policing.checking import Report
    from tidegate.policing.coverage import Framework

app = typer.Typer(
    help="The policies that changes are held to: judge manifests and stacks by them, see what there is.", no_args_is_help=True
)


class Level(str, Enum):  # noqa: UP042 - typer shows the values of these
    """The Pod Security Standards."""

    BASELINE = "baseline"
    RESTRICTED = "restricted"


class Tier(str, Enum):  # noqa: UP042 - as above
    """The tiers that a stack can be of."""

    LOCAL = "local"
    STAGING = "staging"
    PRODUCTION = "production"


Files = Annotated[list[str], typer.Argument(metavar="FILE|DIR|-...", help="Manifests: files, folders, or - for standard input.")]
MaybeFiles = Annotated[list[str] | None, typer.Argument(metavar="[FILE|DIR|-]...", help="Manifests to judge, instead of a stack.")]
Packs = Annotated[
    list[str] | None,
    typer.Option("--pack", "-p", metavar="PACK", help="Which packs: security, compliance, release, or all; as often as need be."),
]
Stack = Annotated[
    str | None, typer.Option("--stack", "-s", metavar="STACK", help="The stack whose configuration says how strictly: staging.")
]
Standard = Annotated[Level, typer.Option("--level", help="Up to which Pod Security Standard.")]
Kubernetes = Annotated[str, typer.Option("--kubernetes", metavar="MINOR", help="The cluster's version, 1.28 to 1.37.", show_default="1.37")]
Environment = Annotated[Tier | None, typer.Option("--environment", help="What it is for.", show_default="the stack's tier, else staging")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
Sarif = Annotated[bool, typer.Option("--sarif", help="Print the answer as SARIF 2.1.0, for code hosts.")]

_CHECK: Final = """\b
Examples:
  tidegate policies check deploy/
  helm template web ./chart | tidegate policies check - --level baseline --kubernetes 1.33
  tidegate policies check deploy/ -s production --pack all --sarif > policies.sarif"""
_RUN: Final = """\b
Examples:
  tidegate policies run -s production
  tidegate policies run -s production --pack release --json | jq '.violations[].policy'"""
_REPORT: Final = """\b
Examples:
  tidegate policies report -s production
  tidegate policies report -s production --framework soc2 --html > soc2.html
  tidegate policies report deploy/ --json"""


def _verb(examples: str = "", name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A verb; paragraphs of its docstring are as wide as the terminal, not as the source."""

    def made(function: Callable[..., None]) -> Callable[..., None]:
        paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
        return app.command(name, help="\n\n".join(" ".join(text.split()) for text in paragraphs), epilog=examples)(function)

    return made


@_verb(_CHECK)
def check(
    files: Files,
    *,
    pack: Packs = None,
    level: Standard = Level.RESTRICTED,
    kubernetes: Kubernetes = "",
    environment: Environment = None,
    stack: Stack = None,
    json: Json = False,
    sarif: Sarif = False,
) -> None:
    """Judge Kubernetes manifests, without a Pulumi program: by the security pack, if no other is named.

    Each violation is told with its file, the policy and its standard, the object, the field, the reason and what to do. Levels, settings
    and exemptions are those of the stack, if one is named. What is missing in a namespace is advisory, unless the manifests have the
    Namespace itself. Exit code 5 when a mandatory policy is violated.
    """
    _one_format(json=json, sarif=sarif)
    rules = _rules(pack or ["security"], stack, kubernetes, environment, level.value)
    report = _judged(files, rules)
    if json or sarif:
        _print(report, sarif=sarif)
    else:
        _show(report)
    if report.mandatory:
        raise SystemExit(ExitCode.POLICY)


@_verb(name="list")
def list_(*, pack: Packs = None, stack: Stack = None, json: Json = False) -> None:
    """List the policies: each with how it is enforced, on the stack if one is named."""
    from tidegate.policing.telling import named, policy_json

    rules = _rules(pack or ["all"], stack, "", None).rules
    if json:
        print_json({"policies": [policy_json(rule) for rule in rules]})
        return
    rows = [
        [rule.name, rule.level, rule.policy.severity, "; ".join(map(named, rule.policy.standards[:2])) or "-", rule.policy.title]
        for rule in rules
    ]
    show_table(["POLICY", "LEVEL", "SEVERITY", "STANDARDS", "WHAT HOLDS"], rows)


@_verb(name="show")
def show_(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="Its name, with or without its pack: security/host-ports.")],
    *,
    stack: Stack = None,
    json: Json = False,
) -> None:
    """Say all of one policy: what it looks at, what is allowed, its settings, and what to do about a violation."""
    from tidegate.policing import packs
    from tidegate.policing.telling import named, policy_json

    found, one = packs.policy(policy)
    rule = next(rule for rule in _rules([found.name], stack, "", None).rules if rule.policy is one)
    told = policy_json(rule, whole=True)
    if json:
        print_json(told)
        return
    show_text(f"{rule.name}\n\n{told['text']}\n")
    show("Level", rule.level, 10)
    show("Severity", one.severity, 10)
    for label, text in (
        ("Standards", "; ".join(map(named, one.standards))),
        ("Tags", ", ".join(one.tags)),
        ("Fix", one.fix),
        ("More", one.url),
    ):
        if text:
            show(label, text, 10)
    for name, setting in told["settings"].items():
        show("Setting", f"{name} = {setting['value']!r}  {' '.join(str(setting.get('description', '')).split())}", 10)


@_verb(_RUN)
def run(
    *,
    stack: verbs.Stack = None,
    pack: Packs = None,
    config_file: Annotated[
        Path | None,
        typer.Option("--policy-pack-config", metavar="FILE", help="Levels and settings on top of the stack's, as CrossGuard has it."),
    ] = None,
    json: Json = False,
) -> None:
    """Preview a stack's update with the packs, all of them if none is named, and those that its releases obey. Nothing is changed.

    What the update would do to what is there is judged too. Exit code 5 when a mandatory policy is violated, 4 when the preview fails.
    """
    from tidegate.policing import packs
    from tidegate.stack.port import PulumiStack

    name = verbs.name_of(stack)
    project = config.project()
    found = packs.folders(_names(pack), project.root) if pack else packs.folders(_obeyed(config.source(name, None)), project.root)
    preview = PulumiStack(project.root, name, os.environ, found).judge(config_file)
    mandatory = [one for one in preview.violations if one.level == "mandatory"]
    if json:
        violations = [
            {"pack": one.pack, "policy": f"{one.pack}/{one.policy}", "level": one.level, "resource": one.resource, "message": one.message}
            for one in preview.violations
        ]
        print_json({"violations": violations, "changes": preview.changes, "errors": list(preview.errors), "mandatory": len(mandatory)})
    else:
        _tell(preview.violations)
        for error in preview.errors:
            show_text(f"error: {error}")
        show_text(_summed(len(preview.violations), len(mandatory)))
    if mandatory:
        raise SystemExit(ExitCode.POLICY)
    if preview.errors:
        raise SystemExit(ExitCode.RESOURCE)


@_verb(_REPORT)
def report(
    files: MaybeFiles = None,
    *,
    stack: verbs.Stack = None,
    pack: Packs = None,
    framework: Annotated[str, typer.Option("--framework", metavar="NAME", help="Only one: soc2, gdpr, cis-kubernetes.")] = "",
    json: Json = False,
    sarif: Sarif = False,
    html: Annotated[bool, typer.Option("--html", help="Print the answer as a page of HTML.")] = False,
) -> None:
    """Say which controls of which frameworks are covered, by which policies, and how they stand.

    Manifests are judged as they are, as strictly as the stack says, if one is named; without manifests, the stack as its last update left
    it. Without either it is said only what there is.
    """
    from tidegate.policing.coverage import coverage

    _one_format(json=json, sarif=sarif, html=html)
    judged = _reported(files, stack, pack)
    found = coverage(judged, framework)
    if framework and not found:
        raise ConfigurationError(f"no policy stands for a framework {framework}; `tidegate policies report` has them all")
    if sarif:
        _print(judged, sarif=True)
    elif json:
        from dataclasses import asdict

        print_json({"frameworks": [{**asdict(one), "counts": one.counts} for one in found], "objects": len(judged.subjects)})
    elif html:
        from tidegate.policing.page import page

        print_text(page(f"Policies: {stack or ', '.join(files or []) or 'what there is'}", found, judged))
    else:
        _show_coverage(found)


def _reported(files: list[str] | None, stack: str | None, pack: list[str] | None) -> Report:
    from tidegate.policing.checking import check as judge

    rules = _rules(pack or ["all"], stack, "", None)
    if files:
        return _judged(files, rules)
    if stack is None:
        return judge(rules, ())
    from tidegate.policing.planned import subjects_of
    from tidegate.stack.port import PulumiStack

    return judge(rules, tuple(subjects_of(PulumiStack(Path.cwd(), stack).deployment())))


def _rules(pack: Iterable[str], stack: str | None, kubernetes: str, environment: Tier | None, level: str | None = None) -> Rulebook:
    """What is held to."""
    from policies.judging.declaring import version_of
    from tidegate.model.intent.policies import Policies
    from tidegate.policing.checking import rulebook
    from tidegate.policing.told import USUAL

    told, tier = _of_stack(config.source(stack, None)) if stack else (Policies(), USUAL)
    if kubernetes:
        try:
            told = Policies.model_validate({**told.model_dump(), "kubernetes": f"1.{version_of(kubernetes)}"})
        except ValueError:
            raise ConfigurationError(f"--kubernetes is a minor version from 1.28 to 1.37, not {kubernetes}") from None
    chosen = cast("Literal['baseline', 'restricted'] | None", level)
    return rulebook(_names(pack), told, environment.value if environment else tier, chosen)


def _of_stack(source: config.Source) -> tuple[Policies, str]:
    from tidegate.policing.told import of_file

    return of_file(source.file, source.project)


def _obeyed(source: config.Source) -> list[str]:
    """All packs that come with Tidegate, and those that the stack's releases obey."""
    from tidegate.policing import packs
    from tidegate.policing.told import packs_of

    return list(dict.fromkeys([*packs.NAMES, *packs_of(source.file, source.project)]))


def _names(pack: Iterable[str]) -> list[str]:
    """The packs that are named; `all` is all that come with Tidegate."""
    from tidegate.policing import packs

    named = [name for one in pack for name in (packs.NAMES if one == "all" else (one,))]
    for name in named:
        packs.pack(name)
    return list(dict.fromkeys(named))


def _judged(files: list[str], rules: Rulebook) -> Report:
    from tidegate.policing.checking import check as judge
    from tidegate.policing.manifests import read

    found = read(files)
    if not found.subjects:
        raise ConfigurationError(f"there is no Kubernetes object in {', '.join(files)}: nothing was judged")
    for name in found.skipped:
        show_text(f"{name}: no Kubernetes object in it")
    return judge(rules, found.subjects, found.line, whole=False)


def _one_format(**formats: bool) -> None:
    if sum(formats.values()) > 1:
        raise ConfigurationError(f"choose one of {', '.join(f'--{name}' for name in formats)}")


def _print(report: Report, *, sarif: bool) -> None:
    from tidegate.policing.telling import as_json, as_sarif

    print_json(as_sarif(report) if sarif else as_json(report))


def _show(report: Report) -> None:
    for one in report.violations:
        _show_ruling(report, one)
    show_text(f"{_count(len(report.subjects), 'object')} judged. {_summed(len(report.violations), len(report.mandatory))}")


def _show_ruling(report: Report, one: Ruling) -> None:
    from tidegate.policing.checking import standard

    source = one.subject.source
    where = f"{source.file}:{report.line(one.subject, one.steps)}: " if source else ""
    known = standard(one.rule.policy)
    show_text(f"{where}{one.subject.shown}: {one.rule.name}{f' ({known})' if known else ''}, {one.level}, {one.rule.policy.severity}")
    show_text(f"    {one.text}")


def _tell(violations: Iterable[Violation]) -> None:
    for one in violations:
        show_text(f"{one.resource or 'the stack'}: {one.pack}/{one.policy}, {one.level}")
        for line in one.message.splitlines():
            show_text(f"    {line}")


def _summed(violations: int, mandatory: int) -> str:
    if not violations:
        return "Nothing is violated."
    return f"{_count(violations, 'violation')}, {mandatory} of them mandatory."


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'s' if number != 1 else ''}"


def _show_coverage(found: list[Framework]) -> None:
    rows: list[list[Any]] = [
        [
            f"{framework.name} {framework.version}".strip(),
            " ".join(part for part in (control.id, control.title) if part) or "-",
            control.state,
            ", ".join(one.policy for one in control.policies),
        ]
        for framework in found
        for control in framework.controls
    ]
    show_table(["FRAMEWORK", "CONTROL", "STATE", "POLICIES"], rows)
    for framework in found:
        counts = ", ".join(f"{count} {state}" for state, count in framework.counts.items())
        show_text(f"{framework.name} {framework.version}".strip() + f": {counts}")
