"""Find secrets in a value, by its looks and by its name; what is found never has the secret's text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from policies.judging.formats import decoded, is_reference, known
from policies.security.secrets.names import certain, possible
from policies.security.secrets.randomness import random_by_name, random_in

# Where a secret is, or that there is one, or what holds for it, or its hash: no secret.
_NONE: Final = re.compile(
    r"(?i)true|false|yes|no|on|off|none|null|nil|undefined|disabled?|enabled?|required?|optional|prompt|ask|never|always|auto"
    r"|[a-z][a-z0-9+.\-]*://\S*|arn:\S+|(?:file|env|vault|secret|ref\+\w+|op|sm|ssm|awssm|gcp|azurekv):\S*"
    r"|~?(?:/[\w.\-]+)+/?|\.{1,2}/\S*|projects/[^/\s]+/secrets/\S+"
    r"|\$(?:2[abxy]?|5|6|y|7|apr1|argon2\w*|scrypt|pbkdf2[\w\-]*)\$.*|pbkdf2\w*[:$].*|\{S?SHA\d*\}.*|(?:sha\d+|md5)[:\-].*"
)
_NAMED: Final = re.compile(
    r"""
    (?P<name>(?:pass|pwd|secret|token|key|cred|auth|salt|pepper)[\w.\-]{0,99})
    \\*["']?[ \t]*(?:=>|:=|[:=]|>(?=[^<\n]*</))[ \t]*
    (?: \\*"(?P<double>[^"\\\n]*) | '(?P<single>[^'\n]*)' | (?P<bare>[^\s"',;\#}\])<]+) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")
# Of a program, or of translations.
_CODE: Final = re.compile(r"[A-Za-z_]\w*(?:(?:\.|::|->)[A-Za-z_]\w*)+[\[(]?|[A-Za-z_]\w*[\[(]")
_SYNTAX: Final = frozenset("[{&*!|>(")
_SPEAKS: Final = re.compile(r"(?i)[a-z_.\-]*(?:passwor[dt]|passwd|secret|token)[a-z_.\-]*")
_LONGEST: Final = 4096
"""Of what is decoded, to see what is in it."""
_LONGEST_NAME: Final = 100
_RANDOM: Final = "something random, as keys and tokens are"


@dataclass(frozen=True, slots=True)
class Found:
    """A secret that was found, without its text."""

    what: str
    """`a GitHub token`."""
    line: int
    """Of the value, beginning with 1."""


@lru_cache(maxsize=4096)
def in_value(name: str, value: str) -> tuple[Found, ...]:
    """The secrets in the value of a variable, or of an annotation: `name` may say what it is. Several lines are read as a file."""
    if "\n" in value.strip():
        return in_file(value)
    found = tuple(by_looks(value))
    if not found and (what := _by_name(name, value)):
        found = (Found(what, 1),)
    return found or _by_chance(value)


def in_entry(key: str, value: str) -> tuple[Found, ...]:
    """The secrets in what a ConfigMap has by a key: a value, or a file."""
    as_file = "." in key or value.lstrip()[:1] in {"{", "[", "<"}
    return in_file(value) if as_file else in_value(key, value)


def in_argument(text: str) -> tuple[Found, ...]:
    """The secrets in an argument of a command line; `--password=…` has a name, and a script is a file."""
    match = re.fullmatch(r"--?([A-Za-z][\w.\-]*)[= ](.*)", text)
    return in_value(match[1], match[2]) if match else in_file(text)


@lru_cache(maxsize=1024)
def in_file(text: str) -> tuple[Found, ...]:
    """The secrets in a file, of whatever kind: each line once, by what says most."""
    found = {one.line: one for one in by_looks(text)}
    for match in _NAMED.finditer(text):
        value = next(one for one in match.group("double", "single", "bare") if one is not None)
        what = _by_name(_before(text, match.start()) + match["name"], value)
        if (
            what
            and not _is_label(match, value)
            and not _is_comment(text, match.start())
            and (line := _line(text, match.start())) not in found
        ):
            found[line] = Found(what, line)
    for one in _by_chance(text):
        found.setdefault(one.line, one)
    return tuple(found[line] for line in sorted(found))


def by_looks(text: str) -> Iterator[Found]:
    """The secrets that are known by their looks, in base64 too: one a line."""
    lines: set[int] = set()
    for one in known(text):
        if (line := _line(text, one.start)) not in lines:
            lines.add(line)
            yield Found(one.what, line)
    if not lines:
        for match in _ENCODED.finditer(text):
            for one in islice(known(decoded(match[0][:_LONGEST]) or ""), 1):
                yield Found(f"{one.what} in base64", _line(text, match.start()))


def _by_name(name: str, value: str) -> str | None:
    value = value.strip()
    if not value or is_reference(value) or _NONE.fullmatch(value):
        return None
    if certain(name):
        return "a secret, by its name"
    if possible(name) and decoded(value) is None and random_by_name(value):
        return "a secret, by its name and looks"
    return None


def _by_chance(text: str) -> tuple[Found, ...]:
    lines = dict.fromkeys(_line(text, start) for start in random_in(text))
    return tuple(Found(_RANDOM, line) for line in lines)


def _before(text: str, start: int) -> str:
    """The part of a name that is before the word by which it was found: the search for that is quicker without it."""
    begin = start
    while begin and start - begin < _LONGEST_NAME and (text[begin - 1].isalnum() or text[begin - 1] in "_.-"):
        begin -= 1
    return text[begin:start]


def _is_comment(text: str, start: int) -> bool:
    """Whether a line says something about a setting, or what it would be by itself."""
    return text[text.rfind("\n", 0, start) + 1 : start].lstrip().startswith(("#", ";", "//"))


def _is_label(match: re.Match[str], value: str) -> bool:
    """Whether a file doesn't give a secret there, but a text for people, or code that gets it from elsewhere."""
    if any(c.isspace() for c in value) or not value.isascii() or _SPEAKS.fullmatch(value) or (value.isalpha() and value.istitle()):
        return True
    return match["bare"] is not None and (_CODE.fullmatch(value) is not None or value[0] in _SYNTAX)


def _line(text: str, start: int) -> int:
    return text.count("\n", 0, start) + 1
