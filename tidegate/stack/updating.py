"""Previews and updates: a private configuration file, the engine's command, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tidegate.model.errors import CancelledError, ConfigurationError, PolicyError, UpdateFailedError
from tidegate.model.events import EVENT
from tidegate.model.told import Preview
from tidegate.policing.planned import changing
from tidegate.stack import failures
from tidegate.stack.listening import EventFile, Heard
from tidegate.stack.masking import Mask
from tidegate.stack.private import folder as private_folder
from tidegate.stack.telling import encrypt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tidegate.model.errors import TidegateError
    from tidegate.model.events import Event
    from tidegate.model.told import Told, Violation
    from tidegate.stack.process import Ended
    from tidegate.stack.records import Asked
    from tidegate.stack.telling import Telling

_MOST: Final = 20
"""Of errors and violations that are told in full."""


def preview(asked: Asked, telling: Telling, told: Told, event: Event, packs: Sequence[Path]) -> Preview:
    """What an update would do. Raises only what keeps it from being found out."""
    heard = Heard(Mask(told.values, asked.environment), planned=changing(packs, told.values.texts))
    return _previewed(_run(asked, telling, told, event, packs, heard, "preview"), heard)


def judge(asked: Asked, salt: str, mask: Mask, packs: Sequence[Path], texts: Mapping[str, str], settings: Path | None) -> Preview:
    """What packs say of the update that the stack's own file asks for, with its event if it has one."""
    heard = Heard(mask, planned=changing(packs, texts))
    with private_folder() as place:
        flags = ["--event-log", str(place / "events"), "--suppress-outputs", *_packs(packs)]
        flags += [flag for _ in packs for flag in ("--policy-pack-config", str(settings)) if settings is not None]
        ended = asked.operate("preview", *flags, salt=salt, look=EventFile(place / "events", heard).look)
    return _previewed(ended, heard)


def _previewed(ended: Ended, heard: Heard) -> Preview:
    if ended.interrupted:
        raise CancelledError("the preview was cancelled; nothing was changed")
    if ended.code and not heard.begun:
        raise failures.failure(ended, heard.mask)
    heard.judge()
    mandatory = any(violation.level == "mandatory" for violation in heard.violations)
    errors = tuple(heard.mask(error) for error in heard.reasons)
    if ended.code and not errors and not mandatory:
        errors = (heard.mask(failures.said(ended)),)
    return Preview(heard.changes, tuple(heard.violations), errors)


def update(
    asked: Asked,
    telling: Telling,
    told: Told,
    event: Event,
    packs: Sequence[Path],
    line: Callable[[str], None],
    look: Callable[[], None],
) -> None:
    """One update; what went wrong is raised."""
    heard = Heard(Mask(told.values, asked.environment), line)
    ended = _run(asked, telling, told, event, packs, heard, "up", "--yes", "--skip-preview", look=look)
    if ended.interrupted:
        how = "all the same it was done" if ended.code == 0 else "what it had begun was seen to its end"
        raise CancelledError(f"the update was cancelled; {how}")
    if ended.code:
        raise _failure(ended, heard)


def message(event: Event) -> str:
    """What the history says of an update: the release, what is done to it, why, and who does it."""
    release, _, _ = (event.expects or "").rpartition(".")[0].rpartition(".")
    what = f"shift to {event.weight}%" if event.kind == "shift" else event.kind
    said = f"{release}: {what}" if release else what
    return f"{said}, by {event.stamp.by}" + (f": {' '.join(event.reason.split())}" if event.reason else "")


def _run(
    asked: Asked,
    telling: Telling,
    told: Told,
    event: Event,
    packs: Sequence[Path],
    heard: Heard,
    *verb: str,
    look: Callable[[], None] = lambda: None,
) -> Ended:
    with private_folder() as place:
        config = telling.write(told, EVENT.dump_json(event, exclude_none=True).decode(), place, encrypt(asked))
        log = EventFile(place / "events", heard)
        flags = ["--config-file", str(config), "--event-log", str(place / "events"), "--message", heard.mask(message(event))]
        flags += _packs(packs)

        def looks() -> None:
            log.look()
            look()

        return asked.operate(*verb, *flags, "--suppress-outputs", salt=telling.salt, look=looks)


def _packs(packs: Sequence[Path]) -> list[str]:
    return [flag for pack in packs for flag in ("--policy-pack", str(pack))]


def _failure(ended: Ended, heard: Heard) -> TidegateError:
    """What an update came to that failed, as whoever called for it has to know it."""
    if not heard.begun:
        return failures.failure(ended, heard.mask)
    texts = heard.reasons or [failures.said(ended)]
    # It comes before anything is changed.
    for text in () if heard.touched else texts:
        refused = failures.refusal(text, heard.mask)
        if refused is not None:
            return refused
    mandatory = [violation for violation in heard.violations if violation.level == "mandatory"]
    if mandatory and not heard.failed:
        return PolicyError(_listed("mandatory policies are violated:", [_violated(violation) for violation in mandatory]))
    wrong = next((text for text in texts if failures.is_configuration(text)), None)
    if wrong is not None and not heard.touched:
        return ConfigurationError(heard.mask(wrong))
    return UpdateFailedError(_listed("the update failed:", [heard.mask(text) for text in texts]))


def _violated(violation: Violation) -> str:
    return f"{violation.pack}: {violation.policy}: {f'{violation.resource}: ' if violation.resource else ''}{violation.message}"


def _listed(head: str, texts: Sequence[str]) -> str:
    told = [text.replace("\n", "\n    ") for text in texts[:_MOST]]
    rest = [f"and {len(texts) - _MOST} more"] if len(texts) > _MOST else []
    return "\n  ".join([head, *told, *rest])
