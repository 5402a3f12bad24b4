"""Passphrase secrets: AES-256-GCM with a key from PBKDF2 (a million rounds), as Pulumi's `passphrase` provider writes them.

Deriving the key takes a good part of a second, so it runs in a thread from the moment a passphrase is known, and once for
each salt and passphrase in a process. Who only reads what is not secret never waits for it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol
from weakref import WeakKeyDictionary

from embedded.engine.model.errors import AuthenticationError, EngineError, NotSupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from embedded.engine.model.values import Secret

PASSPHRASE: Final = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105 - a variable's name
PASSPHRASE_FILE: Final = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105 - a variable's name
PROVIDER: Final = "passphrase"

_ROUNDS: Final = 1_000_000
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_PROOF: Final = "pulumi"
_PARTS: Final = 3
_FIX: Final = (
    "please set PULUMI_CONFIG_PASSPHRASE to the correct passphrase or set PULUMI_CONFIG_PASSPHRASE_FILE to a file containing the passphrase"
)


class PassphraseError(AuthenticationError):
    """The passphrase is missing or wrong. The CLI ends with 1 on it."""

    code = 1


class Secrets(Protocol):
    """Encrypts and decrypts a stack's secrets.

    `kept` remembers the ciphertext of each secret value that was read or written with this object, so that a value that
    did not change keeps its ciphertext. It forgets values that nobody holds any more.
    """

    @property
    def kept(self) -> MutableMapping[Secret, str]:
        """The ciphertexts of the values that are in use."""
        ...

    @property
    def provider(self) -> dict[str, Any]:
        """The checkpoint's `secrets_providers`: type and state."""
        ...

    def encrypt(self, text: str) -> str:
        """The text as `v1:NONCE:CIPHERTEXT`."""
        ...

    def decrypt(self, ciphertext: str) -> str:
        """The text of such a ciphertext."""
        ...


class _Key:
    """A key that is being derived in a thread of its own."""

    def __init__(self, passphrase: str, salt: bytes) -> None:
        self._passphrase, self._salt, self._key = passphrase, salt, b""
        self._thread = threading.Thread(target=self._derive, name="passphrase key", daemon=True)
        self._thread.start()

    def _derive(self) -> None:
        self._key = hashlib.pbkdf2_hmac("sha256", self._passphrase.encode(), self._salt, _ROUNDS, _KEY_BYTES)

    def get(self) -> bytes:
        self._thread.join()
        if not self._key:  # a process that was forked meanwhile has no such thread
            self._derive()
        return self._key


_keys: dict[tuple[bytes, str], _Key] = {}
_keys_lock = threading.Lock()


def _key(passphrase: str, salt: bytes) -> _Key:
    with _keys_lock:
        key = _keys.get((salt, passphrase))
        if key is None:
            key = _keys[salt, passphrase] = _Key(passphrase, salt)
        return key


class PassphraseSecrets:
    """Secrets under a passphrase. `salt` is the line that stack settings and checkpoints hold: `v1:SALT:v1:NONCE:PROOF`.

    Opening does not wait for the key; the first use (or `verify`) does, and raises PassphraseError if the passphrase
    is not the one that the salt line was made with.
    """

    def __init__(self, salt: str, passphrase: str, *, verified: bool = False) -> None:
        self.salt = salt
        self.kept: WeakKeyDictionary[Secret, str] = WeakKeyDictionary()
        self._key = _key(passphrase, _salt_bytes(salt))
        self._verified = verified
        self._cipher: Any = None

    @classmethod
    def open(cls, salt: str, passphrase: str) -> PassphraseSecrets:
        """The secrets of an existing salt line; the key is derived in the background."""
        return cls(salt, passphrase)

    @classmethod
    def create(cls, passphrase: str) -> PassphraseSecrets:
        """New secrets with a new salt; `salt` is then to be stored as the stack's `encryptionsalt`."""
        salt = base64.b64encode(os.urandom(_SALT_BYTES)).decode()
        maker = cls(f"v1:{salt}:v1::", passphrase, verified=True)
        maker.salt = f"v1:{salt}:{maker.encrypt(_PROOF)}"
        return maker

    @property
    def provider(self) -> dict[str, Any]:
        """The checkpoint's `secrets_providers`."""
        return {"type": PROVIDER, "state": {"salt": self.salt}}

    def verify(self) -> None:
        """Waits for the key and raises PassphraseError if the passphrase is wrong."""
        self._ready()

    def encrypt(self, text: str) -> str:
        """`v1:NONCE:CIPHERTEXT` with a fresh nonce."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ready().encrypt(nonce, text.encode("utf-8", "surrogatepass"), None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, ciphertext: str) -> str:
        """The text; EngineError if the ciphertext is damaged or of another key."""
        return self._open(self._ready(), ciphertext)

    def _ready(self) -> Any:
        if self._cipher is None:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM

            cipher = AESGCM(self._key.get())
            if not self._verified and not self._proves(cipher):
                msg = f"incorrect passphrase, {_FIX}"
                raise PassphraseError(msg)
            self._verified, self._cipher = True, cipher
        return self._cipher

    def _proves(self, cipher: Any) -> bool:
        try:
            return self._open(cipher, self.salt.split(":", 2)[2]) == _PROOF
        except EngineError:
            return False

    @staticmethod
    def _open(cipher: Any, ciphertext: str) -> str:
        from cryptography.exceptions import InvalidTag

        parts = ciphertext.split(":")
        if len(parts) != _PARTS or parts[0] != "v1":
            parts = ["", "malformed", "malformed"]
        try:
            nonce, sealed = base64.b64decode(parts[1], validate=True), base64.b64decode(parts[2], validate=True)
            plain: bytes = cipher.decrypt(nonce, sealed, None)
        except (ValueError, binascii.Error):
            msg = "a secret's ciphertext is malformed: it should be `v1:<nonce>:<ciphertext>`"
            raise EngineError(msg) from None
        except InvalidTag:
            msg = "a secret does not decrypt with the stack's passphrase: it was encrypted with another key, or damaged"
            raise EngineError(msg) from None
        return plain.decode("utf-8", "surrogatepass")


class BlindSecrets:
    """Shows `[secret]` for every secret, needs no passphrase, and cannot encrypt."""

    def __init__(self) -> None:
        self.kept: WeakKeyDictionary[Secret, str] = WeakKeyDictionary()

    @property
    def provider(self) -> dict[str, Any]:
        """None is known."""
        return {}

    def encrypt(self, text: str) -> str:  # noqa: ARG002 - of the protocol
        """Refuses: there is no key."""
        msg = f"secrets cannot be encrypted without the stack's passphrase; set {PASSPHRASE} or {PASSPHRASE_FILE}"
        raise PassphraseError(msg)

    def decrypt(self, ciphertext: str) -> str:  # noqa: ARG002 - of the protocol
        """A JSON text that reads `[secret]`."""
        return '"[secret]"'


def _salt_bytes(line: str) -> bytes:
    parts = line.split(":", 2)
    try:
        if len(parts) == _PARTS and parts[0] == "v1":
            return base64.b64decode(parts[1], validate=True)
    except binascii.Error:
        pass
    msg = "the stack's encryptionsalt is malformed: it should be `v1:<salt>:v1:<nonce>:<ciphertext>`"
    raise EngineError(msg)


def read_passphrase(ask: Callable[[], str] | None = None) -> str:
    """The passphrase: from the environment, else from the file that it names, else from `ask`, else PassphraseError."""
    passphrase = os.environ.get(PASSPHRASE)
    if passphrase is not None:
        return passphrase
    file = os.environ.get(PASSPHRASE_FILE)
    if file:
        try:
            return Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as e:
            why = e.strerror.lower() if isinstance(e, OSError) and e.strerror else str(e)
            msg = f"unable to read {PASSPHRASE_FILE}: open {file}: {why}"
            raise PassphraseError(msg) from e
    if ask is not None:
        return ask()
    msg = f"passphrase must be set with {PASSPHRASE} or {PASSPHRASE_FILE} environment variables"
    raise PassphraseError(msg)


def open_provider(provider: dict[str, Any] | None, ask: Callable[[], str] | None = None) -> PassphraseSecrets | None:
    """The secrets that a checkpoint's `secrets_providers` names; None if it names none. Other providers than passphrase are refused."""
    if not provider or not provider.get("type"):
        return None
    if provider["type"] != PROVIDER:
        msg = f"the secrets provider {provider['type']!r}"
        raise NotSupportedError(msg, "use the passphrase provider, or run the same command with the real `pulumi` CLI")
    salt = (provider.get("state") or {}).get("salt")
    if not isinstance(salt, str):
        msg = "the checkpoint's passphrase provider has no salt; restore the stack from a backup or its history"
        raise EngineError(msg)
    return PassphraseSecrets.open(salt, read_passphrase(ask))


def prefetch(salt: str, passphrase: str) -> None:
    """Starts deriving the key of a salt line, for whoever opens it next."""
    _key(passphrase, _salt_bytes(salt))
