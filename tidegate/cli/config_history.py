"""`tidegate config diff` and `tidegate config versions`: what differs between stacks, and what a stack was told before."""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tidegate.cli import config
from tidegate.cli.output import print_json, show_table, show_text
from tidegate.model.errors import ConfigurationError, TidegateError

if TYPE_CHECKING:
    from tidegate.cli.config import Source
    from tidegate.model.comparing import Comparison, Difference, Values
    from tidegate.stack.port import PulumiStack
    from tidegate.stack.records import Entry


def diff(
    first: Annotated[str | None, typer.Argument(metavar="A", help="A stack.", show_default=False)] = None,
    second: Annotated[str | None, typer.Argument(metavar="B", help="Another one.", show_default=False)] = None,
    *,
    stack: config.Stack = None,
    version: Annotated[int | None, typer.Option(help="Which update of its history, by the number that `versions` says.")] = None,
    json: config.Json = False,
) -> None:
    """Say what differs between two stacks, or between an update of a stack (--stack and --version) and what it is told now.

    Defaults are filled in on both sides. Secrets are not shown: only whether they changed.
    """
    from tidegate.model.comparing import compare

    if first and second and stack is None and version is None:
        sides = [config.source_of(config.project(), name) for name in (first, second)]
        before, after = (_values(side) for side in sides)
        names = (first, second)
    elif stack is not None and version is not None and first is None:
        source = config.source_of(config.project(), stack)
        before, after = _update(source, version).values(), _values(source)
        names = (f"update {version}", "now")
    else:
        raise ConfigurationError(
            "name two stacks: `tidegate config diff staging production`; or one and an update: --stack staging --version 3"
        )
    found = compare(before, after)
    if json:
        print_json({"before": names[0], "after": names[1], **asdict(found)})
    else:
        _tell(found, names)


def versions(*, stack: config.Stack = None, json: config.Json = False) -> None:
    """Say what a stack was told in each of its updates: when, by whom, how it ended, and which versions of the services."""
    from tidegate.model.comparing import fingerprint
    from tidegate.model.comparing import versions as versions_of

    source = config.source(stack, None)
    entries = [
        {
            "number": update.number,
            "kind": update.kind,
            "result": update.result,
            "begun": update.begun,
            "ended": update.ended,
            "author": update.author,
            "message": update.message,
            "config": fingerprint(texts),
            "services": versions_of(texts),
        }
        for update in _stack(source).entries()
        for texts in (update.values().texts,)
    ]
    if json:
        print_json({"stack": source.stack, "versions": entries})
    elif not entries:
        show_text(f"The stack {source.stack} has had no updates.")
    else:
        heads = ("UPDATE", "BEGUN", "KIND", "RESULT", "WHO", "CONFIG", "VERSIONS", "MESSAGE")
        show_table(heads, [_row(entry) for entry in entries])


def _values(source: Source) -> Values:
    """What a stack is told now; the engine is asked only for what is encrypted."""
    from tidegate.model.comparing import read_values

    values = read_values(source.file, source.project)
    if not values.secret:
        return values
    try:
        return _stack(source).values()
    except TidegateError as error:
        show_text(f"note: secrets of {source.stack} can't be compared: {error}")
        return values


def _stack(source: Source) -> PulumiStack:
    from tidegate.stack.port import PulumiStack

    return PulumiStack(config.project().root, str(source.stack))


def _update(source: Source, number: int) -> Entry:
    updates = _stack(source).entries()
    for update in updates:
        if update.number == number:
            return update
    known = f"there are updates 1 to {updates[0].number}" if updates else "it has had none"
    raise ConfigurationError(f"the stack {source.stack} has had no update {number}; {known}")


def _tell(found: Comparison, names: tuple[str, str]) -> None:
    if found.as_written is not None:
        show_text(f"note: compared as it is written, without defaults, because one side is wrong: {found.as_written}")
    if found.differences:
        rows = [
            (difference.path, _said(difference, difference.before, "before"), _said(difference, difference.after, "after"))
            for difference in found.differences
        ]
        show_table(("SETTING", names[0].upper(), names[1].upper()), rows)
    else:
        show_text("There is no difference.")


def _said(difference: Difference, value: Any, side: str) -> str:
    absent = "added" if side == "before" else "removed"
    if difference.kind == absent:
        return "-"
    if difference.secret:
        return {"changed": "[secret, changed]", "unknown": "[secret, can't be compared]"}.get(difference.kind, "[secret]")
    return value if isinstance(value, str) and "\n" not in value else dumps(value)


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    services = " ".join(f"{name}={version}" for name, version in entry["services"].items())
    begun = entry["begun"].partition(".")[0].replace("T", " ")
    return str(entry["number"]), begun, entry["kind"], entry["result"], entry["author"] or "-", entry["config"], services, entry["message"]
