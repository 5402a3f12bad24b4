"""Laws of the engine, on random programs: what an update ends in, what a preview foretells, what a kill leaves behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from embedded.engine.backend.integrity import verify
from embedded.engine.deploy import executor
from embedded.engine.deploy.options import Options
from embedded.engine.model import events
from embedded.engine.model import urn as urns
from embedded.engine.model.state import Snapshot
from tests.local.engine.deploy.simulation import Cloud, DiedError, Disk, Want, desired, run

if TYPE_CHECKING:
    from tests.local.engine.deploy.simulation import Ran

NAMES = ("a", "b", "c", "d", "e", "f")
# How many resources let one more round of steps be announced: as in a stack of thousands, and as in any other.
ROUNDS = st.sampled_from((1, executor.RESOURCES_PER_ROUND))
LAW = settings(max_examples=60)


@st.composite
def programs(draw: st.DrawFn) -> list[Want]:
    """Programs of up to six resources that refer to earlier ones in every way."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=len(NAMES)))
    wants: list[Want] = []
    for name in names:
        custom = [w.name for w in wants if not w.component]
        boxes = [w.name for w in wants if w.component]
        component = draw(st.integers(0, 5)) == 0
        wants.append(
            Want(
                name=("box-" if component else "") + name,
                size=draw(st.integers(0, 2)),
                kind=draw(st.sampled_from(("k", "k", "l"))),
                source=draw(st.sampled_from(["", *custom])) if not component else "",
                needs=tuple(draw(st.lists(st.sampled_from(custom), unique=True, max_size=2))) if custom else (),
                parent=draw(st.sampled_from(["", *boxes])),
                component=component,
                delete_before_replace=draw(st.booleans()),
            )
        )
    return wants


def live(ran: Ran) -> dict[str, dict[str, object]]:
    """The stack's custom resources by name: their inputs."""
    return {
        urns.name_of(r.urn): r.inputs
        for r in ran.outcome.snapshot.resources
        if r.custom and not r.delete and not urns.is_provider_type(r.type)
    }


def fulfilled(wants: list[Want], ran: Ran) -> dict[str, dict[str, object]]:
    """What the stack should hold now."""
    return desired(wants, {urns.name_of(r.urn): r.id for r in ran.outcome.snapshot.resources if not r.delete})


def inventory(objects: dict[str, dict[str, object]]) -> list[str]:
    """What there is, whatever its names."""
    return sorted(json.dumps(o, sort_keys=True) for o in objects.values())


def is_consistent(snapshot: Snapshot) -> bool:
    """Everything that is referred to stands earlier, and nothing is left to do."""
    verify(snapshot)
    return not snapshot.pending and not any(r.delete or r.pending_replacement for r in snapshot.resources)


@LAW
@given(programs(), programs())
def test_an_update_ends_in_what_the_program_wants(first: list[Want], second: list[Want]) -> None:
    """Up A, up B ends in B: in the state, and in the cloud, whatever A was."""
    cloud = Cloud()
    before = run("update", first, Snapshot(), cloud)
    assert before.outcome.error is None, before.errors
    after = run("update", second, before.outcome.snapshot, cloud)
    assert after.outcome.error is None, after.errors
    assert live(after) == fulfilled(second, after)
    assert inventory(cloud.objects) == inventory(fulfilled(second, after))
    assert is_consistent(after.outcome.snapshot)


@LAW
@given(programs(), programs())
def test_a_second_update_changes_nothing(first: list[Want], second: list[Want]) -> None:
    """An update of what is there already only says «same»."""
    cloud = Cloud()
    base = run("update", first, Snapshot(), cloud).outcome.snapshot
    base = run("update", second, base, cloud).outcome.snapshot
    calls = len(cloud.calls)
    again = run("update", second, base, cloud)
    assert set(again.outcome.changes) <= {"same"}
    assert len(cloud.calls) == calls


@LAW
@given(programs(), programs())
def test_a_preview_foretells_the_update(first: list[Want], second: list[Want]) -> None:
    """A preview changes nothing, and names exactly the steps that the update then takes."""
    cloud = Cloud()
    base = run("update", first, Snapshot(), cloud).outcome.snapshot
    calls = len(cloud.calls)
    foretold = run("preview", second, base, cloud)
    assert len(cloud.calls) == calls
    taken = run("update", second, base, cloud)
    assert foretold.steps == taken.steps
    assert foretold.outcome.changes == taken.outcome.changes


@LAW
@given(programs(), programs(), st.integers(1, 40), st.integers(1, 8), ROUNDS)
def test_a_kill_at_any_write_is_survived(first: list[Want], second: list[Want], at: int, parallel: int, per_round: int) -> None:
    """Killed before any write, the stack's file is whole, names what was under way, and the next update gets to the goal."""
    cloud = Cloud()
    base = run("update", first, Snapshot(), cloud).outcome.snapshot
    disk = Disk(dies_at=at)
    killed = False
    try:
        with mock.patch.object(executor, "RESOURCES_PER_ROUND", per_round):
            run("update", second, base, cloud, disk=disk, options=Options(parallel=parallel))
    except DiedError:
        killed = True
    found = disk.snapshot(base)
    verify(found)
    orphans = _not_in_state(cloud, found)
    named = {urns.name_of(p.resource.urn) for p in found.pending}
    assert {o.rsplit("-", 1)[0] for o in orphans} <= named
    after = run("update", second, found, cloud)
    assert after.outcome.error is None, (killed, after.errors)
    assert live(after) == fulfilled(second, after)
    assert not any(r.delete or r.pending_replacement for r in after.outcome.snapshot.resources)


def _not_in_state(cloud: Cloud, snapshot: Snapshot) -> set[str]:
    return set(cloud.objects) - {r.id for r in snapshot.resources}


@LAW
@given(
    programs(), programs(), st.sets(st.tuples(st.sampled_from(("create", "update", "delete")), st.sampled_from(NAMES)), max_size=3), ROUNDS
)
def test_a_failure_forgets_nothing(first: list[Want], second: list[Want], fail: set[tuple[str, str]], per_round: int) -> None:
    """When the provider refuses some operations, nothing is lost or made twice, and without refusals the goal is reached."""
    cloud = Cloud()
    base = run("update", first, Snapshot(), cloud).outcome.snapshot
    cloud.fail = set(fail)
    with mock.patch.object(executor, "RESOURCES_PER_ROUND", per_round):
        failed = run("update", second, base, cloud)
    assert not _not_in_state(cloud, failed.outcome.snapshot)
    assert not failed.outcome.snapshot.pending
    verify(failed.outcome.snapshot)
    cloud.fail = set()
    after = run("update", second, failed.outcome.snapshot, cloud)
    assert after.outcome.error is None, after.errors
    assert live(after) == fulfilled(second, after)
    assert inventory(cloud.objects) == inventory(fulfilled(second, after))


@LAW
@given(programs(), programs())
def test_a_program_that_fails_deletes_nothing(first: list[Want], second: list[Want]) -> None:
    """What a failed program did not get to say is no wish to be rid of it."""
    cloud = Cloud()
    base = run("update", first, Snapshot(), cloud).outcome.snapshot
    names = {urns.name_of(r.urn) for r in base.resources}
    failed = run("update", second, base, cloud, fails=True)
    assert failed.outcome.error is not None
    assert names <= {urns.name_of(r.urn) for r in failed.outcome.snapshot.resources}
    assert not _not_in_state(cloud, failed.outcome.snapshot)


@LAW
@given(programs())
def test_destroy_leaves_nothing(wants: list[Want]) -> None:
    """Destroy deletes everything, dependents first."""
    cloud = Cloud()
    base = run("update", wants, Snapshot(), cloud).outcome.snapshot
    gone = run("destroy", (), base, cloud)
    assert gone.outcome.error is None, gone.errors
    assert not cloud.objects
    assert not gone.outcome.snapshot.resources
    deleted = [name for operation, name in cloud.calls if operation == "delete"]
    for want in wants:
        for needed in {want.source, *want.needs} - {""}:
            if not want.component:
                assert deleted.index(want.name) < deleted.index(needed)


def test_announced_ahead_is_not_run_ahead() -> None:
    """In a large stack a write announces more steps than may run, so there are fewer writes; still no more than asked for run at a time."""
    wants = [Want(f"n{i}") for i in range(24)]
    writes, announced = {}, {}
    for per_round in (1, executor.RESOURCES_PER_ROUND):
        disk = Disk()
        with mock.patch.object(executor, "RESOURCES_PER_ROUND", per_round):
            ran = run("update", wants, Snapshot(), Cloud(), disk=disk, options=Options(parallel=2))
        assert len(live(ran)) == len(wants)
        running = most = 0
        for event in ran.told:
            if isinstance(event, events.ResourcePre | events.ResourceOutputs) and event.step.op == "create":
                running += 1 if isinstance(event, events.ResourcePre) else -1
                most = max(most, running if event.step.type == "sim:index:Thing" else 0)
        # The stack's own resource is under way from the first registration to the last.
        assert most <= 2 + 1
        writes[per_round] = len(disk.written)
        announced[per_round] = max(len(disk.decoded(data).pending) for data in disk.written)
    # How many steps share a write hangs on how fast the disk is; how many may be announced in one does not.
    assert writes[1] < writes[executor.RESOURCES_PER_ROUND]
    assert announced[executor.RESOURCES_PER_ROUND] == 2
    assert announced[1] > 4 * announced[executor.RESOURCES_PER_ROUND]
