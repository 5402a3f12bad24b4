"""Updates that end half-way, by an error or with the engine: the users are served, and every way from there leads somewhere good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from embedded.cluster.faults.rules import Rule, Where
from tests.local.cluster.matrix import recorded
from tests.local.program.stack import USERS, WRITES, event, place, shop

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.cluster.faults.requests import Request
    from tests.local.program.stack import Place

V1, V2, V3 = shop(), shop("v2", "v2"), shop("v3", "v3")
C1, C2 = (
    shop(v, v, canary=True, more={"api": {"strategy": "canary", "steps": [{"weight": 100}], "traffic": {"kind": "gateway", "host": "api"}}})
    for v in ("v1", "v2")
)
# What fails in the middle of the flips, `api` first and then `web`.
SPOTS: Final = [("services", "web"), ("httproutes", "web"), ("services", "api"), ("deployments", "web-green")]


def refuse(resource: str, name: str) -> Rule:
    """The cluster doesn't let it be changed."""
    return Rule("403", Where(verb="patch", resource=resource, name=name))


def served_by(version: str) -> dict[str, set[str]]:
    """All users are answered by one version."""
    return {name: {version} for name in USERS}


@pytest.mark.parametrize(
    ("resource", "name"), [pytest.param(*spot, id="-".join(spot), marks=[pytest.mark.matrix] if spot != SPOTS[0] else []) for spot in SPOTS]
)
@pytest.mark.parametrize("then", ["back", "another", *(pytest.param(then, marks=pytest.mark.matrix) for then in ("finish", "abort"))])
def test_flips_that_stop_half_way(there: Place, resource: str, name: str, then: str) -> None:
    """The same intent finishes them, the older one or an abort goes back, and a third is refused while traffic isn't where it belongs."""
    there.install(V1)
    there.fault(refuse(resource, name))
    there.up(V2).failed(name, "fault")
    torn = there.selected("api") == "green"
    assert torn == (resource != "deployments" and name == "web")
    assert there.live("api") == "v1"
    there.mend()
    match then:
        case "finish":
            there.up(V2).well()
            assert there.serving() == served_by("v2")
            there.settled(V2)
        case "back":
            there.up(V1).well()
            assert there.serving() == served_by("v1")
            there.settled(V1)
        case "another" if torn:
            there.refused(V3, "[unfinished-move]")
            assert there.serving()["api"] == {"v2"}
            there.up(V2).well()
            there.up(V3).well()
            assert there.serving() == served_by("v3")
        case "another":
            there.up(V3).well()
            assert there.serving() == served_by("v3")
        case "abort" if torn:
            there.up(V2, event("abort", reason="stuck")).well()
            assert there.serving() == served_by("v1")
            there.settled(V2)
        case _:
            there.refused(V2, "[no-release]", happens=event("abort", reason="stuck"))


STEP, ABORT = event("shift", weight=50), event("abort", reason="errors")


@pytest.mark.parametrize(
    ("fails", "then", "api", "web"),
    [
        (STEP, STEP, 50, 50),
        pytest.param(STEP, ABORT, 0, 0, marks=pytest.mark.matrix),
        (STEP, None, 0, 0),
        pytest.param(ABORT, ABORT, 0, 0, marks=pytest.mark.matrix),
        pytest.param(STEP, event("shift", weight=100), 100, 100, marks=pytest.mark.matrix),
    ],
    ids=["step-step", "step-abort", "step-up", "abort-abort", "step-next"],
)
def test_a_step_that_stops_half_way(there: Place, fails: Any, then: Any, api: int, web: int) -> None:
    """One of two canaries has moved: the same step finishes it, abort takes it back, and a plain update gives no more than both have."""
    there.install(C1)
    there.up(C2).well()
    if fails is ABORT:
        there.up(C2, STEP).well()
    there.fault(refuse("httproutes", "web" if fails is STEP else "api"))
    there.up(C2, fails).failed("fault")
    assert there.weights("api") != there.weights("web")
    there.mend()
    there.up(C2, then).well()
    assert (there.weights("api")["green"], there.weights("web")["green"]) == (api, web)
    there.settled(C2)
    there.answered()


@pytest.mark.parametrize("handled", [pytest.param(False, marks=pytest.mark.matrix), True], ids=["before", "after"])
@pytest.mark.parametrize("then", [pytest.param("finish", marks=pytest.mark.matrix), "back"])
def test_an_engine_that_is_killed_between_two_flips(there: Place, then: str, *, handled: bool) -> None:
    """The cluster is ahead of the state: the next update leads on or back all the same, and nothing is pending then."""
    there.install(V1)
    with there.dying(lambda r: (r.verb, r.resource, r.name) == ("apply", "services", "web"), handled=handled):
        there.up(V2)
    assert there.selected("api") == "green"
    assert there.selected("web") == ("green" if handled else "blue")
    wanted, version = (V2, "v2") if then == "finish" else (V1, "v1")
    # What the cluster did and the state doesn't know of, a refresh finds out.
    there.stack.refresh().well()
    there.up(wanted).well()
    there.settled(wanted)
    assert there.serving() == served_by(version)


@pytest.mark.matrix
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("then", ["finish", "back"])
@pytest.mark.parametrize("handled", [False, True], ids=["before", "after"])
def test_an_engine_that_is_killed_anywhere(tmp_path: Path, then: str, *, handled: bool) -> None:
    """At each write of a release: no request fails, and the next update gets to the goal."""
    with place(tmp_path / "count") as there:
        there.install(V1)
        writes = [r.subject for r in recorded(there.cluster, lambda: there.up(V2).well()) if r.verb in WRITES and not r.subresource]
    assert writes
    wanted, version = (V2, "v2") if then == "finish" else (V1, "v1")
    for number, subject in enumerate(dict.fromkeys(writes)):

        def meant(request: Request, subject: object = subject) -> bool:
            return bool(request.subject == subject)

        with place(tmp_path / str(number)) as there:
            there.install(V1)
            with there.dying(meant, handled=handled):
                there.up(V2)
            there.stack.refresh().well()
            there.up(wanted).well()
            there.settled(wanted)
            assert there.serving() == served_by(version), subject
