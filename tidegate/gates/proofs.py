"""The real verifier: each kind of proof by its own rules, then the one person of the intent whose identity it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from tidegate.gates import gpg, sshsig, statements
from tidegate.gates.matching import has, owner
from tidegate.gates.oidc import Issuers
from tidegate.gates.verifying import UnprovenError, Word
from tidegate.model.approval import NAMESPACE
from tidegate.model.intent.people import Gpg, Oidc, Ssh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tidegate.model.approval import Approval
    from tidegate.model.intent.people import Identity, Person

_NAMES: Final = ("actor", "user_login", "user_email", "email", "preferred_username", "login", "sub")
"""Claims that say who somebody is elsewhere."""
_GPG_APART: Final = timedelta(minutes=10)
"""How far a GPG signature's own time may be from the statement's."""


class Proofs:
    """Verifies proofs. Keys of issuers are asked for once."""

    def __init__(self) -> None:
        self._issuers = Issuers()
        self._signed: dict[tuple[str, str, tuple[str, ...]], gpg.Signed | str] = {}

    def word(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        """Whose word it is. `UnprovenError`: nobody's. `UnreachableError`: it can't be told now."""
        match approval.proof.kind:
            case "oidc":
                return self._by_token(approval, people)
            case "ssh":
                return _by_ssh(approval, people)
            case "gpg":
                return self._by_gpg(approval, people)

    def _by_token(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        issuers = {identity.issuer for identity in _all(people) if isinstance(identity, Oidc)}
        claims = self._issuers.claims(approval.proof.text.strip(), approval.statement, _moment(approval), issuers)

        def theirs(identity: Identity) -> bool:
            return isinstance(identity, Oidc) and identity.issuer == claims["iss"] and has(claims, identity.claims)

        subject = f"the token of {claims['sub']!a} at {claims['iss']}"
        return Word(owner(people, theirs, subject), tuple(_names(claims)))

    def _looked_at(self, asked: tuple[str, str, tuple[str, ...]]) -> gpg.Signed:
        """What gpg says. A process for each look at the same signature would be one too many."""
        if asked not in self._signed:
            try:
                self._signed[asked] = gpg.verified(*asked)
            except UnprovenError as error:
                self._signed[asked] = str(error)
        found = self._signed[asked]
        if isinstance(found, str):
            raise UnprovenError(found)
        return found

    def _by_gpg(self, approval: Approval, people: Mapping[str, Person]) -> Word:
        known = [identity for identity in _all(people) if isinstance(identity, Gpg)]
        if not known:
            raise UnprovenError("nobody in gates.people has a GPG key")
        asked = (approval.proof.text, approval.statement, tuple(identity.key for identity in known))
        signed = self._looked_at(asked)
        if abs(datetime.fromtimestamp(signed.at, UTC) - _moment(approval)) > _GPG_APART:
            raise UnprovenError("the GPG signature wasn't made when that was said")
        who = owner(people, lambda one: isinstance(one, Gpg) and one.fingerprint == signed.fingerprint, f"the GPG key {signed.fingerprint}")
        return Word(who)


def _by_ssh(approval: Approval, people: Mapping[str, Person]) -> Word:
    signature = sshsig.parsed(approval.proof.text)
    # Whose key it is comes first: nothing is computed with a stranger's.
    who = owner(people, lambda one: isinstance(one, Ssh) and one.blob == signature.key, "the SSH key")
    sshsig.verify(signature, NAMESPACE, approval.statement.encode())
    return Word(who)


def _moment(approval: Approval) -> datetime:
    said = statements.read(approval.statement)
    if said is None:
        raise UnprovenError("what was signed is no statement")
    return statements.moment(said)


def _all(people: Mapping[str, Person]) -> Iterator[Identity]:
    for person in people.values():
        yield from person.identities


def _names(claims: Mapping[str, Any]) -> Iterator[str]:
    for name in _NAMES:
        value = claims.get(name)
        if isinstance(value, str) and value:
            yield value
