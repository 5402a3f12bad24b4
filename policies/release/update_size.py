"""An update takes no more away than was meant.

Looks at: how many resources the update would replace, and how many it would delete.
Allowed: up to `replaced` and up to `deleted`. What is made new is not counted, nor what Tidegate makes anew for each release: configuration
with a hash in its name, and smoke tests.
"""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from policies.judging import Change, Finding, Given, Settings, Stack, Standard, Violation, of_update

Count = Annotated[int, Field(ge=0)]


class Size(Settings):
    """How much an update may take away."""

    replaced: Count = 5
    """How many resources one update may replace."""
    deleted: Count = 5
    """How many resources one update may delete."""


@of_update(
    "An update takes no more away than was meant.",
    severity="high",
    fix="See in the preview what goes, and why. If it is meant: in several updates, or set the policy's `replaced` and `deleted`.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release",),
    settings=Size,
)
def update_size(stack: Stack, given: Given[Size]) -> Iterator[Finding]:
    """All that the update takes away, together."""
    gone = [change for change in stack.changes or () if change.operation in {"replace", "delete"} and not _routine(change)]
    for operation, done, most in (("replace", "replaced", given.settings.replaced), ("delete", "deleted", given.settings.deleted)):
        found = [one for one in gone if one.operation == operation]
        if len(found) > most:
            first = ", ".join(sorted(one.before.shown for one in found if one.before is not None)[:3])
            reason = f"{len(found)} resources would be {done}, more than the {most} that one update may: {first} and so on"
            yield Violation(stack.itself.root, reason)


_HASHED = re.compile(r"-(blue|green)-config-[0-9a-f]{6,}$")


def _routine(change: Change) -> bool:
    """Whether it is made anew by each release."""
    before = change.before
    if before is None or before.package != "kubernetes":
        return before is not None and before.package == "tidegate"
    return before.kind == "Job" or (before.kind in {"ConfigMap", "Secret"} and _HASHED.search(before.name) is not None)
