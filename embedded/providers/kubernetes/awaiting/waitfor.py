"""The annotation `pulumi.com/waitFor`: what a program itself says has to hold, as one expression or a JSON list of them.

condition=Ready                     the status condition is True
condition=Ready=False               it has that status
jsonpath={.status.phase}            there is something at the path
jsonpath={.status.phase}=Running    and that is its value
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from embedded.providers.kubernetes.awaiting.annotations import annotation
from embedded.providers.kubernetes.awaiting.generic import CONDITION_OVERDUE
from embedded.providers.kubernetes.awaiting.model import Kind, Verdict
from embedded.providers.kubernetes.awaiting.objects import conditions, number, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.model.events import Severity
    from embedded.providers.kubernetes.awaiting.model import Obj, View

    Rule = Callable[[Obj], "tuple[bool, Severity, str]"]

_PATH = re.compile(r"(?P<path>\{\s*(?P<inner>.*?)\s*\})(?:=(?P<value>.*))?", re.DOTALL)


def problems(inputs: Obj) -> list[str]:
    """What is wrong with the object's annotation."""
    wanted = annotation(inputs, "waitFor")
    try:
        if wanted:
            _rules(wanted)
    except ValueError as error:
        return [str(error)]
    return []


def kind(wanted: str) -> Kind:
    """The rules that the annotation makes. ValueError if it isn't one."""
    rules = _rules(wanted)

    def judge(view: View) -> Verdict:
        results = [rule(view.object) for rule in rules]
        unmet = tuple(message for met, _, message in results if not met and message)
        says = tuple((severity, message) for _, severity, message in results if message)
        return Verdict(ready=all(met for met, _, _ in results), reasons=unmet, says=says)

    return Kind(judge, overdue=CONDITION_OVERDUE, refreshed=False)


def _rules(wanted: str) -> list[Rule]:
    try:
        values = json.loads(wanted)
    except ValueError:
        values = [wanted]
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        values = [wanted]
    if not values:
        raise ValueError("at least one condition must be specified")
    return [_rule(value) for value in values]


def _rule(expression: str) -> Rule:
    form, _, rest = expression.partition("=")
    if form == "condition":
        return _condition(*(rest.split("=", 1) if "=" in rest else (rest, "True")))
    if form == "jsonpath":
        return _json_path(rest)
    raise ValueError(f'expected a "jsonpath=" or "condition=" prefix, got "{expression}"')


def _condition(type_: str, status: str) -> Rule:
    if not type_:
        raise ValueError('"condition=" needs the condition\'s type')

    def rule(obj: Obj) -> tuple[bool, Severity, str]:
        all_ = conditions(obj)
        if not all_:
            return False, "warning", "Has no .status.conditions"
        found = next((one for one in all_ if text(one, "type").lower() == type_.lower()), None)
        if found is None:
            return False, "info", f"Resource has no condition {type_} (want {status})"
        generation = number(obj, "metadata", "generation")
        seen = number(found, "observedGeneration", default=number(obj, "status", "observedGeneration", default=generation))
        if seen < generation:
            return False, "info", f"Generation {seen} is less than expected {generation}"
        is_ = text(found, "status")
        met = is_.lower() == status.lower()
        return met, "info", "" if met else f"Resource has condition {type_}={is_} (want {status})"

    return rule


def _json_path(expression: str) -> Rule:
    from jsonpath import JSONPathEnvironment
    from jsonpath.exceptions import JSONPathError

    match = _PATH.fullmatch(expression)
    if not match:
        raise ValueError(f"the format is jsonpath={{.path}}=value or jsonpath={{.path}}, got {expression}")
    path, inner, value = match["path"], match["inner"], match["value"]
    if value == "":
        raise ValueError(f"{path}= requires a value")
    try:
        query = JSONPathEnvironment(strict=True).compile(inner if inner.startswith("$") else f"${inner}")
    except JSONPathError as error:
        raise ValueError(f'parsing "{path}": {str(error).splitlines()[0]}') from error
    shown = path if value is None else f"{path}={value}"

    def rule(obj: Obj) -> tuple[bool, Severity, str]:
        generation = number(obj, "metadata", "generation")
        seen = number(obj, "status", "observedGeneration", default=generation)
        if seen < generation:
            return False, "info", f"Generation {seen} is less than expected {generation}"
        matches = query.findall(obj)
        if not matches:
            return False, "info", f"{path} selected nothing"
        found = _word(matches[0])
        if value is None or found == value:
            return True, "info", f"Found {shown}"
        return False, "info", f'Waiting for {shown} (found "{found}")'

    return rule


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value)
