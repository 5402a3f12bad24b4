"""What looks as if it were made by chance: tokens and keys do; words, hashes, digests, ids, addresses and encoded texts don't count.

Letters of both cases and digits that follow each other without order are what people don't write. Hexadecimal texts are left out, unless
their name says more: they are mostly hashes.
"""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from policies.judging.formats import decoded

_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_\-]{20,}={0,2}")
_HEX: Final = re.compile(r"(?:0x)?[0-9a-fA-F]+")
_SHORTEST: Final = 16
_FILES: Final = (b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"PK\x03\x04", b"wOF")

# Places in which much looks random and nothing is secret; private keys are known by their looks.
_HARMLESS: Final = re.compile(
    r"""
    -----BEGIN\ [A-Z0-9 ]+-----.*?-----END\ [A-Z0-9 ]+-----
    | (?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-[a-z0-9-]+|sk-[a-z0-9@.-]+)\s+AAAA[A-Za-z0-9+/=]+
    | data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=]+
    | \b(?:sha(?:1|224|256|384|512)|md5|blake[23]b?|h1)[:=-][A-Za-z0-9+/=_-]+
    | \$(?:2[abxy]?|5|6|y|7|apr1|argon2[a-z]*|scrypt|pbkdf2[a-z0-9-]*)\$[^\s"']+
    | \{S?SHA\d*\}[A-Za-z0-9+/=]+
    | \bpbkdf2(?:_sha\d+)?[:$][^\s"']+
    | \b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b
    | \b[A-Za-z][A-Za-z0-9+.-]*://[^\s"'<>]+
    | \bENC[\[(][^\])]*[\])]
    | ^[ \t]*(?:[;\#]|//).*?$
    | \barn:aws[a-z-]*:[^\s"']+
    | \bMI[A-Z][A-Za-z0-9+/\\rn\s]{200,}={0,2}
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def random_in(text: str) -> Iterator[int]:
    """Where in a text something begins that looks random by itself."""
    # What is taken out keeps its length, so that places stay what they are.
    left = _HARMLESS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text) if len(text) >= _SHORTEST else ""
    for match in _TOKEN.finditer(left):
        if _is_random(match[0]) and not _is_file(match[0]):
            yield match.start()


def random_by_name(value: str) -> bool:
    """Whether a value is random enough for the secret that its name speaks of: hexadecimal texts count too."""
    if len(value) < _SHORTEST or any(c.isspace() for c in value) or _HARMLESS.fullmatch(value):
        return False
    if _HEX.fullmatch(value):
        return len(set(value)) > _FEW and any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if any(True for _ in random_in(value)):
        return True
    return any(c.isdigit() for c in value) and _entropy(value) > _MUCH and _changes(value) > _OFTEN


_FEW: Final = 6
_MUCH: Final = 3.4
"""Bits a character; sixteen random ones have about 3.8, words of that length 3."""
_OFTEN: Final = 0.38
"""Of all pairs, those with letters of two cases, or a letter and a digit: two thirds of random base64's, one in four of wordsLikeThese."""
_STEADILY: Final = 0.45


def _is_random(token: str) -> bool:
    if _HEX.fullmatch(token) or not (re.search(r"[a-z]", token) and re.search(r"[A-Z]", token) and re.search(r"[0-9]", token)):
        return False
    # Paths and lists of names are judged part by part: none of them is long enough.
    if max(len(part) for part in re.split(r"[/_\-+]", token)) < _PART:
        return False
    return _entropy(token) > _MUCH and _changes(token) > _STEADILY and decoded(token) is None


_PART: Final = 10


def _is_file(token: str) -> bool:
    try:
        return base64.b64decode(token[:16], validate=True).startswith(_FILES)
    except binascii.Error:
        return False


def _entropy(text: str) -> float:
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _changes(text: str) -> float:
    kinds = [0 if c.islower() else 1 if c.isupper() else 2 if c.isdigit() else 3 for c in text]
    return sum(one != other for one, other in pairwise(kinds)) / max(1, len(kinds) - 1)
