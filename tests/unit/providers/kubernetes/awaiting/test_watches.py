"""Everything that happens to watches, and to the object meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from embedded.providers.kubernetes.awaiting import VanishedError
from embedded.providers.kubernetes.errors import UnreachableError
from tests.unit.providers.kubernetes.awaiting.fakes import FakeCluster, always, refusal, wait
from tests.unit.providers.kubernetes.awaiting.objects import condition, obj, pod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from tests.unit.providers.kubernetes.awaiting.fakes import Outcome
    from tests.unit.providers.kubernetes.awaiting.objects import Obj

NEW = pod(name="web", conditions=[condition("PodScheduled"), condition("Initialized")])
READY = pod(name="web")


def ready_at(cluster: FakeCluster, seconds: float) -> tuple[float, Callable[[], object]]:
    """The pod gets ready then."""
    return seconds, lambda: cluster.put(READY)


@pytest.mark.parametrize("happens", [FakeCluster.drop, FakeCluster.expire], ids=["dropped", "expired"])
def test_a_lost_watch_is_taken_up(happens: Callable[[FakeCluster], None]) -> None:
    """What happened while nobody watched is not missed, and it isn't waited for long."""
    cluster = FakeCluster(NEW)

    def lose_and_change() -> None:
        happens(cluster)
        cluster.put(READY)

    outcome = wait(cluster, NEW, [(1, lambda: happens(cluster)), (2, lose_and_change)])
    assert outcome.live
    assert 2 <= outcome.seconds < 2.5
    assert cluster.asked("LIST", "pods") == (1 if happens is FakeCluster.drop else 3)


def test_a_dropped_watch_goes_on_where_it_ended() -> None:
    """Nothing is listed again, and what was said isn't said again."""
    cluster = FakeCluster(NEW)
    outcome = wait(cluster, NEW, [*((float(second), cluster.drop) for second in range(1, 60)), ready_at(cluster, 60)])
    assert (cluster.asked("LIST", "pods"), cluster.asked("WATCH", "pods")) == (1, 60)
    assert outcome.said == [f'info: Waiting for Pod "shop/web" to be {stage}' for stage in ("scheduled", "initialized", "ready")]


def test_watches_that_end_at_once_are_not_hammered() -> None:
    """The pauses between tries grow to five seconds."""
    cluster = FakeCluster(NEW)
    cluster.refuse["WATCH", "pods"] = always(refusal(500))
    outcome = wait(cluster, NEW, [ready_at(cluster, 300)], timeout=100)
    assert 20 < cluster.asked("WATCH", "pods") < 30
    assert outcome.reasons == ["'web' timed out waiting to be Ready", "could not read the object: no"]


@pytest.mark.parametrize(
    ("verb", "error"),
    [("LIST", UnreachableError("no route")), ("WATCH", UnreachableError("no route")), ("LIST", refusal(503)), ("WATCH", refusal(429))],
)
def test_trouble_that_passes_is_waited_out(verb: str, error: Exception) -> None:
    """A server that is away for a while doesn't make an update fail."""
    cluster = FakeCluster(NEW)
    cluster.refuse[verb, "pods"] = [error] * 4
    outcome = wait(cluster, NEW, [ready_at(cluster, 1)])
    assert outcome.live
    assert outcome.seconds < 3
    assert not told_for_good(outcome)


def told_for_good(outcome: Outcome) -> list[str]:
    """What stays on the screen."""
    return [said for said in outcome.said if said.partition(":")[0].endswith("!")]


class Hanging(FakeCluster):
    """Takes requests and answers none, as long as it hangs."""

    def __init__(self, verb: str) -> None:
        super().__init__(NEW)
        self.verb, self.mended = verb, asyncio.Event()

    async def list(self, path: str, params: Mapping[str, str]) -> Obj:
        if self.verb == "LIST":
            await self.mended.wait()
        return await super().list(path, params)

    async def watch(self, path: str, params: Mapping[str, str], opened: Callable[[], None]) -> AsyncIterator[tuple[str, Obj]]:
        if self.verb == "WATCH":
            await self.mended.wait()
        async for event in super().watch(path, params, opened):
            yield event


def refusing(verb: str, error: Exception) -> FakeCluster:
    """A cluster that refuses, as long as nobody mends it."""
    cluster = FakeCluster(NEW)
    cluster.refuse[verb, "pods"] = [error] * 1000
    return cluster


@pytest.mark.parametrize("verb", ["LIST", "WATCH"])
@pytest.mark.parametrize(
    ("error", "why"),
    [(None, "nothing for 10 s"), (UnreachableError("no route"), "no route"), (refusal(503, "overloaded"), "overloaded")],
    ids=["hangs", "unreachable", "503"],
)
@pytest.mark.parametrize("gone", [False, True], ids=["ready", "gone"])
def test_a_server_that_does_not_answer_is_told_of(verb: str, error: Exception | None, why: str, *, gone: bool) -> None:
    """Once when it has lasted, and once when it is over: the user knows that it isn't the object that is slow."""
    cluster = Hanging(verb) if error is None else refusing(verb, error)

    def mend() -> None:
        cluster.refuse.clear()
        if isinstance(cluster, Hanging):
            cluster.mended.set()

    end = (lambda: cluster.remove(NEW)) if gone else (lambda: cluster.put(READY))
    outcome = wait(cluster, NEW, [(100, mend), (120, end)], gone=gone)
    assert outcome.error is None
    assert told_for_good(outcome) == [
        f"warning!: the API server doesn't answer: {why}; still waiting",
        "info!: the API server answers again",
    ]


def test_a_quiet_watch_is_no_silence() -> None:
    """Nothing happens for long, and nothing is wrong."""
    assert not told_for_good(wait(FakeCluster(NEW), NEW, timeout=400))


def test_a_server_that_never_answers_is_named_in_the_timeout() -> None:
    """With how long it has been silent."""
    assert wait(Hanging("LIST"), NEW, timeout=60).reasons == [
        "'web' timed out waiting to be Ready",
        "could not read the object: no answer for 60 s",
    ]


def test_a_server_that_stays_away_is_named_in_the_timeout() -> None:
    """The reasons tell a dead server from a slow pod."""
    cluster = FakeCluster(NEW)
    cluster.refuse["LIST", "pods"] = [UnreachableError("no route")] * 1000
    assert wait(cluster, NEW).reasons == ["'web' timed out waiting to be Ready", "could not read the object: no route"]


@pytest.mark.parametrize("verb", ["LIST", "WATCH"])
@pytest.mark.parametrize("code", [403, 405])
def test_without_a_right_to_watch_the_object_is_looked_at_again_and_again(verb: str, code: int) -> None:
    """Rights to get one object are enough for waiting for it."""
    cluster = FakeCluster(NEW)
    cluster.refuse[verb, "pods"] = always(refusal(code))
    outcome = wait(cluster, NEW, [ready_at(cluster, 7.5)])
    assert outcome.live
    assert outcome.seconds == 8


@pytest.mark.parametrize("error", [UnreachableError("no route"), refusal(503)])
def test_trouble_while_looking_again_is_waited_out(error: Exception) -> None:
    """As with lists and watches."""
    cluster = FakeCluster(NEW)
    cluster.refuse["LIST", "pods"] = always(refusal(403))
    cluster.refuse["GET", "pods"] = [error] * 3
    assert wait(cluster, NEW, [ready_at(cluster, 2)]).seconds == 3


def test_looking_again_shows_that_the_object_is_gone() -> None:
    """A 404 says it as well as a list."""
    cluster = FakeCluster(NEW)
    cluster.refuse["LIST", "pods"] = always(refusal(403))
    assert isinstance(wait(cluster, NEW, [(2.5, lambda: cluster.remove(NEW))]).error, VanishedError)


@pytest.mark.parametrize("gone", [False, True])
def test_without_a_right_to_look_there_is_no_waiting(gone: bool) -> None:
    """The error says what would help, for creation and deletion alike."""
    cluster = FakeCluster(NEW)
    for verb in ("LIST", "GET"):
        cluster.refuse[verb, "pods"] = always(refusal(403, "pods is forbidden"))
    outcome = wait(cluster, NEW, gone=gone)
    assert outcome.reasons[0] == "'web' can't be awaited: could not read the object: pods is forbidden"
    assert outcome.seconds == 0


def test_a_server_without_versions_is_listed_again() -> None:
    """Nothing to go on from: the pauses grow to five seconds."""

    class Unversioned(FakeCluster):
        async def list(self, path: str, params: Mapping[str, str]) -> Obj:
            return await super().list(path, params) | {"metadata": {}}

    cluster = Unversioned(NEW)
    cluster.refuse["WATCH", "pods"] = always(refusal(410))
    assert wait(cluster, NEW, [ready_at(cluster, 20)]).error is None
    assert 5 < cluster.asked("LIST", "pods") < 12


def test_a_stale_object_is_no_answer() -> None:
    """A generation from before the write says nothing about it, however it comes."""
    written = obj("apps/v1", "DaemonSet", metadata={"generation": 2})
    old = {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1, "numberReady": 1}
    stale = obj("apps/v1", "DaemonSet", metadata={"generation": 1}, status=old | {"observedGeneration": 1})
    cluster = FakeCluster(stale)
    fresh = obj("apps/v1", "DaemonSet", metadata={"generation": 2}, status=old | {"observedGeneration": 2})
    outcome = wait(cluster, written, [(1, lambda: cluster.change(stale, status={"x": 1})), (2, lambda: cluster.put(fresh))])
    assert outcome.seconds == 2
    assert outcome.live
    assert outcome.live["metadata"]["generation"] == 2


def remake(cluster: FakeCluster) -> None:
    """Somebody replaces the pod by one of the same name."""
    other = {**READY, "metadata": {**READY["metadata"], "uid": "another"}}
    cluster.remove(NEW)
    cluster.put(other)


def expire_and_remake(cluster: FakeCluster) -> None:
    """The same while the watch is lost."""
    cluster.expire()
    remake(cluster)


def expire_and_remove(cluster: FakeCluster) -> None:
    """It goes while the watch is lost."""
    cluster.expire()
    cluster.remove(NEW)


@pytest.mark.parametrize(
    "happens",
    [
        lambda cluster: cluster.remove(NEW),
        remake,
        expire_and_remake,
        expire_and_remove,
    ],
    ids=["deleted", "replaced", "replaced while unwatched", "deleted while unwatched"],
)
def test_an_object_that_somebody_deletes_is_missed(happens: Callable[[FakeCluster], object]) -> None:
    """Waiting ends at once, and another object of that name isn't taken for it."""
    cluster = FakeCluster(NEW)
    outcome = wait(cluster, NEW, [(1, lambda: happens(cluster))])
    assert isinstance(outcome.error, VanishedError)
    assert outcome.reasons == ["'web' was deleted while it was awaited"]
    assert outcome.seconds < 2


def test_an_object_that_is_gone_before_anybody_looks_is_missed() -> None:
    """The list doesn't have it."""
    assert isinstance(wait(FakeCluster(), NEW).error, VanishedError)


def test_its_kind_may_go_too() -> None:
    """A collection that isn't there has no objects."""
    cluster = FakeCluster(NEW)
    cluster.refuse["LIST", "pods"] = [refusal(404)]
    assert isinstance(wait(cluster, NEW).error, VanishedError)


def test_cancelling_ends_the_wait_and_keeps_what_is_known() -> None:
    """The object exists: it is remembered, with why it wasn't ready."""
    outcome = wait(FakeCluster(NEW), NEW, cancel_after=3)
    assert outcome.seconds == 3
    assert outcome.reasons == ['Resource operation was cancelled for "web"']
    assert outcome.error
    assert outcome.error.live["status"] == NEW["status"]


def test_the_live_object_says_what_it_is() -> None:
    """Items of a list don't; the state needs it."""
    outcome = wait(FakeCluster(READY), NEW)
    assert outcome.live
    assert (outcome.live["apiVersion"], outcome.live["kind"]) == ("v1", "Pod")


def test_warnings_about_the_object_are_passed_on() -> None:
    """Only warnings, only its own, each once."""
    cluster = FakeCluster(NEW)

    def event(name: str, uid: str, type_: str) -> Obj:
        about = {"involvedObject": {"uid": uid}, "type": type_, "reason": "Failed", "message": f"{name} failed"}
        return obj("v1", "Event", name, **about)

    mine = NEW["metadata"]["uid"]
    cluster.put(event("a", mine, "Warning"), event("b", "else", "Warning"))
    later = [event("c", mine, "Normal"), event("d", mine, "Warning"), event("a", mine, "Warning")]
    outcome = wait(cluster, NEW, [(1, lambda: cluster.put(*later)), ready_at(cluster, 2)])
    assert [line for line in outcome.said if line.startswith("warning")] == ["warning: Failed: a failed", "warning: Failed: d failed"]
