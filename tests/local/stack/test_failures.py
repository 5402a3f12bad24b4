"""What can go wrong with an update is an error of its own class, says what to do, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.local.stack.place import SECONDS, SECRET, await_, stage
from tidegate.model.errors import (
    AuthenticationError,
    BusyError,
    CancelledError,
    ConfigurationError,
    NoSuchStackError,
    TidegateError,
    UnreachableError,
    UpdateFailedError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.local.stack.place import Place
    from tidegate.model.told import Told
    from tidegate.stack.port import PulumiStack


@pytest.fixture
def told(stack: PulumiStack) -> Told:
    """What the file says."""
    return stack.told({}, {})


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Somebody elsewhere holds the stack."""
    lock = place.backend / ".pulumi" / "locks" / "organization" / "tidegate" / "dev" / "0b8f9f55-6b6c-4b7c-9a4e-6f9cf8a0c3b1.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": 1, "username": "somebody", "hostname": "elsewhere", "timestamp": "2026-01-02T03:04:05Z"}))
    try:
        yield
    finally:
        lock.unlink()


@pytest.fixture
def cli(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Pulumi CLI is on PATH, which must not be started."""
    file = place.folder / "bin" / "pulumi"
    file.parent.mkdir(exist_ok=True)
    file.write_text("#!/bin/sh\nexit 70\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(file.parent), prepend=os.pathsep)


@contextmanager
def moved_away(place: Place) -> Iterator[None]:
    """The backend's folder is not there."""
    elsewhere = place.backend.rename(place.folder / "elsewhere")
    try:
        yield
    finally:
        elsewhere.rename(place.backend)


@contextmanager
def unreadable(place: Place) -> Iterator[None]:
    """The stack's state is where nobody can get at it, no matter who: behind a link that leads to itself."""
    state = place.backend / ".pulumi" / "stacks" / "tidegate" / "dev.json"
    kept = state.rename(place.folder / "dev.json")
    state.symlink_to(state)
    try:
        yield
    finally:
        state.unlink()
        kept.rename(state)


@contextmanager
def wrong_passphrase(_: Place) -> Iterator[None]:
    """The environment has another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "not-the-tides")
        yield


@contextmanager
def no_such_stack(place: Place) -> Iterator[None]:
    """Somebody has removed it."""
    state = place.backend / ".pulumi" / "stacks" / "tidegate" / "dev.json"
    kept = state.rename(place.folder / "dev.json")
    try:
        yield
    finally:
        kept.rename(state)


@pytest.mark.parametrize(
    ("wrong", "error", "says"),
    [
        (locked, BusyError, "the stack is currently locked by 1 lock.*created by somebody@elsewhere"),
        (moved_away, UnreachableError, "unable to open state directory.*PULUMI_BACKEND_URL"),
        (wrong_passphrase, AuthenticationError, "incorrect passphrase"),
        (no_such_stack, NoSuchStackError, "no stack named 'dev' found"),
    ],
)
def test_what_keeps_an_update_from_beginning(place: Place, stack: PulumiStack, told: Told, wrong: object, error: type, says: str) -> None:
    """It is told as what it is; nothing has happened, and the next one goes well."""
    before, history = place.file.read_bytes(), len(stack.past())
    with wrong(place), pytest.raises(error, match=f"(?s){says}") as caught:  # type: ignore[operator]
        stack.update(told, stage(), print)
    assert type(caught.value) is error
    assert SECRET not in str(caught.value)
    assert "tides-of-march" not in str(caught.value)
    assert place.file.read_bytes() == before
    assert len(stack.past()) == history
    assert list(place.temporary.iterdir()) == []
    assert place.locks() == []


@pytest.mark.usefixtures("cli")
@pytest.mark.parametrize("engine", ["embedded", "pulumi"])
def test_whose_lock_it_is(place: Place, monkeypatch: pytest.MonkeyPatch, engine: str) -> None:
    """It is told before anybody wants the lock, whichever engine is chosen: none is started for that."""
    monkeypatch.setenv("TIDEGATE_ENGINE", engine)
    assert place.stack().busy() is None
    with locked(place):
        assert "by somebody@elsewhere" in (place.stack().busy() or "")


@pytest.mark.usefixtures("cli")
def test_whose_lock_it_is_may_be_for_the_cli_alone_to_tell(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that only the CLI gets at is no reason to refuse anything; one that the embedded engine should get at is."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    with pytest.raises(TidegateError, match="the Pulumi Cloud backend"):
        place.stack().busy()
    monkeypatch.setenv("TIDEGATE_ENGINE", "pulumi")
    assert place.stack().busy() is None


@pytest.mark.parametrize(
    ("wrong", "error"), [(moved_away, UnreachableError), (unreadable, UnreachableError), (no_such_stack, NoSuchStackError)]
)
def test_what_keeps_a_stack_from_being_read(place: Place, wrong: object, error: type) -> None:
    """Also in this process; once it is mended, it can be read again."""
    for stack in (place.stack(), place.stack(environment={**os.environ, "ANOTHER": "one"})):
        for ask in (stack.read, stack.past):
            with wrong(place), pytest.raises(error) as caught:  # type: ignore[operator]
                ask()
            assert type(caught.value) is error
            ask()


def test_what_keeps_a_file_from_being_told(place: Place, stack: PulumiStack) -> None:
    """A wrong passphrase, a file that is no YAML, a value that is wrong, no file."""
    before = place.file.read_text()
    with wrong_passphrase(place), pytest.raises(AuthenticationError, match="incorrect passphrase"):
        place.stack().told({}, {})
    try:
        place.file.write_text(before.replace("'v1'", "v 1"))
        with pytest.raises(ConfigurationError, match=r"Pulumi\.dev\.yaml:[0-9]+: tidegate:services\.api\.version"):
            stack.told({}, {})
        place.file.write_text("config: {half a\n")
        with pytest.raises(ConfigurationError, match="no YAML"):
            stack.told({}, {})
        place.file.unlink()
        with pytest.raises(NoSuchStackError, match=r"Pulumi\.dev\.yaml"):
            stack.told({}, {})
    finally:
        place.file.write_text(before)


def test_two_at_once(place: Place, stack: PulumiStack, told: Told) -> None:
    """The second is busy, and says with whom; the first goes on."""
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(stack.update, told, stage("wait"), lambda _: None)
        try:
            place.begun()
            with pytest.raises(BusyError, match=f"pid {place.holder()}"):
                place.stack().update(told, stage(), print)
        finally:
            place.open()
        first.result(SECONDS)
    assert stack.past()[0].event == stage("wait")


def test_an_interrupt_ends_it_in_order(place: Place, stack: PulumiStack, told: Told) -> None:
    """Ctrl-C reaches the engine, which writes what it has and gives the lock back; then it is a cancellation."""
    interrupt = threading.Thread(target=lambda: place.begun(lambda: os.kill(os.getpid(), signal.SIGINT)))
    interrupt.start()
    with pytest.raises(CancelledError, match="the update was cancelled"):
        stack.update(told, stage("wait"), print)
    interrupt.join()
    assert place.locks() == []
    assert stack.past()[0].result == "failed"
    assert list(place.temporary.iterdir()) == []
    stack.update(told, stage(), print)


def test_who_listens_fails(place: Place, stack: PulumiStack, told: Told) -> None:
    """Then the update is ended in order, before anybody hears of that: nothing goes on unseen."""

    def line(_: str) -> None:
        raise BrokenPipeError("nobody reads this any more")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        stack.update(told, stage(), line)
    assert place.locks() == []
    assert list(place.temporary.iterdir()) == []


def test_the_engine_is_killed(place: Place, stack: PulumiStack, told: Told) -> None:
    """It has begun, so how far it came only the state says; the next update goes on from there."""
    killer = threading.Thread(target=lambda: place.begun(lambda: os.kill(place.holder(), signal.SIGKILL)))
    killer.start()
    with pytest.raises(UpdateFailedError, match="the engine was killed"):
        stack.update(told, stage("wait"), print)
    killer.join()
    lines = list[str]()
    stack.update(told, stage(), lines.append)
    assert any("took over the lock of a process that is gone" in line for line in lines)
    assert list(place.temporary.iterdir()) == []


def test_the_driver_is_killed(place: Place, stack: PulumiStack, told: Told) -> None:
    """The update that it began goes on to its end; the file was never touched, and nothing has the secrets in the clear."""
    before = place.file.read_bytes()
    with place.driver("wait") as driver:
        place.begun(driver.kill)
    files = [file for file in place.temporary.rglob("*") if file.is_file()]
    (config,) = (file for file in files if file.name == place.file.name)
    assert [file.stat().st_mode & 0o777 for file in (config, config.parent)] == [0o600, 0o700]
    assert not [file for file in files if SECRET in file.read_text()]
    with pytest.raises(BusyError):
        stack.update(told, stage(), print)
    place.open()
    await_(lambda: not place.locks())
    assert (stack.past()[0].event, stack.past()[0].result) == (stage("wait"), "succeeded")
    assert place.file.read_bytes() == before
    for left in place.temporary.iterdir():
        shutil.rmtree(left)


def test_all_of_it_by_commands(place: Place) -> None:
    """An environment that isn't this process's: the same is known of the stack."""
    inside, asked = place.stack(), place.stack(environment={**os.environ, "ANOTHER": "one"})
    assert asked.told({"web": "v2"}, {}) == inside.told({"web": "v2"}, {})
    assert asked.read() == inside.read()
    (one, other) = (stack.past() for stack in (asked, inside))
    assert [(p.number, p.kind, p.result, p.begun, p.ended, p.message, p.event, p.told) for p in one] == [
        (p.number, p.kind, p.result, p.begun, p.ended, p.message, p.event, p.told) for p in other
    ]
    assert one


def test_an_engine_that_is_not_there(place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The real CLI is asked for, and there is none: a wrong environment."""
    monkeypatch.setenv("TIDEGATE_ENGINE", "pulumi")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TidegateError, match="there is no pulumi CLI on PATH"):
        place.stack().read()
