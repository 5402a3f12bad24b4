"""Who began a release: told by a name only, so whoever can't be told stands for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.gates.matching import fingerprint, fits
from tidegate.model.intent.people import Gpg, Oidc, Ssh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegate.model.intent.people import Person


@dataclass(frozen=True, slots=True)
class Beginners:
    """The people that whoever began it may be."""

    people: frozenset[str]
    names: frozenset[str]
    """All that they are called, folded."""

    @property
    def known(self) -> bool:
        """Whether it is anybody of the intent."""
        return bool(self.people)

    def include(self, person: str, names: tuple[str, ...] = ()) -> bool:
        """Whether a person is one of them, also by what a proof says that they are called."""
        return person in self.people or any(_folded(name) in self.names for name in names)


def beginners(people: Mapping[str, Person], began_by: str) -> Beginners:
    """The people that go by this name, or whose key or token it names."""
    found = frozenset(name for name, person in people.items() if _goes_by(name, person, began_by))
    names = {_folded(name) for one in found for name in (one, *people[one].names)}
    return Beginners(found, frozenset({*names, _folded(began_by)}))


def _goes_by(name: str, person: Person, said: str) -> bool:
    return _folded(said) in map(_folded, (name, *person.names)) or any(_named(person, said))


def _named(person: Person, said: str) -> Iterator[bool]:
    """Whether a prover's `who` is one of theirs."""
    for identity in person.identities:
        match identity:
            case Ssh():
                yield said == f"ssh:{fingerprint(identity.blob)}"
            case Gpg():
                yield said == f"gpg:{identity.fingerprint}"
            case Oidc():
                subject = identity.claims.get("sub")
                start = f"oidc:{identity.issuer}:"
                yield subject is not None and said.startswith(start) and fits(subject, said.removeprefix(start))


def _folded(name: str) -> str:
    return name.strip().casefold()
