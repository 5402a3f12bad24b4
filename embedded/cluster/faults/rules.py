"""Rules of requests that fail: which ones, how often, and how.

- `Rule("503", Where(verb="create", resource="deployments"), nth=3)`: the third Deployment isn't made.
- `Rule("lost", Where(name="web"), probability=0.1)`: a tenth of the answers about `web` get lost.
- `Rule("watch-drop")`: every watch ends after its first event.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from embedded.cluster.model.errors import StatusError, conflict, server_error

if TYPE_CHECKING:
    from embedded.cluster.faults.requests import Request

# Besides these, any status from 400 to 599.
KINDS: Final = ("slow", "drop", "lost", "watch-drop")
_REASONS: Final = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 410: "Expired", 422: "Invalid"}
# Verbs that are about a kind as a whole, or about an object that only the body names.
_NAMELESS: Final = frozenset({"create", "list", "watch", "deletecollection"})


@dataclass(frozen=True, slots=True)
class Answer:
    """The request isn't handled; this is the answer."""

    error: StatusError


@dataclass(frozen=True, slots=True)
class Slow:
    """The request is handled after so many seconds, real ones: it is the client's patience that is tried."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection breaks: before the request is handled, or after it with the answer lost."""

    handled: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """The watch's connection breaks when it has told of so many events."""

    events: int


Action = Answer | Slow | Drop | Cut


@dataclass(frozen=True, slots=True)
class Where:
    """Which requests a rule is about: patterns with * and ?, as in a shell.

    `resource` is a plural with or without its group; sub-resources are meant when the pattern has a slash (`pods/eviction`, `pods/*`), or
    is `*`.
    """

    verb: str = "*"
    resource: str = "*"
    namespace: str = "*"
    name: str = "*"
    path: str = "*"
    agent: str = "*"

    def __post_init__(self) -> None:
        if self.verb in _NAMELESS and self.name != "*" and "/" not in self.resource:
            raise ValueError(f"a {self.verb} doesn't say in its URL which object it is about: leave the name out, or choose it by nth")

    def matches(self, request: Request) -> bool:
        """Whether the request is meant."""
        return (
            (fnmatchcase(request.verb, self.verb) or (request.verb == "apply" and fnmatchcase("patch", self.verb)))
            and self._means(request)
            and fnmatchcase(request.namespace, self.namespace)
            and fnmatchcase(request.name, self.name)
            and fnmatchcase(request.path, self.path)
            and fnmatchcase(request.agent, self.agent)
        )

    def _means(self, request: Request) -> bool:
        if self.resource == "*":
            return True
        if ("/" in self.resource) != bool(request.subresource):
            return False
        short = request.resource + (f"/{request.subresource}" if request.subresource else "")
        return fnmatchcase(short, self.resource) or fnmatchcase(request.qualified, self.resource)


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests that fail.

    Of those that `where` means, all fail, or only the `nth`, or `every` so-many-th, or each with a `probability`; at most `count` of them,
    and for `lasts` seconds of the cluster's time. `delay` is how slow `slow` is, and `events` how many a watch gets before it is dropped.
    """

    kind: str
    where: Where = field(default_factory=Where)
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    count: int | None = None
    lasts: float | None = None
    delay: float = 1.0
    events: int = 1
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS and not (self.kind.isdecimal() and 400 <= int(self.kind) <= 599):
            raise ValueError(f"there is no fault {self.kind!r} of requests; there are {', '.join(KINDS)}, and each status from 400 to 599")
        if sum(x is not None for x in (self.nth, self.every, self.probability)) > 1:
            raise ValueError("nth, every and probability exclude each other: give one of them")
        for what, number in (("nth", self.nth), ("every", self.every), ("count", self.count)):
            if number is not None and number < 1:
                raise ValueError(f"{what} is {number}; it counts from 1")
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError(f"probability is {self.probability}; it goes from 0 to 1")
        for what, amount in (("lasts", self.lasts), ("delay", self.delay), ("events", self.events), ("retry_after", self.retry_after)):
            if amount is not None and amount < 0:
                raise ValueError(f"{what} is {amount}; it can't be negative")

    def matches(self, request: Request) -> bool:
        """Whether it counts this request."""
        return self.where.matches(request) and (self.kind != "watch-drop" or request.verb == "watch")

    def action(self, request: Request, ident: str) -> Action:
        """What happens to the request; `ident` says in the answer which rule it was."""
        match self.kind:
            case "slow":
                return Slow(self.delay)
            case "drop" | "lost":
                return Drop(handled=self.kind == "lost")
            case "watch-drop":
                return Cut(self.events)
            case status:
                return Answer(_error(int(status), request, f"fault {ident} was asked for", self.retry_after))


def _error(code: int, request: Request, why: str, retry_after: int | None) -> StatusError:
    """The status with the texts of a real server, and the remark that it was wished for."""
    if code == 409:
        return conflict(
            request.group,
            request.resource,
            request.name,
            f"the object has been modified; please apply your changes to the latest version and try again ({why})",
        )
    if code == 429:
        message = f"the server has received too many requests and has asked us to try again later ({why})"
        return StatusError(429, "TooManyRequests", message, None, 1 if retry_after is None else retry_after)
    if code in _REASONS:
        return StatusError(code, _REASONS[code], f"{_REASONS[code]} ({why})", None, retry_after)
    texts = {
        500: "Internal error occurred",
        503: "the server is currently unable to handle the request",
        504: "the server was unable to return a response in the time allotted, but may still be processing the request",
    }
    error = server_error(code, f"{texts.get(code, f'the server answered with status {code}')} ({why})")
    error.retry_after = retry_after
    return error
