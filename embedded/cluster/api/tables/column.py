"""A table's columns, and what is shown in many of them: ages, lists that are cut short, containers, selectors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from embedded.cluster.model.objects import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded.cluster.model.objects import Obj

NONE: Final = "<none>"
UNSET: Final = "<unset>"
UNKNOWN: Final = "<unknown>"
INVALID: Final = "<invalid>"
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Row:
    """An object, and the instant at which it is looked at."""

    obj: Obj
    now: float

    @property
    def metadata(self) -> Obj:
        """Its metadata."""
        metadata: Obj = self.obj["metadata"]
        return metadata

    @property
    def spec(self) -> Obj:
        """Its specification, {} if none."""
        return self.obj.get("spec") or {}

    @property
    def status(self) -> Obj:
        """Its status, {} if none."""
        return self.obj.get("status") or {}

    def since(self, stamp: str | None) -> str:
        """How long ago that was."""
        try:
            return duration(self.now - instant(stamp)) if stamp else UNKNOWN
        except ValueError:
            return INVALID


@dataclass(frozen=True, slots=True)
class Column:
    """A column: how it is called, and what stands in it. Those that aren't `always` shown are for `-o wide`."""

    name: str
    cell: Callable[[Row], Any]
    type: str = "string"
    always: bool = True
    format: str = ""

    def definition(self) -> Obj:
        """As a table has it."""
        return {"name": self.name, "type": self.type, "format": self.format, "description": self.name, "priority": 0 if self.always else 1}


Columns = tuple[Column, ...]


def wide(name: str, cell: Callable[[Row], Any]) -> Column:
    """A column for `-o wide`."""
    return Column(name, cell, always=False)


def instant(stamp: str) -> float:
    """A time stamp in unix seconds."""
    return datetime.fromisoformat(stamp).timestamp()


def duration(seconds: float) -> str:
    """A span of time in two units at most, ever coarser."""
    whole = int(seconds)
    if whole < -1:
        return INVALID
    if whole < 2 * _MINUTE:
        return f"{max(whole, 0)}s"
    minutes, hours = whole // _MINUTE, whole // _HOUR
    if minutes < 10:
        return _two(minutes, "m", whole % _MINUTE, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % _MINUTE, "m")
    if hours < 48:
        return f"{hours}h"
    days = hours // 24
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    if days < 2 * _YEAR:
        return f"{days}d"
    return _two(days // _YEAR, "y", days % _YEAR, "d") if days < 8 * _YEAR else f"{days // _YEAR}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def some(items: Iterable[str], most: int, separator: str = ",") -> str:
    """The first of a list, and how many more there are."""
    found = list(items)
    shown = separator.join(found[:most])
    return f"{shown} + {len(found) - most} more..." if len(found) > most else shown


def selector(spec: Obj | None) -> str:
    """A label selector as text."""
    if not spec:
        return NONE
    terms = [f"{k}={v}" for k, v in sorted((spec.get("matchLabels") or {}).items())]
    forms = {"In": "{key} in ({values})", "NotIn": "{key} notin ({values})", "Exists": "{key}", "DoesNotExist": "!{key}"}
    expressions = spec.get("matchExpressions") or []
    terms += [forms[e["operator"]].format(key=e["key"], values=",".join(sorted(e.get("values") or []))) for e in expressions]
    return ",".join(terms) or NONE


def labels(given: dict[str, str] | None) -> str:
    """Labels as text."""
    return ",".join(f"{k}={v}" for k, v in sorted((given or {}).items())) or NONE


def _containers(row: Row) -> list[Obj]:
    template: Obj = row.spec.get("template") or (row.spec.get("jobTemplate") or {}).get("spec", {}).get("template") or {}
    found: list[Obj] = (template.get("spec") or {}).get("containers") or []
    return found


NAME: Final = Column("Name", lambda row: name_of(row.obj), format="name")
AGE: Final = Column("Age", lambda row: row.since(row.metadata.get("creationTimestamp")))
CONTAINERS: Final = wide("Containers", lambda row: ",".join(c["name"] for c in _containers(row)))
IMAGES: Final = wide("Images", lambda row: ",".join(c["image"] for c in _containers(row)))
SELECTOR: Final = wide("Selector", lambda row: selector(row.spec.get("selector")))
WORKLOAD: Final = (CONTAINERS, IMAGES, SELECTOR)


def number(name: str, path: str, *, spec: bool = False) -> Column:
    """A column with a number of the status (or the specification), 0 if it isn't there."""
    return Column(name, lambda row: (row.spec if spec else row.status).get(path) or 0, "integer")
