"""What an engine says of its failure, as one of our errors.

There is no other way than by text: the exit codes of the commands say less, and not all say the same.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tidegate.model.errors import (
    AuthenticationError,
    BusyError,
    CancelledError,
    ConfigurationError,
    ExitCode,
    NoSuchStackError,
    PolicyError,
    TidegateError,
    TimedOutError,
    UnreachableError,
)
from tidegate.planner.refusals import RULES, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.stack.process import Ended

_WORDS: Final[tuple[tuple[type[TidegateError], re.Pattern[str]], ...]] = (
    (BusyError, re.compile("the stack is currently locked by|Another update is currently in progress")),
    (NoSuchStackError, re.compile("no stack named .* found|stack '.*' not found|unknown stack")),
    (
        AuthenticationError,
        re.compile(
            "passphrase|PULUMI_ACCESS_TOKEN|access token|no (AWS )?credentials|InvalidAccessKeyId|SignatureDoesNotMatch|Access ?Denied"
            "|ExpiredToken|not authenticated|[Uu]nauthorized|does not decrypt with"
        ),
    ),
    (
        UnreachableError,
        re.compile(
            "could not (read|write|list|copy|delete) |unable to (open|check) (if )?(state|bucket)|[Nn]o ?[Ss]uch ?[Bb]ucket|state store"
            "|blob [(]"
            "|reading stack|error listing|permission denied|dial tcp|connection (refused|reset)|no such host|deadline exceeded"
            "|Could not connect to the endpoint|[Tt]imed? ?out|EOF$|\\b50[0234]\\b"
        ),
    ),
)
_CODES: Final[dict[int, type[TidegateError]]] = {
    ExitCode.CONFIGURATION: ConfigurationError,
    ExitCode.AUTHENTICATION: AuthenticationError,
    ExitCode.NO_SUCH_STACK: NoSuchStackError,
    ExitCode.POLICY: PolicyError,
    ExitCode.CANCELLED: CancelledError,
    ExitCode.TIMEOUT: TimedOutError,
}
_ADVICE: Final = "; the state can't be had: see whether the place that PULUMI_BACKEND_URL names is there, and whether you may use it"
_RULE: Final = re.compile(r"\[([a-z0-9-]+)\]\s*$")
_WRONG: Final = re.compile(
    r"^the configuration is wrong:|: the configuration is wrong:|missing configuration (value|variable)|must be of type '"
)


def failure(ended: Ended, mask: Callable[[str], str]) -> TidegateError:
    """Of a command that did not get to what it was to do."""
    return of_text(said(ended), ended.code, mask)


def of_text(text: str, code: int, mask: Callable[[str], str]) -> TidegateError:
    """Of what was said, and the command's exit code."""
    found = next((kind for kind, words in _WORDS if words.search(text)), None) or _CODES.get(code, TidegateError)
    return found(mask(text) + (_ADVICE if found is UnreachableError else ""))


def said(ended: Ended) -> str:
    """What a command said of its failure: its last word, without `error: `."""
    if ended.code < 0:
        return f"the engine was killed (signal {-ended.code}); how far it came, the state says"
    for text in (ended.err, ended.out):
        words = [part for part in re.split(r"(?m)^\s*error: ", text)[1:] if part.strip()]
        if words:
            return words[-1].strip()
    return ended.err.strip() or f"the engine ended with exit code {ended.code}"


def refusal(text: str, mask: Callable[[str], str]) -> Refusal | None:
    """The planner's refusal that the program ended with, if it did."""
    found = _RULE.search(text)
    if found is None:
        return None
    rule = next((rule for rule in RULES if rule == found[1]), None)
    return Refusal(rule, mask(text[: found.start()].strip())) if rule else None


def is_configuration(text: str) -> bool:
    """Whether the program or the engine found the configuration wrong."""
    return _WRONG.search(text) is not None
