"""The port `Teller`: whoever the intent names is told what happens, and called when a person must see to something.

Nobody is waited for: messages go out in threads of their own, one for each who is told, in order. What can't be told is a warning, and
never a reason for a release to fail. A driver tells the same thing once; one that takes over from another may tell it again, with the same
identity (`wording.identity`), by which webhooks and mail programs know it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

from tidegate.record.incidents import CALLERS
from tidegate.record.posting import UntoldError
from tidegate.record.secrets import Secrets
from tidegate.record.senders import SENDERS
from tidegate.record.wording import identity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from typing import Self

    from tidegate.model.asking import Asks
    from tidegate.model.happening import Happening
    from tidegate.model.intent.notifications import Incident, Notification
    from tidegate.model.told import Told

T = TypeVar("T")
_LAST_WORDS: Final = 15.0
"""Seconds that those who are still being told have in the end."""


class Tellers:
    """All who are told of a stack's releases."""

    def __init__(
        self,
        told: Told,
        ask: Asks | None = None,
        *,
        hear: Callable[[Happening], None] = lambda _: None,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`hear` hears everything, at once: the terminal. `warn` hears who couldn't be told, from other threads; `ask` asks the cluster."""
        self._intent, self._secrets, self._hear, self._warn = told.intent, Secrets(told, ask), hear, warn
        self._told: set[str] = set()
        self._open: dict[tuple[str, str], str] = {}
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._under_way: set[Future[None]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, happening: Happening) -> None:
        """Tell it to all who want to know."""
        # Whoever has closed the terminal hears nothing more.
        with suppress(OSError, ValueError):
            self._hear(happening)
        who = {name: one for name, one in self._intent.notifications.items() if happening.kind in one.events}
        key = identity(happening)
        if not who or key in self._told:
            return
        self._told.add(key)
        for name, notification in who.items():
            thread = self._threads.setdefault(name, ThreadPoolExecutor(1, f"tidegate-tells-{name}"))
            future = thread.submit(self._send, name, notification, happening)
            self._under_way.add(future)
            future.add_done_callback(self._under_way.discard)

    def incident(self, happening: Happening) -> str | None:
        """Call all who are to be called; where the incidents are, if anybody took one."""
        where = [self._call(name, one, happening) for name, one in self._intent.incidents.items()]
        return ", ".join(found for found in where if found is not None) or None

    def close(self) -> None:
        """Wait a little for those who are still being told."""
        late = wait(list(self._under_way), timeout=_LAST_WORDS).not_done
        for thread in self._threads.values():
            thread.shutdown(wait=not late, cancel_futures=True)
        self._threads.clear()
        if late:
            self._warn(f"{len(late)} messages couldn't be sent in time")

    def _send(self, name: str, notification: Notification, happening: Happening) -> None:
        self._try(
            f"{name} ({notification.kind}) couldn't be told of `{happening.kind}`",
            lambda: SENDERS[notification.kind](self._secrets.of(notification.secret), happening, self._environment),
        )

    def _call(self, name: str, incident: Incident, happening: Happening) -> str | None:
        key = (name, happening.release or happening.at)
        if key not in self._open:
            values: Callable[[], Mapping[str, str]] = lambda: self._secrets.of(incident.secret)  # noqa: E731 - looked up where it may fail
            found = self._try(
                f"{name} ({incident.kind}) couldn't be called",
                lambda: CALLERS[incident.kind](incident, values(), happening, self._environment),
            )
            if found is None:
                return None
            self._open[key] = found
        return self._open[key]

    def _try(self, what: str, do: Callable[[], T]) -> T | None:
        try:
            return do()
        except UntoldError as error:
            self._warn(f"{what}: {error}")
        except KeyError as error:
            self._warn(f"{what}: its set of secrets has no {error.args[0]}")
        except Exception as error:  # noqa: BLE001 - whatever it is, the release goes on; its text may name secrets
            self._warn(f"{what}: {type(error).__name__}")
        return None

    @property
    def _environment(self) -> str:
        return self._intent.environment.name
