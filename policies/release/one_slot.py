"""One of a service's slots stays as it is in each update.

Looks at: what the update does to the Deployments of a service's slots: `spec.template`, and whether they are replaced or deleted.
Allowed: pods made anew in one slot, not in both: whoever has the users keeps them.
"""

from collections import defaultdict
from collections.abc import Iterator

from policies.judging import Change, Finding, Given, Settings, Stack, Standard, Violation, of_update
from policies.judging.fields import UnknownError
from policies.release.reading import slot_of


@of_update(
    "One of a service's slots stays as it is in each update.",
    severity="critical",
    fix="Release the change: it goes into one slot, and the other keeps the users until that is proven.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "traffic"),
)
def one_slot(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each service that was there before."""
    changed: dict[str, list[Change]] = defaultdict(list)
    for change in stack.changes or ():
        before = change.before
        if before is not None and before.kind == "Deployment" and (slot := slot_of(before)) is not None and _is_anew(change):
            changed[slot[0]].append(change)
    # A service that goes altogether, or a whole stack, is somebody's wish.
    for service, changes in changed.items():
        kept = [one for one in changes if one.operation != "delete"]
        if len(changes) > 1 and kept:
            subject = kept[0].after or kept[0].before
            if subject is not None:
                yield Violation(subject.at("spec", "template"), f"the update makes the pods of both slots of {service} anew")


def _is_anew(change: Change) -> bool:
    """Whether a slot's running pods would go."""
    before, after = change.before, change.after
    if before is None or not _running(before.at("spec", "replicas").value):
        return False
    if change.operation in {"replace", "delete"} or after is None:
        return change.operation != "same"
    try:
        return bool(before.at("spec", "template").value != after.at("spec", "template").value)
    except UnknownError:
        # What isn't known is made of something new.
        return change.operation == "update"


def _running(replicas: object) -> bool:
    return replicas != 0
