"""GPG signatures, by the `gpg` command in a home of its own with nothing in it but the intent's keys: nobody's keyring has a say."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tidegate.gates.verifying import UnprovenError
from tidegate.model.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 32_000
BEGIN: Final = "-----BEGIN PGP SIGNATURE-----"
_TIMEOUT: Final = 20.0
_STRONG: Final = {"8", "9", "10", "11"}
"""OpenPGP's numbers of SHA-2."""
_BAD: Final = {"BADSIG": "is of something else", "EXPSIG": "has expired", "EXPKEYSIG": "is by a key that has expired"} | {
    "REVKEYSIG": "is by a key that was revoked",
    "ERRSIG": "is by a key that isn't in gates.people",
}
_SETTINGS: Final = (
    "--batch",
    "--no-tty",
    "--no-options",
    "--no-autostart",
    "--no-auto-key-retrieve",
    "--no-auto-key-locate",
    "--disable-dirmngr",
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature says."""

    fingerprint: str
    """Of the primary key."""
    at: int
    """When, in seconds since 1970."""


def verified(signature: str, message: str, keys: Sequence[str]) -> Signed:
    """Who of these keys has signed a message. `UnprovenError`: none; `UnreachableError`: there is no gpg here."""
    if len(signature) > LONGEST or not signature.lstrip().startswith(BEGIN):
        raise UnprovenError(f"no GPG signature: it must begin with {BEGIN}")
    command = shutil.which("gpg")
    if command is None:
        raise UnreachableError("signatures by GPG need the gpg command, and there is none: install gnupg")
    with tempfile.TemporaryDirectory(prefix="tidegate-gpg-", ignore_cleanup_errors=True) as name:
        home = Path(name)
        # With settings of its own it is no new home, for which newer versions would start a daemon for the keys.
        (home / "common.conf").touch()
        (home / "keys.asc").write_text("\n".join(keys))
        (home / "statement").write_text(message)
        (home / "statement.asc").write_text(f"{signature.strip()}\n")
        _run(command, home, "--import", str(home / "keys.asc"))
        said = _run(
            command, home, "--status-fd=1", "--trust-model=always", "--verify", str(home / "statement.asc"), str(home / "statement")
        )
    return _read(said)


def _run(command: str, home: Path, *arguments: str) -> str:
    settings = {name: value for name, value in os.environ.items() if name in {"PATH", "SYSTEMROOT"}}
    try:
        done = subprocess.run(
            [command, "--homedir", str(home), *_SETTINGS, *arguments],
            capture_output=True,
            check=False,
            timeout=_TIMEOUT,
            env={**settings, "GNUPGHOME": str(home), "HOME": str(home), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreachableError(f"gpg doesn't work: {error}") from error
    return done.stdout.decode(errors="replace")


def _read(said: str) -> Signed:
    """What gpg's status lines come to; of several signatures, all would have to be good, so there may be one only."""
    lines = [line.split()[1:] for line in said.splitlines() if line.startswith("[GNUPG:] ")]
    words = [line[0] for line in lines if line]
    for word, why in _BAD.items():
        if word in words:
            raise UnprovenError(f"the GPG signature {why}")
    good = [line for line in lines if line and line[0] == "VALIDSIG"]
    if len(good) != 1 or len(good[0]) < 11:
        raise UnprovenError("the GPG signature is not one good signature")
    _, _, _, at, _, _, _, _, digest, _, primary, *_ = good[0]
    if not at.isdecimal():
        raise UnprovenError("the GPG signature has no time")
    if digest not in _STRONG:
        raise UnprovenError("the GPG signature is by a weak hash: sign with --digest-algo SHA512")
    return Signed(primary, int(at))
