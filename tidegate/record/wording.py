"""What people are told of a happening: what, where, who, why, and what to do."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegate.model.happening import Happening, Kind

_TITLES: Final[Mapping[Kind, str]] = {
    "started": "a release begins",
    "step": "a release takes a step",
    "waiting": "a release waits",
    "paused": "a release is paused",
    "resumed": "a release goes on",
    "promoted": "a release is live",
    "rolled-back": "a release was taken back",
    "failed": "a release has failed",
    "finished": "a release is done",
    "warning": "a release has trouble",
}
_WHERE: Final = "Where it is: `tidegate status --stack {stack}`."
_TO_DO: Final[Mapping[Kind, str]] = {
    "waiting": f"{_WHERE} Whoever may, says yes with `tidegate approve --stack {{stack}}`.",
    "paused": "`tidegate resume --stack {stack}` goes on, `tidegate abort --stack {stack} --reason TEXT` takes it back.",
    "rolled-back": "Users are served by what was live before. Why: `tidegate history --stack {stack} --release {release}`.",
    "failed": _WHERE,
    "warning": _WHERE,
}
_INCIDENT: Final = (
    "Somebody must see to it: `tidegate status --stack {stack}` says what is left, `tidegate resume --stack {stack}` tries again."
)


@dataclass(frozen=True, slots=True)
class Message:
    """A happening in words."""

    title: str
    lines: tuple[str, ...]
    to_do: str

    @property
    def text(self) -> str:
        """All but the title."""
        return "\n".join((*self.lines, *([self.to_do] if self.to_do else [])))


def message(happening: Happening, environment: str, *, incident: bool = False) -> Message:
    """What people read."""
    release = happening.release or "the last release"
    title = "a release needs a person" if incident else _TITLES.get(happening.kind, happening.kind)
    place = environment if environment == happening.stack else f"{environment} ({happening.stack})"
    about = f"{release}: {', '.join(happening.services)}" if happening.services else release
    why = happening.more.get("reason")
    lines = [happening.text, *([f"Why: {why}"] if why and str(why) not in happening.text else []), f"Release {about}"]
    lines += [f"By {happening.by}, {happening.at}"] if happening.by else [happening.at]
    to_do = _INCIDENT if incident else _TO_DO.get(happening.kind, "")
    return Message(f"{place}: {title}", tuple(lines), to_do.format(stack=happening.stack, release=release))


def identity(happening: Happening) -> str:
    """The same for the same thing, though it is told twice: by a driver that takes over from one that was killed, for example."""
    # Numbers in a text may be how long it has taken, or still may.
    words = re.sub(r"\d+", "#", happening.text)
    known = (happening.stack, happening.release or happening.at, happening.kind, str(happening.more.get("weight", "")), words)
    return hashlib.sha256("\0".join(known).encode()).hexdigest()[:32]
