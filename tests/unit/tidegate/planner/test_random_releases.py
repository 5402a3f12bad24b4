"""Thousands of random sequences of events, with updates that fail anywhere: the rules hold at every step, and there is always a way out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.unit.tidegate.planner.world import CANARY, SCALED, World, approval, copied, intended, stamp
from tidegate.model.events import Abort, Apply, Baked, Cleanup, Decide, Freeze, Pause, Promote, Resume, Rollback, Scale, Shift, Stage, Thaw
from tidegate.planner.refusals import Refusal

if TYPE_CHECKING:
    from tidegate.model.events import Event
    from tidegate.model.intent.intent import Intent
    from tidegate.model.ledger import Ledger

SERVICES: dict[str, dict[str, Any]] = {
    "store": {},
    "api": {**CANARY, "depends_on": ["store"]},
    "web": {**SCALED, "traffic": {"kind": "gateway"}, "depends_on": ["api"]},
    "search": {**CANARY, **SCALED, "depends_on": ["store"]},
}
EXTRA = "extra"
names = st.sampled_from(list(SERVICES))
groups = st.sampled_from([("store",), ("web",), ("store", "web"), ("api", "search"), ("search",), tuple(SERVICES)])
versions = st.sampled_from(["v1", "v2", "v3", "v4"])
revisions = {"v1": "one", "v2": "two", "v3": "three", "v4": "three"}
fails = st.one_of(st.none(), st.integers(0, 20))
seeds = st.integers(0, 1000)


class Releases(RuleBasedStateMachine):
    """A stack whose users change their minds, and whose updates fail."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.versions = dict.fromkeys(SERVICES, "v1")
        self.sizes: dict[str, int] = {}
        self.extra = False
        self.contract = False
        self.supersede = "refuse"
        self.hours = 0

    @initialize(demand=st.fixed_dictionaries({"web": st.integers(2, 10), "search": st.integers(2, 10)}), contract=st.booleans())
    def install(self, demand: dict[str, int], *, contract: bool) -> None:
        self.world.demand = demand
        self.contract = contract
        self.world.update(self.intent, self.event(Apply))

    @property
    def intent(self) -> Intent:
        """What the users want at this moment."""
        services = {}
        for name, said in SERVICES.items():
            version = self.versions[name]
            size = {"replicas": self.sizes[name]} if name in self.sizes and "autoscaling" not in said else {}
            migrations = {"revision": revisions[version], "contract": version == "v3"} if self.contract and name == "store" else None
            services[name] = {**said, **size, "version": version, **({"migrations": migrations} if migrations else {})}
        if self.extra:
            services[EXTRA] = {"depends_on": ["store"]}
        return intended(services, releases={"supersede": self.supersede})

    def event(self, kind: Any, *, seen: bool = True, **more: Any) -> Event:
        """An event, an hour after the last."""
        self.hours += 1
        event: Event = kind(stamp=stamp(self.hours), observed=self.world.observed() if seen else {}, **more)
        return event

    def happens(self, event: Event, fails_at: int | None, seed: int) -> None:
        """An update, whatever comes of it."""
        before = self.world.ledger
        assert before is not None
        try:
            plan = self.world.update(self.intent, event, fails_at=fails_at, seed=seed)
        except Refusal:
            return
        after = self.world.ledger
        assert after is not None
        if after is plan.ledger:
            self.check_step(before, after, event)

    def check_step(self, before: Ledger, after: Ledger, event: Event) -> None:
        """What holds from ledger to ledger."""
        self.check_remembered(before, after, event)
        for name, record in after.services.items():
            old = before.services.get(name)
            assert record.slots[record.live].running
            assert (record.slots[record.live].migration or "") not in record.passed
            if old is not None:
                assert set(old.passed) <= set(record.passed)
                if isinstance(event, Rollback) and old.live != record.live:
                    assert record.slots[record.live].spec == old.slots[record.live].spec
                    assert record.rejected == old.slots[old.live].spec
        superseded = self.supersede == "go-back" and before.under_way is not None and after.under_way is None
        if isinstance(event, Apply) and not superseded:
            again = self.world.plan(self.intent, self.event(Apply))
            assert again.ledger == after
            assert again.order == ()

    @staticmethod
    def check_remembered(before: Ledger, after: Ledger, event: Event) -> None:
        """Each step of the release under way is remembered with who took it, once; nothing that was remembered is altered."""
        old, new = before.release, after.release
        assert old is not None
        assert new is not None
        assert event.expects in {None, before.token}
        known = old.taken if old.id == new.id else ()
        assert new.taken[: len(known)] == known
        if new == old:
            assert new.taken == known
        else:
            assert [(one.step, one.kind, one.stamp) for one in new.taken[len(known) :]] == [(new.step, event.kind, event.stamp)]

    @rule(chosen=groups, version=versions, fails_at=fails, seed=seeds, seen=st.booleans())
    def release(self, chosen: tuple[str, ...], version: str, fails_at: int | None, seed: int, *, seen: bool) -> None:
        """Somebody pushes a version of some services."""
        self.versions |= dict.fromkeys(chosen, version)
        self.happens(self.event(Apply, seen=seen), fails_at, seed)

    @rule(weight=st.sampled_from([10, 50, 75, 100]), fails_at=fails, seed=seeds, seen=st.booleans())
    def go_on(self, weight: int, fails_at: int | None, seed: int, *, seen: bool) -> None:
        """What is begun goes on, as far as it is allowed to."""
        for kind, more in ((Shift, {"weight": weight}), (Promote, {}), (Cleanup, {})):
            try:
                event = self.event(kind, seen=seen, **more)
                self.world.plan(self.intent, event)
            except Refusal:
                continue
            self.happens(event, fails_at, seed)
            return

    @rule(how=st.sampled_from(["abort", "rollback", "intent"]), fails_at=fails, seed=seeds, seen=st.booleans())
    def go_back(self, how: str, fails_at: int | None, seed: int, *, seen: bool) -> None:
        """Somebody doesn't like what he sees."""
        if how == "intent":
            ledger = self.world.ledger
            assert ledger is not None
            back = {name: record.slots[record.live if ledger.under_way else record.candidate] for name, record in ledger.services.items()}
            self.versions |= {name: occupant.version for name, occupant in back.items() if name != EXTRA}
            self.happens(self.event(Apply, seen=seen), fails_at, seed)
        else:
            self.happens(self.event(Abort if how == "abort" else Rollback, seen=seen, reason="it is bad"), fails_at, seed)

    @rule(fails_at=fails, seed=seeds, seen=st.booleans())
    def again(self, fails_at: int | None, seed: int, *, seen: bool) -> None:
        """The same intent, again."""
        self.happens(self.event(Apply, seen=seen), fails_at, seed)

    @rule(
        said=st.one_of(
            st.builds(dict, kind=st.sampled_from([Stage, Resume, Cleanup, Promote, Baked])),
            st.builds(dict, kind=st.just(Pause), reason=st.just("lunch")),
            st.builds(dict, kind=st.just(Shift), weight=st.integers(0, 100)),
            st.builds(dict, kind=st.just(Scale), service=names, replicas=st.one_of(st.none(), st.integers(1, 8))),
            st.builds(dict, kind=st.just(Freeze), reason=st.just("peak"), until=st.sampled_from([None, "2026-01-02T00:00:00Z"])),
            st.builds(dict, kind=st.just(Thaw), reason=st.just("it is over")),
            st.builds(dict, kind=st.just(Decide), approval=st.builds(approval, brings=st.sampled_from(["a", "b"]))),
            st.builds(dict, kind=st.sampled_from([Stage, Promote, Abort]), expects=st.just("r1-abcdef.7.staged"), reason=st.just("x")),
            st.builds(
                dict, kind=st.just(Rollback), reason=st.just("it is bad"), to=st.dictionaries(names, versions, min_size=1, max_size=2)
            ),
        ),
        fails_at=fails,
        seed=seeds,
    )
    def anything(self, said: dict[str, Any], fails_at: int | None, seed: int) -> None:
        """Whatever else there is, whether it makes sense or not."""
        self.happens(self.event(**said), fails_at, seed)

    @rule(
        name=names,
        version=versions,
        size=st.integers(1, 6),
        extra=st.booleans(),
        supersede=st.sampled_from(["refuse", "go-back"]),
        what=st.sampled_from(["version", "size", "extra", "supersede"]),
    )
    def another_mind(self, name: str, version: str, size: int, supersede: str, what: str, *, extra: bool) -> None:
        """The intent is edited, and nobody applies it yet."""
        match what:
            case "version":
                self.versions[name] = version
            case "size":
                self.sizes[name] = size
            case "extra":
                self.extra = extra
            case _:
                self.supersede = supersede

    @rule(name=st.sampled_from(["web", "search"]), need=st.integers(2, 10))
    def another_demand(self, name: str, need: int) -> None:
        ledger = self.world.ledger
        if ledger is not None and ledger.under_way is None and not self.torn(self.world):
            self.world.demand[name] = need
            self.world.scale()

    @staticmethod
    def torn(world: World) -> bool:
        """Whether traffic isn't where the ledger says."""
        standing, ledger = world.standing().services, world.ledger
        return ledger is not None and any(not standing[name].agrees(record) for name, record in ledger.services.items())

    @invariant()
    def there_is_a_way_out(self) -> None:
        """From wherever it is, someone who wants to be back and tidy gets there."""
        if self.world.ledger is None:
            return
        world, late = copied(self.world), 24 * 20
        if self.torn(world) or world.ledger is None or world.ledger.under_way is not None:
            self._back(world, late)
        world.update(self.intent, Cleanup(stamp=stamp(late + 24)))
        assert world.ledger is not None
        assert world.ledger.release is not None
        assert world.ledger.release.phase == "settled"
        for name, record in world.ledger.services.items():
            running = world.services[name]
            assert not record.slots[record.candidate].running
            assert running.selected == record.live
            assert running.traffic(record.candidate) == 0

    def _back(self, world: World, hours: int) -> None:
        try:
            world.update(self.intent, Abort(stamp=stamp(hours), observed=world.observed(), reason="enough"))
        except Refusal:
            world.update(self.intent, Rollback(stamp=stamp(hours), observed=world.observed(), reason="enough"))


FEW = settings(max_examples=50, stateful_step_count=20)
MANY = settings(FEW, max_examples=2000, stateful_step_count=30)


def test_a_thousand_random_steps() -> None:
    """Fifty stacks, and what may happen to them."""
    run_state_machine_as_test(Releases, settings=FEW)


@pytest.mark.matrix
@pytest.mark.timeout(1800)
def test_sixty_thousand_random_steps() -> None:
    """Two thousand of them."""
    run_state_machine_as_test(Releases, settings=MANY)
