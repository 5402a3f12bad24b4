"""No data is lost by an update that nobody said a word about.

Looks at: what the update does to PersistentVolumeClaims, PersistentVolumes and StatefulSets: `spec.replicas`, `volumeClaimTemplates`, and
whether they are replaced or deleted.
Allowed: more pods, other templates. For anything else, the word is an exemption: whose it is, why, and until when.
"""

from collections.abc import Iterator

from policies.judging import Change, Finding, Given, Settings, Stack, Standard, Violation, each, of_update
from policies.release.reading import whole

_VOLUMES = frozenset({"PersistentVolumeClaim", "PersistentVolume"})
_GONE = frozenset({"replace", "delete"})


@of_update(
    "No update takes data away without a word.",
    severity="critical",
    fix="Back the data up and move it first; then say so by an exemption with an owner, a reason and an end date.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "data"),
)
def kept_data(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each thing that has data."""
    yield from each(stack.changes or (), _judge)


def _judge(change: Change) -> Iterator[Finding]:
    before, after = change.before, change.after
    if before is None or not before.built_in:
        return
    done = "deleted" if change.operation == "delete" else "replaced"
    if before.kind in _VOLUMES and change.operation in _GONE:
        yield Violation(before.root, f"{before.shown} would be {done}, and its data with it")
    if before.kind != "StatefulSet":
        return
    if change.operation in _GONE:
        yield Violation(before.root, f"{before.shown} would be {done}: its pods go, and new ones may not find their volumes")
    elif after is not None:
        had, has = whole(before.at("spec", "replicas"), 1), whole(after.at("spec", "replicas"), 1)
        if has < had:
            at = after.at("spec", "replicas")
            yield Violation(at, f"{after.shown} would shrink from {had} to {has} pods: what only those have is served by nobody")
