"""The key for what the database holds sealed (CPR numbers, one-time-code secrets) and for what it only recognises."""

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from samrum.cpr import Cpr

_NONCE = 12


class FieldKeyError(Exception):
    """The field key file is missing or not one, or a sealed field does not open with it."""


class FieldKeys:
    """Keys derived from one 32-byte secret, one for each purpose, so that no value passes for another."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise FieldKeyError("the field key must be 32 bytes")
        self._secret = secret

    @classmethod
    def load(cls, path: Path) -> "FieldKeys":
        """Read the key file. Raises ``FieldKeyError``, for one that others can read as well."""
        try:
            if path.stat().st_mode & 0o027:
                raise FieldKeyError(f"{path} is open to others: chmod 600 (or 640 for its group to read)")
            lines = path.read_text().splitlines()
            return cls(bytes.fromhex(next(line for line in lines if line and not line.startswith("#"))))
        except (OSError, ValueError, StopIteration) as error:
            raise FieldKeyError(f"no field key could be read from {path}") from error

    @staticmethod
    def create(path: Path, *, note: str = "# samrum field key 1") -> None:
        """Write a new key file that only its owner may read. Raises ``FileExistsError`` rather than replace one."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{note}\n{secrets.token_hex(32)}\n")

    def _key(self, purpose: str) -> bytes:
        return HKDFExpand(algorithm=SHA256(), length=32, info=b"samrum field key " + purpose.encode()).derive(
            self._secret
        )

    def seal(self, purpose: str, plaintext: bytes) -> bytes:
        """Encrypt a small field; it opens under the same purpose only."""
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._key("seal " + purpose)).encrypt(nonce, plaintext, None)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """The reverse of ``seal``. Raises ``FieldKeyError``."""
        try:
            return AESGCM(self._key("seal " + purpose)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
        except (InvalidTag, ValueError) as error:
            raise FieldKeyError(f"a sealed field does not open: {purpose}") from error

    def recognise(self, purpose: str, value: bytes) -> bytes:
        """A 32-byte keyed hash: the same value is recognised again, nothing is read back."""
        return hmac.new(self._key("recognise " + purpose), value, sha256).digest()

    def seal_cpr(self, cpr: Cpr) -> bytes:
        return self.seal("cpr", cpr.digits.encode())

    def open_cpr(self, sealed: bytes) -> Cpr:
        return Cpr(self.open("cpr", sealed).decode())

    def index_cpr(self, cpr: Cpr) -> bytes:
        return self.recognise("cpr", cpr.digits.encode())
