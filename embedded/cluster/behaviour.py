"""How a simulated container behaves: when it is ready, whether it crashes, how many errors it answers with, and how slow it is.

There are no real images here, so a pod says what it would do: by annotations of its template, under `sim.tidegate.dev/`, or, where
they say nothing, by words in its image's tag (`shop:2.1-slow`). Annotations speak for a pod's first container; the others have tags.

    ready-after: 2s        the time from the container's start until the app answers
    never-ready: "true"    it starts, and its readiness probe never succeeds
    crash-after: 5s        it exits with an error that long after each start
    hangs-after: 60s       it stops answering, its probes too, that long after each start
    completes-after: 1s    it exits by itself (pods of Jobs)
    exit-code: "0"         with what, then
    asks: http://web/      what it asks for before that, blanks between several; an answer that isn't fine makes it fail (pods of Jobs)
    stop-after: 300ms      what it takes to stop when it is told to
    pull-time: 2s          the first pull of its image on a node
    pull-fails: "true"     its image can't be pulled
    error-rate: "0.02"     the share of its answers that are errors
    latency: 40ms          the median of its answers' times
    cpu: 2ms               processor time that a request costs
    memory: 64Mi           what it needs at its start
    leak: 2Mi              what it needs more with each second; it is killed at its limit
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from embedded.cluster.model.objects import annotations_of
from embedded.cluster.model.quantities import quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.cluster.model.objects import Obj

PREFIX: Final = "sim.tidegate.dev/"
# A node that has this can't be reached.
LOST: Final = PREFIX + "lost"
_MI: Final = 1 << 20
# A leaking container without a limit is killed at this size: a small node's patience.
_UNLIMITED: Final = 1024 * _MI
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a container does. Times are seconds after its start; None: it doesn't."""

    ready_after: float = 0.0
    never_ready: bool = False
    crash_after: float | None = None
    hangs_after: float | None = None
    completes_after: float | None = None
    exit_code: int = 0
    asks: tuple[str, ...] = ()
    stop_after: float | None = None
    pull_time: float | None = None
    pull_fails: bool = False
    error_rate: float = 0.0
    latency: float = 0.02
    cpu: float = 0.002
    memory: float = 64.0 * _MI
    leak: float = 0.0
    problems: tuple[str, ...] = ()

    def memory_at(self, age: float, limit: float | None = None) -> float:
        """Bytes in use so long after the start."""
        return min(self.memory + self.leak * age, limit or _UNLIMITED)

    def killed_after(self, limit: float | None) -> float | None:
        """When it has outgrown its memory limit, if ever."""
        return max((limit or _UNLIMITED) - self.memory, 0.0) / self.leak if self.leak > 0 else None


def of_pod(pod: Obj) -> Behaviour:
    """The behaviour of a pod as its clients see it: that of its first container."""
    containers = pod["spec"].get("containers") or [{}]
    return of_container(pod, containers[0], first=True)


def of_container(pod: Obj, container: Obj, *, first: bool) -> Behaviour:
    """The behaviour of one of a pod's containers."""
    said = ((k, v) for k, v in annotations_of(pod).items() if k.startswith(PREFIX)) if first else ()
    return parse(tuple(sorted(said)), str(container.get("image", "")))


def is_lost(node: Obj | None) -> bool:
    """Whether a node can't be reached, even if nobody has noticed yet. One that is gone can't."""
    return node is None or annotations_of(node).get(LOST) == "true"


@lru_cache(maxsize=4096)
def parse(annotations: tuple[tuple[str, str], ...], image: str) -> Behaviour:
    """The behaviour that annotations and an image's tag speak of. What can't be read goes to `problems`."""
    behaviour = _of_tag(tag_of(image))
    changes: dict[str, Any] = {}
    problems: list[str] = []
    for key, value in annotations:
        name = key.removeprefix(PREFIX)
        try:
            changes[name.replace("-", "_")] = _FIELDS[name](value)
        except KeyError:
            problems.append(f"annotation {key} is unknown: known are {', '.join(_FIELDS)}")
        except ValueError as error:
            problems.append(f"annotation {key}: {error}")
    return replace(behaviour, **changes, problems=tuple(problems))


def tag_of(image: str) -> str:
    """The tag of an image's name; `latest` if it has none."""
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2] or "latest"


def duration(text: str) -> float:
    """Seconds: `1m30s`, `250ms`, or a bare number of seconds."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not text or _DURATION.sub("", text):
        raise ValueError(f"{text!r} is no duration: write it like 250ms, 2s or 1m30s")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def _of_tag(tag: str) -> Behaviour:
    behaviour = Behaviour(never_ready="never-ready" in tag)
    for word in re.split(r"[^a-z0-9]+", tag):
        if word in _WORDS:
            behaviour = replace(behaviour, **_WORDS[word])
    return behaviour


# `sparse`: so few errors that a careless comparison of two versions misses them.
_WORDS: Final[Mapping[str, dict[str, Any]]] = {
    "slow": {"latency": 0.4},
    "errors": {"error_rate": 0.1},
    "broken": {"error_rate": 1.0},
    "sparse": {"error_rate": 0.003},
    "crash": {"crash_after": 5.0},
    "leak": {"leak": 4.0 * _MI},
    "missing": {"pull_fails": True},
}


def _flag(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f'{text!r} is neither "true" nor "false"')
    return text == "true"


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"{text!r} is no share from 0 to 1")
    return share


def _code(text: str) -> int:
    if not text.isdecimal() or int(text) > 255:
        raise ValueError(f"{text!r} is no exit code from 0 to 255")
    return int(text)


def _urls(text: str) -> tuple[str, ...]:
    for url in (urls := tuple(text.split())):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is no URL: write it like http://web/health, with blanks between several")
    return urls


def _bytes(text: str) -> float:
    return float(quantity(text))


_FIELDS: Final[Mapping[str, Callable[[str], Any]]] = {
    "ready-after": duration,
    "never-ready": _flag,
    "crash-after": duration,
    "hangs-after": duration,
    "completes-after": duration,
    "exit-code": _code,
    "asks": _urls,
    "stop-after": duration,
    "pull-time": duration,
    "pull-fails": _flag,
    "error-rate": _share,
    "latency": duration,
    "cpu": duration,
    "memory": _bytes,
    "leak": _bytes,
}
