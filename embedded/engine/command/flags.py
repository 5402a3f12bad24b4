"""Verbs and their flags as data, and a parser that reads command lines as the Pulumi CLI does.

argparse would not do: flags may stand before, between and after the words of a verb; `--refresh` and `--refresh=false` are
both right while `--refresh false` has an argument; abbreviations are wrong; and building its parsers costs more than most
verbs take.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from embedded.engine.model.errors import EngineError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedded.engine.command.context import Context

Kind = Literal["bool", "text", "list", "csv", "int"]
_TRUE: Final = ("1", "t", "T", "TRUE", "true", "True")
_FALSE: Final = ("0", "f", "F", "FALSE", "false", "False")


class UsageError(EngineError):
    """The command line is not understood."""


class ArgumentCountError(UsageError):
    """Too few or too many arguments: the verb's help is shown before the error."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag. `bare` is the value of one given without any (`--refresh`); None: it needs one. Hidden ones are not in the help.

    `refused` says what to do instead of a flag that the real CLI has and this engine has not.
    """

    name: str
    help: str = ""
    kind: Kind = "bool"
    short: str = ""
    default: str = ""
    bare: str | None = None
    metavar: str = ""
    hidden: bool = False
    refused: str = ""

    @property
    def valueless(self) -> str | None:
        """The value when none is given, None if there must be one."""
        return "true" if self.kind == "bool" else self.bare


@dataclass(frozen=True, slots=True)
class Verb:
    """A command: what it takes and what it does. `args` is how the help shows its arguments."""

    name: str
    help: str
    run: Callable[[Context], int | None] | None = None
    flags: tuple[Flag, ...] = ()
    args: str = ""
    least: int = 0
    most: int | None = 0
    aliases: tuple[str, ...] = ()
    children: tuple[Verb, ...] = ()
    about: str = ""
    # Of a verb of the real CLI that this engine does not have: what to do instead.
    refused: str = ""

    def child(self, word: str) -> Verb | None:
        """The verb below this one that the word names."""
        return next((c for c in self.children if word == c.name or word in c.aliases), None)


@dataclass(slots=True)
class Given:
    """A parsed command line."""

    values: dict[str, list[str]] = field(default_factory=dict)
    args: list[str] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)

    def given(self, name: str) -> bool:
        """Whether the flag was given."""
        return name in self.values

    def text(self, name: str) -> str:
        """A flag's (last) value, or its default."""
        return self.values[name][-1] if name in self.values else self.defaults.get(name, "")

    def on(self, name: str) -> bool:
        """Whether a bool flag is set. Unknown names are off: not every verb has every flag."""
        return self.text(name) in _TRUE

    def many(self, name: str) -> tuple[str, ...]:
        """All values of a list flag, in order."""
        return tuple(self.values.get(name, ()))

    def number(self, name: str) -> int:
        """A number's value."""
        return int(self.text(name) or 0)


def find(root: Verb, words: list[str], common: tuple[Flag, ...]) -> tuple[list[Verb], list[str]]:
    """The verb that a command line names, with those above it, and the rest of the line."""
    path: list[Verb] = [root]
    rest: list[str] = []
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            return path, [*rest, word, *words]
        if word.startswith("-") and word != "-":
            rest.append(word)
            if _takes_next(word, _known(path, common)) and words:
                rest.append(words.pop(0))
            continue
        child = path[-1].child(word)
        if child is None:
            _refuse_unknown(path, word)
            return path, [*rest, word, *words]
        path.append(child)
    return path, rest


def _refuse_unknown(path: list[Verb], word: str) -> None:
    if path[-1].children and not path[-1].most:
        name = " ".join(v.name for v in path)
        msg = f"unknown command {_quoted(word)} for {_quoted(name)}\nRun '{name} --help' for usage."
        raise UsageError(msg)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _known(path: list[Verb], common: tuple[Flag, ...]) -> Iterator[Flag]:
    yield from path[-1].flags
    yield from common


def _takes_next(word: str, flags: Iterator[Flag]) -> bool:
    """Whether the flag's value is the next word."""
    if "=" in word:
        return False
    for flag in flags:
        if word == f"--{flag.name}" or (flag.short and word == f"-{flag.short}"):
            return flag.valueless is None
    return False


def parse(verb: Verb, words: list[str], common: tuple[Flag, ...]) -> Given:
    """The flags and arguments of a verb's command line; UsageError if they are wrong, NotSupportedError for refused flags."""
    by_name = {f.name: f for f in (*common, *verb.flags)}
    by_short = {f.short: f for f in (*common, *verb.flags) if f.short}
    given = Given(defaults={f.name: f.default for f in by_name.values() if f.default})
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "--":
            given.args += words
            break
        if word.startswith("--"):
            _long(word, words, by_name, given)
        elif word.startswith("-") and len(word) > 1:
            _short(word, words, by_short, given)
        else:
            given.args.append(word)
    return given


def _long(word: str, words: list[str], known: dict[str, Flag], given: Given) -> None:
    name, equals, value = word[2:].partition("=")
    flag = known.get(name)
    if flag is None:
        msg = f"unknown flag: --{name}"
        raise UsageError(msg)
    if not equals:
        value = _value(flag, f"--{name}", words)
    _add(flag, value, f"--{name}", given)


def _short(word: str, words: list[str], known: dict[str, Flag], given: Given) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        flag = known.get(letter)
        if flag is None:
            msg = f"unknown shorthand flag: '{letter}' in {word}"
            raise UsageError(msg)
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif flag.valueless is not None:
            value = flag.valueless
        elif letters:
            value, letters = letters, ""
        else:
            value = _value(flag, f"'{letter}' in -{letter}", words)
        _add(flag, value, f"-{letter}, --{flag.name}", given)


def _value(flag: Flag, shown: str, words: list[str]) -> str:
    if flag.valueless is not None:
        return flag.valueless
    if not words:
        msg = f"flag needs an argument: {shown}"
        raise UsageError(msg)
    return words.pop(0)


def _add(flag: Flag, value: str, shown: str, given: Given) -> None:
    if flag.refused and value not in _FALSE:
        what = f"the flag --{flag.name}"
        raise NotSupportedError(what, flag.refused)
    wrong = (flag.kind == "bool" and value not in _TRUE + _FALSE) or (flag.kind == "int" and not value.removeprefix("-").isdecimal())
    if wrong:
        msg = f'invalid argument "{value}" for "{shown}" flag: {"strconv.ParseBool: " if flag.kind == "bool" else ""}invalid syntax'
        raise UsageError(msg)
    values = value.split(",") if flag.kind == "csv" else [value]
    given.values.setdefault(flag.name, []).extend(values)


def check_count(verb: Verb, count: int) -> None:
    """Raise ArgumentCountError unless the verb takes that many arguments."""
    if count < verb.least:
        msg = f"requires at least {verb.least} arg(s), only received {count}"
        if verb.least == verb.most:
            msg = f"accepts {verb.least} arg(s), received {count}" if count else f"requires at least {verb.least} arg(s), only received 0"
        raise ArgumentCountError(msg)
    if verb.most is not None and count > verb.most:
        msg = f"accepts at most {verb.most} arg(s), received {count}"
        raise ArgumentCountError(msg)
