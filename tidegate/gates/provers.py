"""Proving who one is: a statement signed by what is at hand, such as the CI's token, an SSH key or a GPG key."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlencode, urlsplit

from tidegate.gates.matching import fingerprint
from tidegate.gates.statements import audience, packed, read, unpacked
from tidegate.model.approval import NAMESPACE, Approval, Proof, Statement
from tidegate.model.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREPARED: Final = "TIDEGATE_STATEMENT"
_TIMEOUT: Final = 60.0
"""Seconds: a security key is touched, or a passphrase is typed, in that time."""
_LONGEST: Final = 64_000


class Prover(Protocol):
    """Somebody who can prove who they are."""

    def prove(self, statement: str) -> Proof:
        """The proof that it is theirs. `AuthenticationError`: it can't be had."""

    def who(self, proof: Proof) -> str:
        """Who that is, as the proof says it: `oidc:ISSUER:SUBJECT`, `ssh:SHA256:...`, `gpg:FINGERPRINT`."""


def signed(statement: str, prover: Prover) -> Approval:
    """What goes into the ledger."""
    text = prover.prepared(statement) if isinstance(prover, Token) else statement
    proof = prover.prove(text)
    decision = Statement.model_validate_json(text).decision
    return Approval(decision=decision, by=prover.who(proof), statement=text, proof=proof)


def preparation(statement: str) -> dict[str, str]:
    """What another job needs so that its token is a signature of a statement, as variables."""
    return {PREPARED: packed(statement), "TIDEGATE_AUDIENCE": audience(statement)}


@dataclass(frozen=True, slots=True)
class GitHub:
    """A job of GitHub Actions that has `permissions: id-token: write`."""

    environ: Mapping[str, str]

    def prove(self, statement: str) -> Proof:
        """A token that is for this statement and nothing else."""
        address, secret = (self.environ.get(f"ACTIONS_ID_TOKEN_REQUEST_{part}") for part in ("URL", "TOKEN"))
        if not address or not secret:
            raise AuthenticationError("GitHub gives this job no token: it needs `permissions: id-token: write`")
        return _token(_asked(address, secret, audience(statement)), statement)

    def who(self, proof: Proof) -> str:
        """The token's subject."""
        return _subject(proof)


@dataclass(frozen=True, slots=True)
class Token:
    """A token that the CI has put into a variable, as GitLab's `id_tokens` do: for an audience that is known before the job begins.

    So the statement is prepared by another job (`tidegate approve --prepare`), and is in the variable TIDEGATE_STATEMENT.
    """

    variable: str
    environ: Mapping[str, str]

    def prepared(self, statement: str) -> str:
        """The statement that the token is for. It must say what would be said now, but for when, and why if nothing is said of that now."""
        text = unpacked(self.environ.get(PREPARED, ""))
        said, wanted = read(text or ""), read(statement)
        if text is None or said is None or wanted is None:
            raise AuthenticationError(f"the variable {PREPARED} has no statement: prepare one, with `tidegate approve --prepare`")
        if said != wanted.model_copy(update={"at": said.at, "reason": wanted.reason or said.reason}):
            raise AuthenticationError(f"what was prepared ({PREPARED}) is for something else than is asked now: prepare it anew")
        return text

    def prove(self, statement: str) -> Proof:
        """The token, if it is for this statement."""
        token = self.environ.get(self.variable, "").strip()
        if not token:
            raise AuthenticationError(f"there is no token in the variable {self.variable}")
        return _token(token, statement)

    def who(self, proof: Proof) -> str:
        """The token's subject."""
        return _subject(proof)


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """A command that prints a token for an audience, such as `gcloud auth print-identity-token --audiences={audience}`."""

    command: str
    """Its words, parted as a shell parts them; no shell runs it. `{audience}` stands for what the token must be for."""

    def prove(self, statement: str) -> Proof:
        """What it prints, if that is a token for this statement."""
        try:
            words = [word.replace("{audience}", audience(statement)) for word in shlex.split(self.command)]
        except ValueError as error:
            raise ConfigurationError(f"--token-command {self.command}: {error}") from error
        if not words or "{audience}" not in self.command:
            raise ConfigurationError("--token-command must name a command, and have {audience} where that takes what the token is for")
        return _token(_run(words, f"get a token by {words[0]}").strip(), statement)

    def who(self, proof: Proof) -> str:
        """The token's subject."""
        return _subject(proof)


@dataclass(frozen=True, slots=True)
class SshKey:
    """An SSH key: its file, or its .pub file with the key itself in an agent."""

    file: Path

    def prove(self, statement: str) -> Proof:
        """A signature by `ssh-keygen`."""
        from tidegate.gates import sshsig

        command = _command("ssh-keygen", "openssh-client")
        if not self.file.is_file():
            raise ConfigurationError(f"there is no SSH key {self.file}")
        with tempfile.TemporaryDirectory(prefix="tidegate-sign-") as folder:
            text = Path(folder, "statement")
            text.write_text(statement)
            _run([command, "-Y", "sign", "-n", NAMESPACE, "-f", str(self.file), str(text)], f"sign with {self.file}")
            armoured = Path(folder, "statement.sig").read_text().strip()
        sshsig.verify(sshsig.parsed(armoured), NAMESPACE, statement.encode())
        return Proof(kind="ssh", text=armoured)

    def who(self, proof: Proof) -> str:
        """The key's fingerprint."""
        from tidegate.gates import sshsig

        return f"ssh:{fingerprint(sshsig.parsed(proof.text).key)}"


@dataclass(frozen=True, slots=True)
class GpgKey:
    """A GPG key of the user's keyring."""

    key: str
    """Its fingerprint, or what else gpg knows it by."""

    def prove(self, statement: str) -> Proof:
        """A signature by `gpg`."""
        command = _command("gpg", "gnupg")
        arguments = ["--batch", "--armor", "--digest-algo", "SHA512", "--local-user", self.key, "--detach-sign", "--output", "-"]
        return Proof(kind="gpg", text=_run([command, *arguments], f"sign with the GPG key {self.key}", statement).strip())

    def who(self, proof: Proof) -> str:
        """The fingerprint of the primary key."""
        del proof  # it names a part of the key only
        command = _command("gpg", "gnupg")
        listed = _run([command, "--batch", "--with-colons", "--list-secret-keys", self.key], f"look up the GPG key {self.key}")
        found = [line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:")]
        return f"gpg:{found[0]}"


def at_hand(
    environ: Mapping[str, str],
    *,
    token: str | None = None,
    token_command: str | None = None,
    ssh_key: Path | None = None,
    gpg_key: str | None = None,
) -> Prover:
    """What proves who one is here: what was named, or the token that GitHub gives to jobs."""
    given = {"token": token, "token-command": token_command, "ssh-key": ssh_key, "gpg-key": gpg_key}
    named = [name for name, value in given.items() if value]
    if len(named) > 1:
        raise ConfigurationError(f"give one of --{' and --'.join(named)}")
    if token:
        return Token(token, environ)
    if token_command:
        return TokenCommand(token_command)
    if ssh_key:
        return SshKey(ssh_key)
    if gpg_key:
        return GpgKey(gpg_key)
    if environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        return GitHub(environ)
    raise AuthenticationError(
        "nothing here proves who you are: name a key (--ssh-key FILE, --gpg-key FINGERPRINT), or what prints a token "
        "(--token-command COMMAND), or run it in a job of GitHub Actions with `permissions: id-token: write`"
    )


def _token(token: str, statement: str) -> Proof:
    """A token as a proof, unless it is for something else: then it is better said now than when it is counted."""
    claims = _claims(token)
    if claims.get("aud") not in (audience(statement), [audience(statement)]):
        raise AuthenticationError(f"the token is for {claims.get('aud')!a}, and must be for this statement: audience {audience(statement)}")
    return Proof(kind="oidc", text=token)


def _claims(token: str) -> dict[str, Any]:
    """What a token says; whether that is so is the verifier's business."""
    import jwt

    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise AuthenticationError("that is no token") from error
    return claims


def _subject(proof: Proof) -> str:
    claims = _claims(proof.text)
    return f"oidc:{claims.get('iss')}:{claims.get('sub')}"


def _asked(address: str, secret: str, wanted: str) -> str:
    """GitHub's answer to a job that asks for a token."""
    from embedded.lean import httpx

    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise AuthenticationError("GitHub's tokens are asked for by https only: ACTIONS_ID_TOKEN_REQUEST_URL leads elsewhere")
    whole = parts._replace(query="&".join(filter(None, (parts.query, urlencode({"audience": wanted}))))).geturl()
    try:
        with httpx.Client(timeout=10.0, follow_redirects=False, trust_env=parts.scheme == "https") as client:
            answer = client.get(whole, headers={"Authorization": f"Bearer {secret}", "Accept": "application/json"})
    except httpx.HTTPError as error:
        raise AuthenticationError(f"GitHub doesn't give a token: {type(error).__name__}") from error
    if answer.status_code != httpx.codes.OK or len(answer.content) > _LONGEST:
        raise AuthenticationError(f"GitHub doesn't give a token: it answers {answer.status_code}")
    try:
        value = answer.json().get("value")
    except (ValueError, AttributeError):
        value = None
    if not isinstance(value, str):
        raise AuthenticationError("GitHub doesn't give a token: its answer has none")
    return value


def _command(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise ConfigurationError(f"there is no {name} here: install {package}")
    return found


def _run(command: list[str], what: str, text: str | None = None) -> str:
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AuthenticationError(f"couldn't {what}: {error}") from error
    if done.returncode != 0:
        raise AuthenticationError(f"couldn't {what}: {done.stderr.strip()}")
    return done.stdout
