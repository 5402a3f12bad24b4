"""What all models have in common: they are frozen, take nothing they don't know, and convert nothing silently."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slot = Literal["blue", "green"]
SLOTS: Final[tuple[Slot, Slot]] = ("blue", "green")

Name = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=40),
    Field(description="A name of lower-case letters, digits and dashes, as Kubernetes takes it.", examples=["dashboard"]),
]
Duration = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]+(ms|s|m|h|d))+$"),
    Field(description="A time like 90s, 5m or 1h30m.", examples=["90s", "5m"]),
]
Quantity = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"),
    Field(description="An amount as Kubernetes takes it: 500m, 2, 512Mi, 1Gi.", examples=["500m", "512Mi"]),
]
Percent = Annotated[int, Field(ge=0, le=100, description="A whole number of percent.")]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1, le=1000)]

_PART: Final = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_FACTORS: Final = {
    "": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip


class Model(BaseModel):
    """A frozen model that knows all its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


def seconds(duration: Duration) -> float:
    """How long `1m30s` is."""
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(duration))


def amount(quantity: Quantity) -> float:
    """How much `500m` or `1Gi` is."""
    number = quantity.rstrip("mkMGTi")
    return float(number) * _FACTORS[quantity[len(number) :]]


def digest_of(value: Any) -> str:
    """A short hash of a JSON value, the same whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:10]
