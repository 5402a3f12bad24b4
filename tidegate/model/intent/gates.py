"""What must hold before a release goes on: a person's word, the time, the reports of scanners."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from tidegate.model.base import Cron, Duration, Finding, Model, Name, Text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Approval(Model):
    """Who must say yes before a release takes its next step."""

    approvers: tuple[Text, ...] = Field(min_length=1)
    """Who may: names, as the command's users have them."""
    count: Annotated[int, Field(ge=1)] = 1
    """How many of them must."""
    timeout: Duration = "1h"
    """How long they have; then the release is taken back."""
    before: tuple[Literal["stage", "shift", "promote", "migrate"], ...] = ("promote",)
    """Before which steps."""

    def findings(self) -> Iterable[Finding]:
        """Whether there are enough of them."""
        people = len(set(self.approvers))
        if self.count > people:
            yield Finding(("count",), f"{self.count} must say yes, but there are only {people} approvers", (("approvers",),))


class Freeze(Model):
    """A time in which nothing is released."""

    start: Cron
    """When it begins, as cron says it."""
    duration: Duration
    """How long it lasts."""
    timezone: Text = "UTC"
    """Where the clock is that start goes by: Europe/Berlin."""
    reason: Text
    """Why; whoever is held up is told."""

    def findings(self) -> Iterable[Finding]:
        """Whether there is such a timezone."""
        known = zoneinfo.available_timezones()
        if self.timezone not in known:
            yield Finding(("timezone",), f"there is no {self.timezone}; names are those of the tz database, such as Europe/Berlin or UTC")


class Scan(Model):
    """How many findings of a scan are borne."""

    report: Text
    """The report's file; {{service}}, {{version}} and {{digest}} are filled in."""
    format: Literal["trivy", "grype", "sarif"]
    """Which scanner's report it is."""
    critical: Annotated[int, Field(ge=0)] = 0
    """How many critical findings are borne."""
    high: Annotated[int, Field(ge=0)] = 5
    """How many high ones."""


class Gates(Model):
    """What must hold before a release goes on."""

    approval: Approval | None = None
    """Who must say yes."""
    freezes: dict[Name, Freeze] = {}
    """Times in which nothing is released, by name."""
    scans: dict[Name, Scan] = {}
    """Reports of scanners, by name."""
