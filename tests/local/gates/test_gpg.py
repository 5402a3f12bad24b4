"""The real `gpg`: keys made here, and a verifier that knows those of the intent and no others."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.tidegate.gates.world import BRINGS, RELEASE, SERVICES, STACK, ask, gates
from tidegate.gates import gpg
from tidegate.gates.proofs import Proofs
from tidegate.gates.provers import GpgKey, at_hand, signed
from tidegate.gates.statements import statement
from tidegate.gates.verifying import UnprovenError
from tidegate.model.approval import Approval, Proof
from tidegate.model.errors import AuthenticationError, UnreachableError
from tidegate.model.intent.people import Gpg, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

GPG, GPGCONF = shutil.which("gpg"), shutil.which("gpgconf")
pytestmark = pytest.mark.skipif(GPG is None or GPGCONF is None, reason="there is no gpg: install gnupg")


@dataclass(frozen=True)
class Keyring:
    """Somebody's own keys."""

    home: Path

    def run(self, *arguments: str, text: str = "") -> str:
        """Run gpg with them."""
        command = [
            GPG or "",
            "--homedir",
            str(self.home),
            "--batch",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            *arguments,
        ]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=True, timeout=60).stdout

    def make(self, name: str, *, kind: str = "ed25519", expires: str = "never", at: datetime | None = None) -> str:
        """A new key; its fingerprint."""
        time = [f"--faked-system-time={int(at.timestamp())}!"] if at is not None else []
        self.run(*time, "--quick-generate-key", f"{name} <{name}@example.org>", kind, "sign", expires)
        return self.fingerprint(name)

    def fingerprint(self, name: str) -> str:
        """Of a key's primary part."""
        lines = self.run("--with-colons", "--list-keys", f"{name}@example.org").splitlines()
        return next(line.split(":")[9] for line in lines if line.startswith("fpr:"))

    def public(self, name: str) -> str:
        """A key, as it goes into the intent."""
        return self.run("--armor", "--export", "--export-options", "export-minimal", f"{name}@example.org")

    def sign(self, name: str, text: str, *more: str) -> str:
        """A signature."""
        return self.run(*more, "--armor", "--detach-sign", "--local-user", f"{name}@example.org", "--output", "-", text=text)

    def person(self, *names: str) -> dict[str, Any]:
        """Somebody with these keys."""
        return {"identities": [{"kind": "gpg", "fingerprint": self.fingerprint(name), "key": self.public(name)} for name in names]}


@pytest.fixture(scope="module")
def ring() -> Iterator[Keyring]:
    """Ada's and Mallory's keys, and one that has expired."""
    # The agent's socket has a short name.
    with tempfile.TemporaryDirectory(prefix="tg-", ignore_cleanup_errors=True) as folder:
        found = Keyring(Path(folder))
        try:
            found.make("ada")
            found.make("mallory")
            yield found
        finally:
            subprocess.run([GPGCONF or "", "--homedir", folder, "--kill", "all"], check=False, capture_output=True, timeout=30)


@pytest.fixture
def now() -> datetime:
    """When it is said: gpg signs at the time that it is."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def text(now: datetime) -> str:
    """What is said."""
    return statement(STACK, BRINGS, SERVICES, "promote", "approve", "it is well", now, release=RELEASE)


def word(ring: Keyring, text: str, signature: str, *names: str) -> str:
    """Whose word it is; the intent has these keys, Ada's if none is named."""
    people = {
        name: Person(identities=(Gpg(kind="gpg", fingerprint=ring.fingerprint(name), key=ring.public(name)),)) for name in names or ("ada",)
    }
    return Proofs().word(Approval(decision="approve", by="ada", statement=text, proof=Proof(kind="gpg", text=signature)), people).person


def test_what_gpg_signs_counts(ring: Keyring, monkeypatch: pytest.MonkeyPatch, text: str, now: datetime) -> None:
    """From the user's keyring to the gate."""
    monkeypatch.setenv("GNUPGHOME", str(ring.home))
    approval = signed(text, at_hand({}, gpg_key="ada@example.org"))
    assert approval.by == f"gpg:{ring.fingerprint('ada')}"
    intent = gates(people={"ada": ring.person("ada"), "eve": {}}, roles={}, approvals={"release": {"approvers": ["ada"]}})
    found = ask([approval], intent, now=now)
    assert (found.kind, found.ignored) == ("granted", ())
    assert ask([approval], intent, now=now, began_by=approval.by).kind == "waiting"


def test_a_signature_is_of_its_text_by_its_key(ring: Keyring, text: str, now: datetime) -> None:
    """Of no other, and the keys of the user's own keyring say nothing."""
    true = ring.sign("ada", text)
    assert word(ring, text, true) == "ada"
    assert word(ring, text, ring.sign("mallory", text), "ada", "mallory") == "mallory"
    other = statement(STACK, BRINGS, SERVICES, "stage", "approve", "it is well", now, release=RELEASE)
    with pytest.raises(UnprovenError, match="is of something else"):
        word(ring, other, true)
    with pytest.raises(UnprovenError, match=r"isn't in gates\.people"):
        word(ring, text, ring.sign("mallory", text))


def test_two_signatures_are_none(ring: Keyring, text: str) -> None:
    """Ada's and Mallory's in one: whoever counts must not be left to choose."""
    both = ring.run(
        "--armor", "--detach-sign", "--local-user", "ada@example.org", "--local-user", "mallory@example.org", "-o", "-", text=text
    )
    for names in (("ada",), ("ada", "mallory")):
        with pytest.raises(UnprovenError):
            word(ring, text, both, *names)


def test_a_key_that_is_sent_along_proves_nothing(ring: Keyring, text: str) -> None:
    """The intent's keys are all there is, also when one of them comes with others: what counts is the fingerprint."""
    smuggled = Person(identities=(Gpg(kind="gpg", fingerprint=ring.fingerprint("ada"), key=ring.public("ada") + ring.public("mallory")),))
    approval = Approval(decision="approve", by="ada", statement=text, proof=Proof(kind="gpg", text=ring.sign("mallory", text)))
    with pytest.raises(UnprovenError, match=r"the GPG key [0-9A-F]{40} is nobody's"):
        Proofs().word(approval, {"ada": smuggled})


def test_weak_hashes_and_other_times_are_refused(ring: Keyring, text: str) -> None:
    """SHA-1; and a signature that was made at another time than the statement says."""
    with pytest.raises(UnprovenError, match=r"weak hash|not one good signature"):
        word(ring, text, ring.sign("ada", text, "--digest-algo", "SHA1"))
    old = statement(STACK, BRINGS, SERVICES, "promote", "approve", "x", datetime(2026, 1, 1, tzinfo=UTC), release=RELEASE)
    with pytest.raises(UnprovenError, match="wasn't made when that was said"):
        word(ring, old, ring.sign("ada", old))


def test_expired_and_revoked_keys_prove_nothing(ring: Keyring, text: str) -> None:
    """A key that has had its time, a signature that has, and a key that was revoked."""
    then = datetime(2024, 1, 1, tzinfo=UTC)
    ring.make("olga", expires="1y", at=then)
    said = statement(STACK, BRINGS, SERVICES, "promote", "approve", "x", then, release=RELEASE)
    signature = ring.sign("olga", said, f"--faked-system-time={int(then.timestamp())}!")
    with pytest.raises(UnprovenError, match="by a key that has expired"):
        word(ring, said, signature, "olga")
    ring.make("rita")
    signature = ring.sign("rita", text)
    assert word(ring, text, signature, "rita") == "rita"
    revocation = (ring.home / "openpgp-revocs.d" / f"{ring.fingerprint('rita')}.rev").read_text()
    ring.run("--import", text=revocation.replace(":-----BEGIN", "-----BEGIN"))
    with pytest.raises(UnprovenError, match="by a key that was revoked"):
        word(ring, text, signature, "rita")


@pytest.mark.parametrize("signature", ["", "-----BEGIN PGP SIGNATURE-----\n\nnonsense\n-----END PGP SIGNATURE-----", "x" * 40_000])
def test_what_is_no_signature_is_said_to_be_none(ring: Keyring, signature: str, text: str) -> None:
    """Whatever gpg thinks of it."""
    with pytest.raises(UnprovenError):
        gpg.verified(signature, text, [ring.public("ada")])


def test_a_signed_message_is_no_signature_of_the_statement(ring: Keyring, text: str) -> None:
    """Neither one that has its own text within, nor one in the clear."""
    for kind in ("--sign", "--clearsign"):
        whole = ring.run("--armor", kind, "--local-user", "ada@example.org", "--output", "-", text="something else")
        with pytest.raises(UnprovenError):
            gpg.verified(whole, text, [ring.public("ada")])


def test_the_users_own_settings_have_no_say(ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Neither a home with other keys and settings, nor one that can't be read."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    (home / "gpg.conf").write_text("no-such-setting\n")
    monkeypatch.setenv("GNUPGHOME", str(home))
    assert word(ring, text, ring.sign("ada", text)) == "ada"
    assert sorted(path.name for path in home.iterdir()) == ["gpg.conf"]


def test_without_gpg_nobody_can_tell(ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """That is said with what to install, and counts as not now, not as never."""
    signature, key = ring.sign("ada", text), ring.public("ada")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnreachableError, match="install gnupg"):
        gpg.verified(signature, text, [key])


def test_a_key_that_is_not_there_can_not_sign(ring: Keyring, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """An error that names it."""
    monkeypatch.setenv("GNUPGHOME", str(ring.home))
    with pytest.raises(AuthenticationError, match=r"couldn't sign with the GPG key zoe@example\.org"):
        GpgKey("zoe@example.org").prove(text)
