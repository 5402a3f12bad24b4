"""No schema is taken away that a version needs which still has users.

Looks at: the stack's output `ledger`: the candidates of the release under way, and whether their migrations contract the schema.
Allowed: a contract migration of a version that goes live at once (strategy blue-green), or one to a revision that the live version has
run on already.
"""

from collections.abc import Iterator

from policies.judging import Finding, Given, Settings, Stack, Standard, Violation, of_stack
from policies.release.reading import ledger_of


@of_stack(
    "No contract migration while a release is under way.",
    severity="critical",
    fix="First release a version that runs on both schemas; when that is live, bring the contract migration with strategy blue-green.",
    standards=(Standard("soc2", ("CC8.1",)),),
    tags=("release", "migrations"),
)
def contract_migrations(stack: Stack, given: Given[Settings]) -> Iterator[Finding]:
    """Each candidate that shares its schema with a live version."""
    ledger = ledger_of(stack)
    if ledger is None or ledger.under_way is None:
        return
    for name in ledger.under_way.services:
        record = ledger.services.get(name)
        if record is None:
            continue
        candidate, live = record.slots[record.candidate], record.slots[record.live]
        if candidate.running and candidate.contract and (candidate.migration or "") not in (live.migration or "", *record.known):
            at = stack.output("ledger").at("services", name, "slots", record.candidate, "contract")
            reason = f"{name} {candidate.version} takes away what {live.version} needs of the schema, and that still has users"
            yield Violation(at, reason)
