"""Finds in a stack's own history what is to be gone back to: a release, an update, or versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.driver.configuring import gives, running_with
from tidegate.model.base import NAMESPACE
from tidegate.model.comparing import Values, compare
from tidegate.model.errors import ConfigurationError
from tidegate.model.loading import from_config
from tidegate.model.told import Told
from tidegate.planner.refusals import Refusal
from tidegate.record.history import rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tidegate.driver.ports import Stack
    from tidegate.model.ledger import Ledger
    from tidegate.model.told import Past

GUARDS: Final = frozenset(f"{NAMESPACE}:{name}" for name in ("gates", "policies", "releases", "notifications", "incidents"))
"""What says how releases are made, and who is told: not what is released."""


def by_release(past: Sequence[Past], ledger: Ledger, release: str) -> Told:
    """What was live after a release, or after an update (by its number)."""
    for entry, row in zip(past, rows(past, ledger), strict=True):
        wanted = row.release == release or (release.isdecimal() and entry.number == int(release))
        if wanted and entry.kind == "update" and entry.result == "succeeded" and entry.told is not None:
            return entry.told
    raise ConfigurationError(
        f"the stack's history has no update of release {release} that succeeded and can be read: `tidegate history` shows what there is",
    )


def by_slots(past: Sequence[Past], ledger: Ledger, names: Iterable[str]) -> Told:
    """The newest configuration that makes what the old slots of these services have."""
    wanted = {name: ledger.services[name].slots[ledger.services[name].candidate].spec for name in names}
    for entry in past:
        if entry.kind == "update" and entry.told is not None and gives(entry.told.intent, wanted):
            return entry.told
    raise ConfigurationError("the stack's history no longer has what the old slots were told: what would change can't be said")


def by_versions(past: Sequence[Past], now: Told, versions: Mapping[str, str]) -> Told:
    """The newest configuration with these versions; one that changes nothing else but those, if there is one."""
    current = {name: service.version for name, service in now.intent.services.items()}
    found: Told | None = None
    for entry in past:
        told = entry.told if entry.kind == "update" and entry.result == "succeeded" else None
        if told is None:
            continue
        there = {name: service.version for name, service in told.intent.services.items()}
        if any(there.get(name) != version for name, version in versions.items()):
            continue
        if there == {**current, **versions}:
            return told
        found = found or told
    if found is None:
        named = ", ".join(f"{name} {version}" for name, version in versions.items())
        raise ConfigurationError(f"{named} was never brought up here: `tidegate history` shows what was. To release it: `tidegate release`")
    return found


def older(stack: Stack, ledger: Ledger, to: Mapping[str, str], release: str | None, services: Iterable[str]) -> Told | None:
    """What is to be released anew to go back so far; None where slots still have it."""
    if release is not None:
        past = stack.past()
        return as_guarded_now(by_release(past, ledger, release), running_with(stack, past))
    unknown = [name for name in (*services, *to) if name not in ledger.services]
    if unknown:
        raise Refusal("unknown-service", f"there is no {', '.join(unknown)}; there are {', '.join(ledger.services)}")
    there = {name: record.slots[record.candidate].version for name, record in ledger.services.items()}
    if all(there[name] == version for name, version in to.items()):
        return None
    past = stack.past()
    now = running_with(stack, past)
    return as_guarded_now(by_versions(past, now, to), now)


def as_guarded_now(then: Told, now: Told) -> Told:
    """A configuration of the past under the gates and policies of today: the way far back is none past them."""
    texts = {key: text for key, text in then.values.texts.items() if key not in GUARDS}
    texts |= {key: text for key, text in now.values.texts.items() if key in GUARDS}
    secret = (then.values.secret - GUARDS) | (now.values.secret & GUARDS)
    values = Values(texts, secret, opaque=then.values.opaque or now.values.opaque)
    if values == then.values:
        return then
    found = from_config(texts)
    if found.intent is None:
        problems = "\n  ".join(map(str, found.problems))
        raise ConfigurationError(f"{then.origin} doesn't go with the gates and policies of today:\n  {problems}")
    return Told(values, found.intent, then.origin)


def in_slots(ledger: Ledger, to: Mapping[str, str], services: Iterable[str]) -> dict[str, str]:
    """The versions that slots have to go back to, of the services that were named."""
    records = ledger.services
    return dict(to or {name: records[name].slots[records[name].candidate].version for name in services})


def changes(now: Told, then: Told) -> Iterator[str]:
    """What would be another setting than now, in words. Secrets aren't shown."""
    for one in compare(now.values, then.values).differences:
        yield f"{one.path}: {'a secret' if one.secret else f'{one.before} -> {one.after}'} ({one.kind})"
