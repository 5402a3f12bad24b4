"""The real `ssh-keygen`: what it signs is taken here, and what is taken here it would take too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.tidegate.gates.test_sshsig import security_key
from tests.unit.tidegate.gates.world import BRINGS, NOW, RELEASE, SERVICES, STACK, ask, gates, key_of, public, ssh_signed
from tidegate.gates import sshsig
from tidegate.gates.provers import SshKey, at_hand, signed
from tidegate.gates.statements import statement
from tidegate.gates.verifying import UnprovenError
from tidegate.model.approval import NAMESPACE
from tidegate.model.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYGEN, AGENT, ADD = (shutil.which(name) for name in ("ssh-keygen", "ssh-agent", "ssh-add"))
pytestmark = pytest.mark.skipif(KEYGEN is None, reason="there is no ssh-keygen: install openssh-client")

TEXT = statement(STACK, BRINGS, SERVICES, "promote", "approve", "it is well", NOW, release=RELEASE)


def keygen(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run ssh-keygen."""
    return subprocess.run([KEYGEN or "", *arguments], input=text, capture_output=True, text=True, check=False, timeout=30)


def made(folder: Path, kind: str, bits: str = "", passphrase: str = "") -> Path:
    """A new key's file."""
    file = folder / f"id_{kind}{bits}"
    done = keygen("-q", "-t", kind, *(["-b", bits] if bits else []), "-N", passphrase, "-C", "ada@laptop", "-f", str(file))
    assert done.returncode == 0, done.stderr
    return file


@pytest.mark.parametrize(("kind", "bits"), [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048")])
def test_what_ssh_keygen_signs_counts(tmp_path: Path, kind: str, bits: str) -> None:
    """From a key's file to the gate, for each kind of key; the line of the .pub file is all that the intent needs."""
    file = made(tmp_path, kind, bits)
    approval = signed(TEXT, at_hand({}, ssh_key=file))
    listed = keygen("-l", "-f", str(file)).stdout.split()[1]
    assert approval.by == f"ssh:{listed}"
    identity = {"kind": "ssh", "key": file.with_suffix(".pub").read_text().strip()}
    intent = gates(people={"ada": {"identities": [identity]}, "eve": {}}, roles={}, approvals={"release": {"approvers": ["ada"]}})
    assert ask([approval], intent).kind == "granted"
    assert ask([approval], intent, began_by=approval.by).kind == "waiting"
    assert not list(tmp_path.glob("*.sig"))


def test_what_is_signed_for_git_does_not_count(tmp_path: Path) -> None:
    """A signature of the very same text, by the right key, for another purpose."""
    file, text = made(tmp_path, "ed25519"), tmp_path / "text"
    text.write_text(TEXT)
    assert keygen("-Y", "sign", "-n", "git", "-f", str(file), str(text)).returncode == 0
    with pytest.raises(UnprovenError, match="is for 'git'"):
        sshsig.verify(sshsig.parsed(Path(f"{text}.sig").read_text()), NAMESPACE, TEXT.encode())


@pytest.mark.parametrize("kind", ["ed25519", "security key", "security key, ecdsa"])
def test_ssh_keygen_takes_what_is_taken_here(tmp_path: Path, kind: str) -> None:
    """The tests' own signatures, those of security keys among them, are signatures to OpenSSH too."""
    match kind:
        case "ed25519":
            armoured = ssh_signed(key_of("ada"), TEXT)
        case "security key":
            armoured = security_key("sk-ssh-ed25519@openssh.com", TEXT)
        case _:
            armoured = security_key("sk-ecdsa-sha2-nistp256@openssh.com", TEXT)
    (tmp_path / "sig").write_text(armoured)
    blob = sshsig.parsed(armoured).key
    (tmp_path / "signers").write_text(f"ada {line_of(blob)}\n")
    told = ["-n", NAMESPACE, "-f", str(tmp_path / "signers"), "-I", "ada", "-s", str(tmp_path / "sig")]
    done = keygen("-Y", "verify", *told, text=TEXT)
    assert done.returncode == 0, done.stdout + done.stderr
    sshsig.verify(sshsig.parsed(armoured), NAMESPACE, TEXT.encode())
    assert keygen("-Y", "verify", *told, text=f"{TEXT} ").returncode != 0


def line_of(blob: bytes) -> str:
    """A key as files of keys have it."""
    import base64

    return f"{blob[4 : 4 + int.from_bytes(blob[:4])].decode()} {base64.b64encode(blob).decode()}"


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent with no keys yet."""
    if AGENT is None or ADD is None:
        pytest.skip("there is no ssh-agent: install openssh-client")
    # Sockets have short names.
    import tempfile

    with tempfile.TemporaryDirectory(prefix="tg-") as folder:
        socket = Path(folder, "s")
        process = subprocess.Popen([AGENT, "-D", "-a", str(socket)], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert "SSH_AUTH_SOCK" in process.stdout.readline()
            monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
            yield
        finally:
            process.terminate()
            process.communicate(timeout=10)
    del tmp_path


@pytest.mark.usefixtures("agent")
def test_an_agent_signs_for_a_public_key(tmp_path: Path) -> None:
    """The key itself needn't be here."""
    file = made(tmp_path, "ed25519")
    subprocess.run([ADD or "", "-q", str(file)], check=True, capture_output=True, timeout=10)
    file.unlink()
    proof = SshKey(file.with_suffix(".pub")).prove(TEXT)
    sshsig.verify(sshsig.parsed(proof.text), NAMESPACE, TEXT.encode())


def test_what_can_not_sign_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, a public key without an agent, a wrong file, no ssh-keygen: an error that names it, and no question to anybody."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(ConfigurationError, match="there is no SSH key"):
        SshKey(tmp_path / "none").prove(TEXT)
    lone = tmp_path / "lone.pub"
    lone.write_text(public(key_of("ada")))
    with pytest.raises(AuthenticationError, match=r"couldn't sign with .*lone\.pub"):
        SshKey(lone).prove(TEXT)
    (tmp_path / "text").write_text("no key")
    (tmp_path / "text").chmod(0o600)
    with pytest.raises(AuthenticationError, match="couldn't sign with"):
        SshKey(tmp_path / "text").prove(TEXT)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="there is no ssh-keygen here: install openssh-client"):
        SshKey(lone).prove(TEXT)
