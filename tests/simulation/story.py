"""A release's whole story, made up from a seed: what is released, what goes wrong when, who meddles, and when the driver is killed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.making import PEOPLE, SHAPES, told
from tests.simulation.pods import GOOD, Manner
from tests.simulation.ports import Death, Killed, Process
from tests.simulation.rules import Broken
from tests.simulation.timeline import Actor, Timeline
from tests.simulation.world import Outage, World, told_again
from tidegate.driver.releases import Releases
from tidegate.driver.results import Ended
from tidegate.model.base import SLOTS
from tidegate.model.errors import BusyError, TidegateError, UnreachableError
from tidegate.model.events import Abort, Apply, Freeze, Pause, Resume, Thaw
from tidegate.model.ledger import Stamp
from tidegate.planner.standing import Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tidegate.model.events import Event
    from tidegate.model.told import Told

END = 40_000.0
MEDDLING = ("abort", "pause", "halt", "resume", "older", "other", "same", "edit", "freeze", "live dies", "live dies", "live blinks")
KINDS = (
    *("bad", "late bad", "absent", "sparse", "gone", "marginal", "blip", "patchy"),
    *("dies", "oom", "flaps", "slow", "never", "blinks", "check"),
)


@dataclass
class Story:
    """What is to happen."""

    shape: str = "one"
    versions: dict[str, str] = field(default_factory=lambda: {"web": "v2"})
    manners: dict[tuple[str, str], Manner] = field(default_factory=dict)
    lag: float = 1.0
    before: tuple[str, ...] = ()
    failures: dict[int, int] = field(default_factory=dict)
    slow: dict[int, float] = field(default_factory=dict)
    """How long the how-manieth updates hang once they have moved users."""
    outages: dict[str, list[Outage]] = field(default_factory=dict)
    people: list[tuple[float, str]] = field(default_factory=list)
    """When somebody does what."""
    deaths: list[Death] = field(default_factory=list)
    away: float = 30.0
    """How long nobody drives after a death."""
    second: float | None = None
    """When a second driver is started."""
    supersede: str = "refuse"
    policies: tuple[str, ...] = ()
    """Mandatory ones that are violated."""
    scanned: frozenset[tuple[str, str]] | None = None
    """Services and versions whose scanners' reports are bad; None: nobody wants reports."""
    hands: list[tuple[float, Callable[[Releases], object]]] = field(default_factory=list)
    """When somebody uses the library, and what for."""


@dataclass
class Outcome:
    """What came of it."""

    world: World
    ended: list[Ended]
    """Of each driver that ended, the last one last."""
    errors: list[TidegateError]

    @property
    def code(self) -> int:
        """The exit code of the first driver that wasn't killed."""
        return self.ended[0].code

    @property
    def live(self) -> dict[str, str]:
        """What is live in the end."""
        ledger = self.world.ledger
        assert ledger is not None
        return {name: record.slots[record.live].version for name, record in ledger.services.items()}

    @property
    def phase(self) -> str:
        """That of the last release."""
        ledger = self.world.ledger
        assert ledger is not None
        assert ledger.release is not None
        return ledger.release.phase


def made_up(seed: int) -> Story:
    """A story, by its seed."""
    r = Random(seed)  # noqa: S311 - a story, not a key
    shape = r.choice(["one", "one", "one", "straight", "straight", "three", "blind", "checked"])
    names = list(SHAPES[shape])
    chosen = r.sample(names, r.randint(1, len(names)))
    story = Story(shape=shape, versions=dict.fromkeys(sorted(chosen), "v2"), lag=r.choice([0.2, 1.0, 3.0]))
    story.away = r.choice([1.0, 30.0, 90.0, 900.0])
    story.manners = {(name, "v2"): _manner(r) for name in chosen if r.random() < 0.5}
    if r.random() < 0.15:
        story.before = r.choice([("promote",), ("shift",), ("stage",), ("shift", "promote")])
    if r.random() < 0.35:
        story.failures = {r.randint(1, 6): r.randint(0, 12) for _ in range(r.randint(1, 3))}
    if r.random() < 0.4:
        story.outages = {what: [_outage(r)] for what in r.sample(["backend", "cluster", "metrics", "lock", "state"], r.randint(1, 2))}
    story.people = _people(r, story.before)
    story.deaths = [_death(r) for _ in range(r.choice([0, 0, 1, 1, 2, 4]))]
    story.second = r.uniform(0.5, 150) if r.random() < 0.2 else None
    story.supersede = "go-back" if r.random() < 0.1 else "refuse"
    if r.random() < 0.1:
        story.scanned = frozenset((name, "v2") for name in names if r.random() < 0.3)
    if r.random() < 0.15:
        story.slow = {r.randint(2, 6): r.uniform(5, 90) for _ in range(r.randint(1, 2))}
    return story


def _outage(r: Random) -> Outage:
    since = r.uniform(0, 200)
    return Outage(since, since + r.choice([5, 30, 60, 30, 200]))


def _people(r: Random, before: tuple[str, ...]) -> list[tuple[float, str]]:
    found = [(r.uniform(2, 220), r.choice(MEDDLING)) for _ in range(r.choice([0, 0, 0, 1, 1, 2, 3]))]
    words = [(r.choice([1.0, r.uniform(2, 250)]), f"{r.choice(['approve', 'approve', 'approve', 'reject'])} {who}") for who in PEOPLE]
    return [*found, *(words if before else [])]


def _death(r: Random) -> Death:
    return Death(
        r.randint(1, 220), after=r.random() < 0.4, within=r.randint(0, 14), orphan=r.random() < 0.3, lock=r.choice([0.0, 0.0, 20.0, 60.0])
    )


def _manner(r: Random) -> Manner:
    kind = r.choice(
        [
            "bad",
            "late bad",
            "absent",
            "sparse",
            "gone",
            "marginal",
            "blip",
            "patchy",
            "dies",
            "oom",
            "flaps",
            "slow",
            "never",
            "blinks",
            "check",
        ]
    )
    match kind:
        case "bad" | "absent" | "sparse" | "gone" | "marginal" | "blip" | "patchy":
            return replace(GOOD, metrics=kind)
        case "late bad":
            return Manner(metrics="bad", bad_from=r.choice([20, 50, 100]))
        case "dies":
            return Manner(dies_at=r.choice([1, 50, 100]), dies_after=r.uniform(0.5, 30), dies_of="health")
        case "oom":
            return Manner(dies_at=r.choice([1, 50]), dies_after=r.uniform(0.5, 30), dies_of="resources")
        case "blinks":
            return Manner(dies_at=r.choice([1, 50]), dies_after=r.uniform(0.5, 30), recovers=r.uniform(1, 20))
        case "flaps":
            return Manner(flaps=r.randint(1, 6))
        case "slow":
            return Manner(ready_after=r.uniform(20, 55))
        case "never":
            return Manner(ready_after=None)
    return Manner(check="it answers 500")


def play(story: Story) -> Outcome:
    """The whole story, to its end; the rules hold at every moment of it."""
    timeline = Timeline(END)
    file = told(story.shape, (), story.before, story.supersede)
    world = World(timeline, file, dict(story.manners), story.lag, dict(story.failures), dict(story.slow))
    world.outages.update(story.outages)
    world.installed()
    old = world.file
    world.violations, world.scanned = story.policies, story.scanned
    for at, act in story.hands:
        person = Actor(partial(_by_hand, act, Releases(Process(world, "driver-by-hand").ports, "somebody")))
        timeline.after(at, person.go_on)
    for at, what in story.people:
        timeline.after(at, partial(_does, world, what, old, story))
    outcome = Outcome(world, [], [])
    try:
        _plays(world, outcome, story)
    except BaseException as error:
        error.add_note("\n".join([str(story), *world.journal]))
        raise
    return outcome


def _plays(world: World, outcome: Outcome, story: Story) -> None:
    timeline, actor = world.timeline, None
    if story.second is not None:
        actor = Actor(partial(_drives, world, outcome, "driver-2", story, []))
        timeline.after(story.second, actor.go_on)
    _drives(world, outcome, "driver-1", story, list(story.deaths))
    while actor is not None and not actor.done:
        timeline.sleep(10.0)
    _settle(world, outcome, story)


def _by_hand(act: Callable[[Releases], object], releases: Releases) -> None:
    act(releases)


def _drives(world: World, outcome: Outcome, name: str, story: Story, deaths: list[Death]) -> None:
    """A pipeline that releases; killed, another goes on."""
    count = 0
    begun = False
    while True:
        process = Process(world, f"{name}.{count}", deaths.pop(0) if deaths else None)
        releases = Releases(process.ports, name)
        count += 1
        try:
            ended = releases.resume() if begun else releases.release(story.versions, reason="a new version")
        except Killed:
            world.note(f"{process.name} is killed")
            world.timeline.sleep(story.away)
            begun = world.ledger is not None and world.ledger.releases > 1
            continue
        except TidegateError as error:
            world.note(f"{process.name} gives up: {error!r}")
            outcome.errors.append(error)
            ended = Ended("", None, str(error), int(error.code))
        else:
            world.note(f"{process.name} ends: {ended}")
            _ends(world, ended, story)
        outcome.ended.append(ended)
        return


def _ends(world: World, ended: Ended, story: Story) -> None:
    """What a driver says in the end is so."""
    ledger = world.ledger
    assert ledger is not None
    if ended.code == 22:
        for name in story.versions:
            record, route = ledger.services[name], world.routes[name]
            if record.weight or route.served.get(record.live) != 100:
                raise Broken(f"it ended as taken back, and {name} has {route.weights} with {record.live} live")
    if bool(ended.left) != (ended.code == 1):
        raise Broken(f"something is left, or it isn't: {ended}")
    if ended.left and not world.incidents:
        raise Broken(f"nobody was called: {ended}")
    if ended.code == 0 and ledger.under_way is not None and ledger.under_way.id == ended.release:
        raise Broken(f"it ended well, and {ledger.under_way.id} is still under way")


def _settle(world: World, outcome: Outcome, story: Story) -> None:
    """All troubles are over, and a scheduled job resumes what is to be resumed: then everything is as the ledger says."""
    last = max([*(one.until for found in world.outages.values() for one in found), *(at for at, _ in story.people)], default=0.0)
    world.timeline.sleep(max(0.0, last - world.timeline.now) + 200.0)
    world.failures.clear()
    for count in range(3):
        try:
            ended = Releases(Process(world, f"driver-job.{count}").ports, "job").resume()
        except TidegateError as error:
            world.note(f"the job gives up: {error!r}")
            outcome.errors.append(error)
        else:
            world.note(f"the job ends: {ended}")
            _ends(world, ended, Story(versions={}))
            if not ended.left:
                break
    world.timeline.sleep(30.0)
    _agrees(world)


def _agrees(world: World) -> None:
    """The ledger, the state, the gateways and the pods say the same."""
    ledger = world.ledger
    assert ledger is not None
    if ledger.under_way is not None:
        raise Broken(f"{ledger.under_way.id} is still under way: {ledger.under_way.phase}, {ledger.under_way.weight}%")
    for name, record in ledger.services.items():
        route = world.routes[name]
        weights = {slot: record.weight_of(slot) for slot in SLOTS}
        if (route.served, route.selected) != (weights, record.live):
            raise Broken(f"{name}: the ledger says {weights} {record.live}, users go {route.served} {route.selected}")
        if not world.standing.get(name, Seen()).agrees(record):
            raise Broken(f"{name}: the ledger says {weights} {record.live}, the state {world.standing[name]}")
        live = world.slots[name, record.live]
        if live.spec != record.slots[record.live].spec:
            raise Broken(f"{name}: the ledger says {record.slots[record.live].version} is live, it is {live.version}")


# People.


def _does(world: World, what: str, old: Told, story: Story) -> None:
    """Somebody does something."""
    verb, _, who = what.partition(" ")
    stamp = Stamp(at=world.timeline.moment.isoformat(), by="somebody")
    if verb in {"approve", "reject"}:
        from tidegate.planner.bringing import brings

        ledger = world.ledger
        assert ledger is not None
        of = (
            ledger.under_way.brings
            if ledger.under_way is not None
            else brings(told_again(old, story.versions).intent, sorted(story.versions, key=list(SHAPES[story.shape]).index))
        )
        world.said += [(who, verb, of, before) for before in story.before]
        world.note(f"{who}: {verb}")
        return
    events: dict[str, tuple[Told, Callable[[], Event]]] = {
        "abort": (world.file, lambda: Abort(stamp=stamp, reason="somebody says so")),
        "pause": (world.file, lambda: Pause(stamp=stamp, reason="somebody wants to look")),
        "halt": (world.file, lambda: Pause(stamp=stamp, reason="somebody goes home")),
        "resume": (world.file, lambda: Resume(stamp=stamp, reason="somebody has looked")),
        "older": (old, lambda: Apply(stamp=stamp)),
        "other": (told_again(old, dict.fromkeys(story.versions, "v3")), lambda: Apply(stamp=stamp)),
        "same": (world.file, lambda: Apply(stamp=stamp)),
        "freeze": (world.file, lambda: Freeze(stamp=stamp, reason="the fair is on")),
    }
    if verb == "edit":
        world.file = told_again(old, dict.fromkeys(story.versions, "v9"))
    elif verb == "live":
        _live_dies(world, story, blinks=who == "blinks")
    else:
        intent, make = events[verb]
        world.timeline.play(_insists(world, intent, make))
        if verb == "pause":
            world.timeline.after(90.0, partial(_does, world, "resume", old, story))
        if verb == "freeze":
            world.timeline.after(60.0, lambda: world.timeline.play(_insists(world, intent, lambda: Thaw(stamp=stamp, reason="it is over"))))


def _insists(world: World, intent: Told, make: Callable[[], Event]) -> Iterator[float]:
    """Somebody's update: tried again while it can't be had, and no more."""
    for _ in range(30):
        try:
            yield from world.updating(intent, make(), "somebody")
        except (BusyError, UnreachableError):
            yield 3.0
        except TidegateError as error:
            world.note(f"somebody gives up: {error}")
            return
        else:
            return


def _live_dies(world: World, story: Story, *, blinks: bool) -> None:
    ledger = world.ledger
    assert ledger is not None
    name = min(story.versions)
    found = world.slots[name, ledger.services[name].live]
    if found.ready:
        epoch = found.epoch
        found.down("health")
        world.note(f"what is live of {name} is down")
        world.timeline.after(10.0 if blinks else 120.0, lambda: found.up() if found.epoch == epoch else None)
