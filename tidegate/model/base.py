"""What all models have in common: they are frozen, take nothing they don't know, and convert nothing silently.

A field's own shape is checked by its type. What must hold between fields is said by `findings`: all that doesn't, each with its place, so
that a user is told of everything at once, also while other fields are wrong.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pydantic import ValidationInfo

Slot = Literal["blue", "green"]
SLOTS: Final[tuple[Slot, Slot]] = ("blue", "green")

NAMESPACE: Final = "tidegate"
"""What is ours of a stack's configuration: the keys `tidegate:...`."""

Path = tuple[str | int, ...]
"""Where something is: names of fields and keys, and places in lists."""


def shape(pattern: str, allowed: str, *examples: str, longest: int | None = None) -> Any:
    """What a text looks like. `allowed` says it to people, in editors and in errors."""
    extra: dict[str, Any] = {"patternErrorMessage": allowed}
    return Field(pattern=pattern, max_length=longest, examples=list(examples), json_schema_extra=extra)


_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NUMBER: Final = r"[0-9]+(\.[0-9]+)?"


def _times(number: str, names: str = "") -> str:
    """The pattern of one of cron's fields: *, a number or a span, each with a step if need be, and several of them."""
    one = f"({number}|{names})" if names else f"({number})"
    item = rf"(\*|{one}(-{one})?)(/[1-9][0-9]?)?"
    return f"{item}(,{item})*"


_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_DAYS: Final = "sun|mon|tue|wed|thu|fri|sat"
_CRON: Final = " +".join(
    [
        _times("[0-5]?[0-9]"),
        _times("[01]?[0-9]|2[0-3]"),
        _times("0?[1-9]|[12][0-9]|3[01]"),
        _times("0?[1-9]|1[0-2]", f"{_MONTHS}|{_MONTHS.upper()}"),
        _times("[0-7]", f"{_DAYS}|{_DAYS.upper()}"),
    ]
)

Name = Annotated[
    str,
    shape(
        "^[a-z]([-a-z0-9]*[a-z0-9])?$",
        "a name such as agent-manager: lower-case letters, digits and dashes, a letter first, at most 40",
        "agent-manager",
        longest=40,
    ),
]
Text = Annotated[str, shape(r"\S", "a text that is not empty", "text")]
Duration = Annotated[str, shape("^([0-9]+(ms|s|m|h|d))+$", "a time with its unit: 500ms, 90s, 5m, 1h30m, 14d", "5m")]
Cpu = Annotated[str, shape(f"^{_NUMBER}m?$", "processors, or thousandths of one with m: 2, 0.5, 500m", "500m")]
Memory = Annotated[str, shape(f"^{_NUMBER}(k|M|G|T|Ki|Mi|Gi|Ti)$", "an amount of bytes with its unit: 512Mi, 1Gi", "512Mi")]
Quantity = Annotated[str, shape(f"^{_NUMBER}(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", "an amount as Kubernetes takes it: 500m, 2, 512Mi, 1Gi", "512Mi")]
Domain = Annotated[
    str,
    shape(
        rf"^({_LABEL}\.)*{_LABEL}$", "a DNS name of lower-case letters, digits, dashes and dots: team.example", "team.example", longest=253
    ),
]
Cron = Annotated[
    str,
    shape(
        f"^{_CRON}$",
        "five fields as cron has them (minute, hour, day of the month, month, day of the week): 0 2 * * * is each night at two",
        "0 2 * * *",
    ),
]
Day = Annotated[str, shape("^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$", 'a day, in quotes: "2026-12-24"', "2026-12-24")]
Percent = Annotated[int, Field(ge=0, le=100)]
Port = Annotated[int, Field(ge=1, le=65535, examples=[8080])]
Count = Annotated[int, Field(ge=1, le=1000)]

_PART: Final = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FACTORS: Final = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that doesn't fit together with the rest."""

    path: Path
    message: str
    needs: tuple[Path, ...] = ()
    """What it was concluded from: if anything of that is wrong itself, the finding says nothing."""

    def below(self, *parts: str | int) -> Self:
        """The same, seen from further up."""
        return replace(self, path=(*parts, *self.path), needs=tuple((*parts, *need) for need in self.needs))


LENIENT: Final = "lenient"
"""With this in the context of a validation, only fields are checked; the findings are asked for afterwards."""


class Model(BaseModel):
    """A frozen model that knows all its fields."""

    # Validators are made when they are needed: most models are only parts of others. What the fields' docstrings say is looked up in the
    # source when the schema is made (see schema.py), not by each start.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    def findings(self) -> Iterable[Finding]:
        """What doesn't fit together in it, apart from what its parts say of themselves."""
        return ()

    @model_validator(mode="after")
    def _fits(self, info: ValidationInfo) -> Self:
        if not (info.context and info.context.get(LENIENT)):
            found = [f"{'.'.join(map(str, finding.path))}: {finding.message}" for finding in self.findings()]
            if found:
                raise ValueError("; ".join(found))
        return self


def leading_out(path: Path, file: str) -> Iterator[Finding]:
    """A file's name that may lead out of the repository."""
    if ".." in file.split("/"):
        yield Finding(path, f"{file} may lead out of the repository: write it without ..")


def all_findings(value: object) -> Iterator[Finding]:
    """What doesn't fit together in a model and all its parts."""
    match value:
        case Model():
            yield from value.findings()
            parts: Iterable[tuple[str | int, object]] = ((name, getattr(value, name)) for name in type(value).model_fields)
        case dict():
            parts = value.items()
        case tuple() | list():
            parts = enumerate(value)
        case _:
            return
    for key, part in parts:
        for finding in all_findings(part):
            yield finding.below(key)


def seconds(duration: Duration) -> float:
    """How long `1m30s` is."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))


def amount(quantity: Quantity) -> float:
    """How much `500m` or `1Gi` is."""
    number = quantity.rstrip("mkKMGTi")
    return float(number) * _FACTORS[quantity[len(number) :]]


def digest_of(value: Any) -> str:
    """A short hash of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:10]
