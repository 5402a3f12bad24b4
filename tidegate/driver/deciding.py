"""What is to be done next: the whole course of a release, as a pure function of what is known.

A driver that goes on after a crash asks the same question and gets the same answer, for nothing that it goes by is its own: the ledger,
the routes, the pods, the metrics of past moments, what people have said, the time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from tidegate.driver import soaking, steps, wellness
from tidegate.driver.facts import Act, Ask, Back, Done, Lead, Measure, Sleep, Try
from tidegate.driver.whereabouts import cut_off, inside, led_back, outside, strayed, torn
from tidegate.gates import freezes
from tidegate.gates.overriding import passed_by
from tidegate.model.base import seconds
from tidegate.model.ledger import Held
from tidegate.planner.events.unfinished import half_rolled_back
from tidegate.planner.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tidegate.driver.facts import Action, Facts
    from tidegate.driver.soaking import Soak
    from tidegate.model.approval import Before
    from tidegate.model.base import Slot
    from tidegate.model.ledger import Ledger, Release

PULSE: Final = 5.0
"""How often the world is looked at, at least, in seconds: what goes wrong between two looks at metrics is seen by this."""


def decide(f: Facts) -> Action:
    """The next action."""
    ledger = f.reading.ledger
    release = ledger.release if ledger is not None else None
    if ledger is None or release is None:
        return Done("nothing was ever released here")
    if release.phase in {"staged", "shifting"}:
        return _under_way(f, ledger, release)
    if release.kind == "release" and release.phase == "promoted" and not release.baked:
        return _promoted(f, ledger, release)
    return _at_rest(f, ledger, release)


def _at_rest(f: Facts, ledger: Ledger, release: Release) -> Action:
    """With nothing to drive: what somebody's update has left open when it failed is closed."""
    left_open = torn(f.reading)
    if _half_back(f, ledger, release, left_open):
        return _HALF_BACK
    if left_open:
        return _restored(left_open, release)
    if led_back(f.reading, f.traffic):
        return Back("traffic", "its routes were led back, and no update has recorded that")
    elsewhere = cut_off(f.reading, f.traffic)
    if elsewhere and f.attempts < f.told.intent.releases.attempts:
        text = f"an update was cut off after it had led users of {', '.join(elsewhere)} to what it brought: they go back to what is live"
        return Lead(dict.fromkeys(elsewhere, 0), text) if f.alone else Act("apply", release.weight, text)
    return Done(f"{_named(release)} is {'done' if release.phase == 'promoted' else release.phase}")


_HALF_BACK: Final = Back("update", "an update that was to take it back was cut off")


def _half_back(f: Facts, ledger: Ledger, release: Release, left_open: tuple[str, ...]) -> bool:
    """Whether a rollback was begun, and not finished."""
    if not left_open or release.kind != "release" or release.promoted is None or release.phase == "aborted":
        return False
    return bool(half_rolled_back(Situation(ledger, f.told.intent, release.changed, {}, f.reading.standing)))


def _restored(left_open: tuple[str, ...], release: Release) -> Act:
    """A plain update brings routes back to where the ledger has them."""
    text = f"an update failed while traffic of {', '.join(left_open)} moved: it goes back to where it was"
    return Act("apply", release.weight, text)


def _under_way(f: Facts, ledger: Ledger, release: Release) -> Action:
    left_open = torn(f.reading)
    given_up = _given_up(f, ledger, release, left_open)
    if given_up is not None:
        return given_up
    soaks = {} if f.switching else _soaks(f, release)
    first = _ill_or_failed(f, ledger, soaks)
    if first is not None:
        return first
    caught_up = _caught_up(f, ledger, release, soaks)
    if caught_up is not None:
        return caught_up
    if release.paused and left_open:
        return _restored(left_open, release)
    if release.paused and f.resuming is not None:
        return Act("resume", release.weight, f.resuming)
    if release.paused:
        return Sleep(_pulse(f), f"paused by {release.changed.by}: {release.reason}", on="pause")
    obstacle = _obstacle(f, ledger)
    if obstacle is not None:
        return obstacle
    action = _forward(f, ledger, release, soaks)
    if left_open and isinstance(action, Sleep):
        # What a failed update has moved too early goes back to where it was, until it is its time.
        return _restored(left_open, release)
    return action


def _caught_up(f: Facts, ledger: Ledger, release: Release, soaks: Mapping[str, Soak]) -> Action | None:
    """What is done about users on candidates whom no update has recorded: who was to do it was cut off, or somebody's hand has moved them.

    If it is time for the step, the update that takes it finds it done. Else they go back; but not before an update of our own has had the
    lock: somebody else's may be about to record it. Callers inside alone stay: only the end of a release changes where they are led.
    """
    early = outside(f.reading, f.traffic)
    if not early and not inside(f.reading, f.traffic):
        return None
    action = _forward(f, ledger, release, soaks) if not release.paused and not _ills(f, ledger) else None
    if action is not None and not isinstance(action, Sleep):
        return action
    if not early:
        return None
    text = f"more users of {', '.join(early)} were on the candidate than any update has recorded: they go back to where they were"
    if not f.alone:
        return Act("apply", release.weight, text)
    return Lead({name: ledger.services[name].weight for name in early}, text)


def _given_up(f: Facts, ledger: Ledger, release: Release, left_open: tuple[str, ...]) -> Back | None:
    """What has been decided already, whatever is seen now."""
    settings = f.told.intent.releases
    if f.now > _at(release.begun.at) + timedelta(seconds=seconds(settings.deadline)):
        return Back("deadline", f"it has been under way since {release.begun.at}, longer than {settings.deadline}")
    if f.back is not None and f.switching is None:
        return Back("update", f"it was to be taken back, and the update for that failed ({f.back})")
    if any(_given(f, name) < ledger.services[name].weight for name in left_open):
        return _HALF_BACK
    if f.attempts >= settings.attempts:
        return Back("update", f.failure)
    return None


def _forward(f: Facts, ledger: Ledger, release: Release, soaks: Mapping[str, Soak]) -> Action:
    """The next step, or what it waits for."""
    held: list[Held] = []
    if release.phase == "staged":
        checks = _checks(f, wellness.brought(ledger))
        if isinstance(checks, Measure | Try | Back):
            return checks
        held += checks
    known = steps.steps(f.told.intent, release.services)
    since, soak = f.since, steps.current(known, release.weight).soak
    ready = since
    if release.weight and f.switching is None:
        ready = max([since + timedelta(seconds=soak), *(one.at for one in soaks.values() if isinstance(one, soaking.Passed))])
        lasting = [one for one in soaks.values() if isinstance(one, soaking.Lasting)]
        if lasting or f.now < ready:
            until = min([one.until for one in lasting] or [ready])
            looks = "".join(f", {one.looks} of {one.needed} looks" for one in lasting[:1])
            return Sleep(until, f"{release.weight}% of the traffic is watched{looks}")
        held += [Held(gate="analysis", verdict="pass", text=f"{n}: {s.text}") for n, s in soaks.items() if isinstance(s, soaking.Passed)]
    step = known[-1] if f.switching and known and release.weight < known[-1].weight else steps.following(known, release.weight)
    before: Before = "shift" if step is not None else "promote"
    let = _let(f, ledger, before, ready)
    if not isinstance(let, list):
        return let
    held += let
    held += [f.switching] if f.switching is not None else []
    held.append(Held(gate="health", verdict="pass", text="all candidates have their pods ready"))
    if step is not None:
        return Act("shift", step.weight, _why(release, soak, f), tuple(held))
    return Act("promote", 100, _why(release, soak, f), tuple(held))


def _why(release: Release, soak: float, f: Facts) -> str:
    if f.switching is not None:
        return f.switching.text
    return f"well at {release.weight}% for {soak:g} s" if release.weight else "staged, and well"


def _promoted(f: Facts, ledger: Ledger, release: Release) -> Action:
    """What was promoted is watched for a while."""
    intent = f.told.intent
    since, bake = f.since, seconds(intent.releases.bake)
    left_open = torn(f.reading)
    if _half_back(f, ledger, release, left_open):
        return _HALF_BACK
    if f.back is not None:
        return Back("update", f"it was to be taken back, and the update for that failed ({f.back})")
    if not can_return(ledger, f):
        if left_open:
            return _restored(left_open, release)
        return Done(f"{_named(release)} is promoted; nobody has watched it, and its old slots are kept no longer")
    soaks = _soaks(f, release, bake)
    first = _ill_or_failed(f, ledger, soaks)
    if first is not None:
        return first
    checks = _checks(f, wellness.brought(ledger))
    if isinstance(checks, Measure | Try | Back):
        return checks
    waiting = _obstacle(f, ledger)
    if left_open and waiting is None:
        return _restored(left_open, release)
    if waiting is not None:
        return waiting
    over = since + timedelta(seconds=bake)
    lasting = [one.until for one in soaks.values() if isinstance(one, soaking.Lasting)]
    if lasting or f.now < over:
        return Sleep(min([*lasting, *([over] if f.now < over else [])]), "what was promoted is watched")
    held = [Held(gate="analysis", verdict="pass", text=f"{n}: {s.text}") for n, s in soaks.items() if isinstance(s, soaking.Passed)]
    return Act("baked", 100, f"well for {bake:g} s with all traffic", (*checks, *held))


def can_return(ledger: Ledger, f: Facts) -> bool:
    """Whether what was live before is still there to go back to, as it was."""
    intent = f.told.intent
    for name, slot in wellness.left(ledger).items():
        record = ledger.services[name]
        service = intent.services.get(name)
        keep = seconds(service.keep) if service is not None else 0.0
        if not record.slots[slot].running or f.now > _at(record.since.at) + timedelta(seconds=max(keep, seconds(intent.releases.bake))):
            return False
    return True


def _soaks(f: Facts, release: Release, bake: float | None = None) -> dict[str, Soak]:
    """What has come of the looks at each service that is measured and has users."""
    intent, ledger = f.told.intent, f.reading.ledger
    soak = steps.current(steps.steps(intent, release.services), release.weight).soak if bake is None else bake
    patience = seconds(intent.releases.patience.metrics)
    found: dict[str, Soak] = {}
    for name in release.services:
        service = intent.services.get(name)
        if service is None or service.analysis is None or ledger is None:
            continue
        if bake is None and not ledger.services[name].weight:
            continue
        found[name] = soaking.judged(service.analysis, f.since, soak, f.now, f.looks.get(name, {}), patience=patience)
    return found


def _ill_or_failed(f: Facts, ledger: Ledger, soaks: Mapping[str, Soak]) -> Action | None:
    """What takes a release back, or must be looked at to know."""
    found = _ills(f, ledger)
    down = next((one for one in found if one.down and _users(f, ledger, one.service, one.slot)), None)
    if down is not None:
        return Back(down.trigger, down.text)
    if found and f.unwell > seconds(f.told.intent.releases.patience.health):
        return Back(found[0].trigger, f"{found[0].text}; not well for {f.unwell:.0f} s of this step")
    for name, soak in soaks.items():
        if isinstance(soak, soaking.Failed):
            return Back("analysis", f"{name}: {soak.text}")
    missing = [(soak.at, name) for name, soak in soaks.items() if isinstance(soak, soaking.Missing)]
    if missing:
        at, name = min(missing)
        return Measure(name, f.since, at)
    return None


def _ills(f: Facts, ledger: Ledger) -> list[wellness.Ill]:
    return [one for name, slot in wellness.brought(ledger).items() if (one := wellness.ill(ledger, f.health, name, slot)) is not None]


def _obstacle(f: Facts, ledger: Ledger) -> Sleep | Back | None:
    """What must be over before anything more happens, though it is no reason to go back yet."""
    found = _ills(f, ledger)
    if found:
        return Sleep(_pulse(f), found[0].text)
    elsewhere = strayed(f.reading, f.traffic)
    if elsewhere:
        text = f"traffic of {', '.join(elsewhere)} isn't where the last update has sent it"
        if f.astray > seconds(f.told.intent.releases.patience.routes):
            return Back("traffic", f"{text}, for {f.astray:.0f} s")
        return Sleep(_pulse(f), text)
    gone = [name for name, slot in wellness.left(ledger).items() if not _ready(f, name, slot)]
    if gone and ledger.under_way is not None:
        return Sleep(_pulse(f), f"what is live of {', '.join(gone)} has no ready pod: there would be no way back")
    return None


def _checks(f: Facts, slots: Mapping[str, Slot]) -> list[Held] | Try | Back:
    """End-to-end checks of what is brought: all of them must have been well."""
    held: list[Held] = []
    for name, slot in slots.items():
        service = f.told.intent.services.get(name)
        check = service.checks.end_to_end if service is not None else None
        if check is None:
            continue
        if name not in f.checks:
            return Try(name, slot, check)
        wrong = f.checks[name]
        if wrong is not None:
            return Back("check", f"the end-to-end check of {name} failed: {wrong}")
        held.append(Held(gate="check", verdict="pass", text=f"{name}: the end-to-end check is well"))
    return held


def _let(f: Facts, ledger: Ledger, before: Before, asked: datetime) -> list[Held] | Action:
    """Whether time and people let the step be taken."""
    gates = f.told.intent.gates
    held = list(passed_by(freezes.standing_in(gates, ledger.frozen, f.now, before), f.override, f.actor, gates))
    shut = [one for one in held if not one.overridden]
    if shut:
        opens = freezes.next_open(gates, ledger.frozen, f.now, before)
        return Sleep(opens or _pulse(f), shut[0].text, on="freeze")
    if not any(before in approval.before for approval in gates.approvals.values()):
        return held
    found = f.approvals.get(before)
    if found is None:
        return Ask(before, asked)
    (word,) = passed_by([found], f.override, f.actor, gates)
    if word.verdict == "pass" or word.overridden:
        return [*held, word]
    return Back("approval", word.text) if word.verdict == "fail" else Sleep(_pulse(f), word.text, on="approval")


def _given(f: Facts, name: str) -> int:
    """What the state says that a service's candidate has of the traffic."""
    ledger = f.reading.ledger
    seen = f.reading.standing.services.get(name)
    if ledger is None or seen is None:
        return 0
    record = ledger.services[name]
    return seen.weights.get(record.candidate, record.weight)


def _users(f: Facts, ledger: Ledger, name: str, slot: Slot) -> int:
    """How much of the traffic a slot has, by the ledger, the state, or the gateways."""
    seen = f.traffic.get(name)
    return max(wellness.users(f.reading, ledger, name, slot), seen.weights.get(slot, 0) if seen is not None else 0)


def _ready(f: Facts, name: str, slot: Slot) -> bool:
    return wellness.pods(f.health, name, slot).ready > 0


def _pulse(f: Facts) -> datetime:
    return f.now + timedelta(seconds=PULSE)


def _at(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def _named(release: Release) -> str:
    return f"{release.kind} {release.id} of {', '.join(_shown(release.services))}"


def _shown(names: Iterable[str]) -> list[str]:
    known = list(names)
    return known if len(known) <= 5 else [*known[:4], f"{len(known) - 4} more"]
