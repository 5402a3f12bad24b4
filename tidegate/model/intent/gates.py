"""What must hold before a release goes on: a person's word, the time, the reports of scanners."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, assert_never

from pydantic import Field

from tidegate.model.approval import Before
from tidegate.model.base import Cron, Day, Duration, Finding, Model, Name, Text, leading_out, seconds, shape
from tidegate.model.intent.people import Gpg, Oidc, Person, Ssh
from tidegate.model.intent.scans import Scan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tidegate.model.base import Path

FileName = Annotated[
    str,
    shape(
        r"^[-._A-Za-z0-9]+(/[-._A-Za-z0-9]+)*$",
        "a path from the folder of Pulumi.yaml on: releases/approvals.jsonl",
        "releases/approvals.jsonl",
    ),
]


class Approval(Model):
    """Who must say yes before a release takes its next step."""

    approvers: tuple[Name, ...] = Field(min_length=1)
    """Who may: people and roles of `tidegate:gates`."""
    count: Annotated[int, Field(ge=1)] = 1
    """How many of them must."""
    timeout: Duration = "1h"
    """How long they have from when the step is next; then it is refused, and a release under way is taken back."""
    before: tuple[Before, ...] = Field(default=("promote",), min_length=1)
    """Before which steps. One yes holds for all of a release's shifts."""
    four_eyes: bool = True
    """Whether it must be somebody else than who began the release."""
    auto_approve: tuple[Name, ...] = ()
    """Where nobody is asked: names of environments, or tiers."""

    def findings(self) -> Iterable[Finding]:
        """Whether anybody has the time to say it."""
        if not seconds(self.timeout):
            yield Finding(("timeout",), "must be more than nothing")


class Freeze(Model):
    """A time in which nothing is released, again and again."""

    start: Cron
    """When it begins, as cron says it."""
    duration: Duration
    """How long it lasts by the clock of that place: 62h from Friday at 18 is until Monday at 8, also when clocks are changed."""
    timezone: Text = "UTC"
    """Where the clock is that start goes by: Europe/Berlin."""
    reason: Text
    """Why; whoever is held up is told."""
    stops: tuple[Before, ...] = Field(default=("stage",), min_length=1)
    """Which steps it stops. Without shift and promote a release that has begun is finished. Going back is never stopped."""

    def findings(self) -> Iterable[Finding]:
        """Whether there are such times, and such a timezone."""
        from cronsim import CronSim, CronSimError

        yield from _unknown_zone(self.timezone)
        if not seconds(self.duration):
            yield Finding(("duration",), "must be more than nothing")
        try:
            CronSim(self.start, datetime(2000, 1, 1))  # noqa: DTZ001 - only its fields are looked at
        except CronSimError as error:
            yield Finding(("start",), f"never comes: {error}")


class Holiday(Model):
    """Days on which nothing is released."""

    first: Day
    """The day, or the first of several; it begins at midnight."""
    last: Day | None = None
    """The last one of several."""
    timezone: Text = "UTC"
    """Where midnight is: Europe/Berlin."""
    reason: Text
    """What day it is; whoever is held up is told."""
    stops: tuple[Before, ...] = Field(default=("stage",), min_length=1)
    """Which steps it stops. Without shift and promote a release that has begun is finished. Going back is never stopped."""

    def findings(self) -> Iterable[Finding]:
        """Whether there are such days, in this order."""
        yield from _unknown_zone(self.timezone)
        days: list[date] = []
        for field, day in (("first", self.first), ("last", self.last or self.first)):
            try:
                days.append(date.fromisoformat(day))
            except ValueError:
                yield Finding((field,), f"there is no {day} in the calendar")
        if len(days) == 2 and days[1] < days[0]:
            yield Finding(("last",), f"{self.last} is before the first day, {self.first}", (("first",),))


class Gates(Model):
    """What must hold before a release goes on."""

    people: dict[Name, Person] = {}
    """Who begins and approves releases, by name."""
    roles: dict[Name, tuple[Name, ...]] = {}
    """Who has which part: names of people, by role."""
    approvals: dict[Name, Approval] = {}
    """Who must say yes, by what for. Each of them must be met."""
    approvals_file: FileName | None = None
    """A file in this repository with signed approvals, that count like those in the stack's state."""
    emergency: tuple[Name, ...] = ()
    """People and roles that may pass approvals by: signed, with a reason and an incident. With nobody here, whoever drives releases may."""
    freezes: dict[Name, Freeze] = {}
    """Times in which nothing is released, by name."""
    holidays: dict[Name, Holiday] = {}
    """Days on which nothing is released, by name."""
    scans: dict[Name, Scan] = {}
    """Reports of scanners that must be there and good before a release begins, by name."""

    def members(self, names: Iterable[str]) -> tuple[str, ...]:
        """The people that these people and roles are."""
        return tuple(dict.fromkeys(person for name in names for person in self.roles.get(name, (name,))))

    def findings(self) -> Iterable[Finding]:
        """Whether everybody is somebody, and there are enough of them."""
        yield from self._roles()
        yield from self._approvers()
        yield from self._twice()
        if self.approvals_file is not None:
            yield from leading_out(("approvals_file",), self.approvals_file)

    def _roles(self) -> Iterator[Finding]:
        for role, members in self.roles.items():
            if role in self.people:
                yield Finding(("roles", role), "there is a person of that name; take another")
            for i, name in enumerate(members):
                if name not in self.people:
                    yield Finding(("roles", role, i), _nobody(name, self.people))

    def _approvers(self) -> Iterator[Finding]:
        known = (*self.people, *self.roles)
        named: list[tuple[Path, Sequence[str]]] = [(("approvals", n, "approvers"), found.approvers) for n, found in self.approvals.items()]
        for path, names in (*named, (("emergency",), self.emergency)):
            for i, name in enumerate(names):
                if name not in known:
                    yield Finding((*path, i), _nobody(name, known))
        for name, found in self.approvals.items():
            if any(approver not in known for approver in found.approvers):
                continue
            who = self.members(found.approvers)
            able = [person for person in who if person in self.people and self.people[person].identities]
            needs: tuple[Path, ...] = (("approvals", name, "approvers"), ("people",), ("roles",))
            if found.count > len(able):
                dumb = "" if len(able) == len(who) else " with an identity; give the others theirs (gates.people.NAME.identities)"
                yield Finding(
                    ("approvals", name, "count"), f"{found.count} must say yes, but there are only {len(able)} approvers{dumb}", needs
                )

    def _twice(self) -> Iterator[Finding]:
        """What is two people's: it would prove neither."""
        owners: dict[tuple[str, str], str] = {}
        for person, found in self.people.items():
            for i, identity in enumerate(found.identities):
                match identity:
                    case Ssh():
                        mark = " ".join(identity.key.split(" ")[:2])
                    case Gpg():
                        mark = identity.fingerprint
                    case Oidc():
                        mark = f"{identity.issuer} {sorted(identity.claims.items())}"
                    case _:
                        assert_never(identity)
                owner = owners.setdefault((identity.kind, mark), person)
                if owner != person:
                    yield Finding(("people", person, "identities", i), f"{owner} has the same: it would prove neither of them")
            for i, name in enumerate(found.names):
                owner = owners.setdefault(("name", name.casefold()), person)
                if owner != person:
                    yield Finding(("people", person, "names", i), f"{owner} is called that too")


def _unknown_zone(name: str) -> Iterator[Finding]:
    try:
        zoneinfo.ZoneInfo(name)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        yield Finding(("timezone",), f"there is no {name}; names are those of the tz database, such as Europe/Berlin or UTC")


def _nobody(name: str, known: Iterable[str]) -> str:
    listed = ", ".join(known)
    return f"there is no {name} in gates.people or gates.roles" + (f"; there are {listed}" if listed else ", nor anybody else")
