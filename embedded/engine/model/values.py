"""Property values: what programs, providers, policies and state files exchange.

A value is plain Python data (None, bool, int, float, str, list, dict with str keys) that may hold, anywhere inside, one of
the classes below. Numbers are Pulumi's doubles; integral ones are kept as `int`, because that is how state files write them.
Python takes `True == 1`; Pulumi does not, so values are compared with `same`, never with `==`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A recursive union costs more in narrowing than it gives: the shapes are checked where values enter (wire, state).
Value: TypeAlias = Any
Values: TypeAlias = dict[str, Any]

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a signature, no secret
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
BYTES_SIGNATURE: Final = "803fd3297a5875dc03ca845dda5d2a98"
NON_FINITE_SIGNATURE: Final = "8ad145fe-0d11-4827-bfd7-1abcbf086f5c"

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
UNKNOWN_SENTINELS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """A value that a preview cannot know yet. There is one: `UNKNOWN`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Secret:
    """A value that is encrypted in state files and masked everywhere else."""

    value: Value

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """A value on the wire with its dependencies; the monitor takes it apart, nothing behind it sees one."""

    value: Value
    known: bool = True
    secret: bool = False
    dependencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asset:
    """A file's worth of bytes: exactly one of text, path, uri is set (none, where only the hash is known)."""

    hash: str = ""
    text: str | None = None
    path: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Archive:
    """A folder's worth of bytes: exactly one of assets, path, uri is set (none, where only the hash is known)."""

    hash: str = ""
    assets: dict[str, Asset | Archive] | None = None
    path: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """A reference to another resource; `id` is None for components, UNKNOWN in a preview of a create."""

    urn: str
    id: str | Unknown | None = None
    package_version: str = ""


@dataclass(frozen=True, slots=True)
class ByteString:
    """Bytes that need not be text."""

    data: bytes = field(repr=False)


T = TypeVar("T")


def transform(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """The value with each list and dict rebuilt and `leaf` applied to everything else, secrets' insides excepted."""
    if type(value) is dict:
        return {k: transform(v, leaf) for k, v in value.items()}
    if type(value) is list:
        return [transform(v, leaf) for v in value]
    return leaf(value)


def walk(value: Value) -> Iterator[Value]:
    """The value and everything inside it, insides of secrets and outputs included."""
    yield value
    if type(value) is dict:
        for v in value.values():
            yield from walk(v)
    elif type(value) is list:
        for v in value:
            yield from walk(v)
    elif isinstance(value, Secret | Output):
        yield from walk(value.value)


def has_unknown(value: Value) -> bool:
    """Whether anything inside is unknown."""
    return any(v is UNKNOWN or (isinstance(v, Output) and not v.known) for v in walk(value))


def has_secret(value: Value) -> bool:
    """Whether anything inside is secret."""
    return any(isinstance(v, Secret) or (isinstance(v, Output) and v.secret) for v in walk(value))


def unwrap_secrets(value: T) -> T:
    """The value with every secret replaced by what it holds."""

    def leaf(v: Value) -> Value:
        return unwrap_secrets(v.value) if isinstance(v, Secret) else v

    return cast("T", transform(value, leaf))


def same(a: Value, b: Value) -> bool:
    """Deep equality as Pulumi has it: secrets equal by what they hold, numbers never equal booleans, assets by hash."""
    if isinstance(a, Secret) or isinstance(b, Secret):
        return isinstance(a, Secret) and isinstance(b, Secret) and same(a.value, b.value)
    if type(a) is dict:
        return type(b) is dict and a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    if type(a) is list:
        return type(b) is list and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, Asset | Archive):
        return type(a) is type(b) and a.hash == b.hash
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, Unknown) or isinstance(b, Unknown):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b
    return type(a) is type(b) and bool(a == b)
