"""What goes wrong is the exception that the SDK has for it, with a text that says what happened."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation

from tests.local.automation.place import PROJECT, Heard, plain, resources
from tests.local.automation.toys import Thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.automation.place import Place

# When a task of the program ends badly while the SDK cancels it, the SDK does not come to closing its event loop.
pytestmark = [
    pytest.mark.usefixtures("collected"),
    pytest.mark.filterwarnings("ignore:unclosed (event loop|<socket):ResourceWarning"),
]

_WAIT = 60.0


def _raises() -> None:
    Thing("a")
    raise ValueError("this is wrong")


def _run_error() -> None:
    raise pulumi.RunError("this is wrong")


async def _awaits() -> None:
    raise ValueError("this is wrong")


def _fails_to_create() -> None:
    broken = Thing("broken", fail="create")
    Thing("after", of=broken.made)
    Thing("beside")


def _fails_the_check() -> None:
    Thing("broken", size="wrong")


_INLINE = (
    (_raises, automation.InlineSourceRuntimeError, "this is wrong"),
    (_awaits, automation.InlineSourceRuntimeError, "this is wrong"),
    (_run_error, automation.errors.RuntimeError, "this is wrong"),
    (_fails_the_check, automation.CommandError, "size must be a number"),
)


@pytest.mark.parametrize(("program", "error", "text"), _INLINE)
def test_an_inline_program_fails(place: Place, program: Callable[[], None], error: type[Exception], text: str) -> None:
    """What an inline program raises ends the preview and the update with the SDK's error, and is an event."""
    stack = place.inline(program)
    heard = Heard()
    with pytest.raises(error, match=text) as caught:
        stack.preview()
    assert type(caught.value) is error
    with pytest.raises(error, match=text) as caught:
        stack.up(on_event=heard.append)
    assert type(caught.value) is error
    assert heard.complete
    assert text in heard.said("error")
    assert stack.history()[0].result == "failed"


_LOCAL = (
    ("raise ValueError('this is wrong')\n", automation.errors.RuntimeError, "ValueError: this is wrong"),
    ("def this is wrong\n", automation.errors.RuntimeError, "SyntaxError: "),
    ("import pulumi\nraise pulumi.RunError('this is wrong')\n", automation.errors.RuntimeError, "this is wrong"),
    ("import sys\nsys.exit(3)\n", automation.errors.RuntimeError, "exited with non-zero exit code: 3"),
    ("import nothing_of_that_name\n", automation.errors.RuntimeError, "No module named 'nothing_of_that_name'"),
)


@pytest.mark.parametrize(("source", "error", "text"), _LOCAL)
def test_a_local_program_fails(place: Place, source: str, error: type[Exception], text: str) -> None:
    """What a local program raises ends the update with the SDK's error."""
    stack = place.local(source)
    heard = Heard()
    with pytest.raises(error, match=text) as caught:
        stack.up(on_event=heard.append)
    assert type(caught.value) is error
    assert heard.complete
    assert stack.history()[0].result == "failed"


@pytest.mark.parametrize(("goes_on", "made"), [(None, {"beside"}), (True, {"beside"})])
def test_a_resource_fails(place: Place, goes_on: bool | None, made: set[str]) -> None:
    """A provider's error ends the update; what needs the resource is not made, what was made is kept in the state."""
    stack = place.inline(_fails_to_create)
    heard = Heard()
    with pytest.raises(automation.CommandError, match="create was refused") as caught:
        stack.up(continue_on_error=goes_on, on_event=heard.append)
    assert type(caught.value) is automation.CommandError
    assert heard.complete
    assert heard.failed() == {"broken"}
    assert "after" not in {name for _, name in heard.steps()}
    assert set(resources(stack)) <= made


def test_what_follows_a_failure_mends_it(place: Place) -> None:
    """After a failed update the next one makes what was missing."""
    faults: dict[str, Any] = {"fail": "create"}

    def program() -> None:
        thing = Thing("a", **faults)
        pulumi.export("made", thing.made)

    stack = place.inline(program)
    with pytest.raises(automation.CommandError):
        stack.up()
    faults.clear()
    result = stack.up()
    assert plain(result.outputs) == {"made": "a/None"}
    assert [s.result for s in stack.history()] == ["succeeded", "failed"]


def test_nothing_is_where_the_project_should_be(place: Place) -> None:
    """A folder without a project file is an error that names the file."""
    with pytest.raises(automation.CommandError, match=r"no Pulumi\.yaml project file found"):
        automation.create_stack("dev", work_dir=str(place.work()), opts=place.options())


def test_two_updates_at_once(place: Place) -> None:
    """While an update runs, another of the same stack is refused as a concurrent one, and a preview is not."""
    running, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        running.set()
        may_end.wait(_WAIT)
        pulumi.export("said", "slow")

    def quick() -> None:
        pulumi.export("said", "quick")

    stack = place.inline(slow)
    other = automation.select_stack("dev", project_name=PROJECT, program=quick, opts=place.options(work_dir=stack.workspace.work_dir))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stack.up)
        try:
            assert running.wait(_WAIT)
            with pytest.raises(automation.ConcurrentUpdateError, match="the stack is currently locked by 1 lock"):
                other.up()
            with pytest.raises(automation.ConcurrentUpdateError):
                other.destroy()
            assert other.preview().change_summary == {"create": 1}
        finally:
            may_end.set()
        assert plain(first.result(_WAIT).outputs) == {"said": "slow"}
    assert plain(other.up().outputs) == {"said": "quick"}


def test_cancel_breaks_the_lock_of_a_lost_update(place: Place) -> None:
    """A lock that a process on another machine left stops updates until `cancel` breaks it."""
    stack = place.inline(lambda: pulumi.export("said", "yes"))
    lock = place.backend / ".pulumi" / "locks" / "organization" / PROJECT / "dev" / "0b8f9f55-6b6c-4b7c-9a4e-6f9cf8a0c3b1.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": 1, "username": "somebody", "hostname": "elsewhere", "timestamp": "2026-01-02T03:04:05Z"}))
    with pytest.raises(automation.ConcurrentUpdateError, match="created by somebody@elsewhere"):
        stack.up()
    stack.cancel()
    assert not lock.exists()
    assert plain(stack.up().outputs) == {"said": "yes"}
