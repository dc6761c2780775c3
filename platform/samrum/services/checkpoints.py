"""Signed checkpoints: how long the audit log was and what stood in it, to be kept outside the database.

The text is a C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint), a signed note with an Ed25519 signature
(https://c2sp.org/signed-note): the log's name, how many rows it had from its beginning, the root of the Merkle tree
over their hashes (``tree.py``), and the signature. Tools that follow such logs can follow this one.
"""

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from samrum.services.chain import Mark

LONGEST: Final = 64 * 1024  # bytes of a checkpoint with all its signatures
_ED25519: Final = b"\x01"
_PRIVATE: Final = "PRIVATE+KEY+"
_DASH: Final = "\u2014 "


class BadKey(Exception):
    """The file is not a key for checkpoints; the message says what is wrong with it."""


class BadCheckpoint(Exception):
    """The text is not a checkpoint, or was not signed with the key; the message says which."""


class _OtherKey(BadCheckpoint):
    """It was signed, if at all, with other keys."""


@dataclass(frozen=True)
class PublicKey:
    """The public half of a log's key: the log's name and 32 bytes."""

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names its key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """The key in one line, as tools for signed notes read it."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, text: str) -> "PublicKey":
        """Read the line that ``text`` gives. Raises ``BadKey``."""
        name, key_id, raw = _parts(text.strip())
        key = cls(name, raw)
        if key.key_id.hex() != key_id:
            raise BadKey("the key does not match its own fingerprint")
        return key


class SigningKey:
    """The secret half of a log's key, in a file of its own."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def create(cls, path: Path, name: str) -> "SigningKey":
        """Write a new key that only its owner may read. Raises ``BadKey`` or ``FileExistsError``."""
        if not name or "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
            raise BadKey("a log's name has no spaces and no plus, such as samrum.example.dk/audit")
        seed = os.urandom(32)
        key = cls(name, seed)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            secret = b64encode(_ED25519 + seed).decode()
            file.write(f"{_PRIVATE}{name}+{key.public.key_id.hex()}+{secret}\n")
        return key

    @classmethod
    def load(cls, path: Path) -> "SigningKey":
        """Read a key file. Raises ``BadKey``."""
        text = _read(path).strip()
        if not text.startswith(_PRIVATE):
            raise BadKey("it is not the secret half of a key")
        name, key_id, seed = _parts(text.removeprefix(_PRIVATE))
        key = cls(name, seed)
        if key.public.key_id.hex() != key_id:
            raise BadKey("the key does not match its own fingerprint")
        return key

    def sign(self, mark: Mark) -> str:
        """The checkpoint that says how long the log is, and the root of its tree."""
        text = f"{self.public.name}\n{mark.sequence}\n{b64encode(mark.hash).decode()}\n"
        signature = b64encode(self.public.key_id + self._key.sign(text.encode())).decode()
        return f"{text}\n{_DASH}{self.public.name} {signature}\n"


def load_public(path: Path) -> PublicKey:
    """Read the file with a public key. Raises ``BadKey``."""
    return PublicKey.parse(_read(path))


def open_checkpoint(text: str, *keys: PublicKey) -> Mark:
    """What the checkpoint says, once the signature of one of the keys has been checked. Raises ``BadCheckpoint``.

    Signatures of other keys are ignored, as the note's specification asks.
    """
    refused = BadCheckpoint("there is no key to check it with")
    for key in keys:
        try:
            return _open(text, key)
        except _OtherKey as error:
            refused = error
    raise refused


def _open(text: str, key: PublicKey) -> Mark:
    if len(text) > LONGEST or any(ord(letter) < 32 and letter != "\n" for letter in text):
        raise BadCheckpoint("it is not a checkpoint")
    body, gap, signatures = text.rpartition("\n\n")
    if not gap or not signatures.endswith("\n"):
        raise BadCheckpoint("it is not a checkpoint")
    body += "\n"
    _check_signature(body, signatures.splitlines(), key)
    lines = body.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise BadCheckpoint("it is not a checkpoint")
    origin, size, root = lines[:3]
    if origin != key.name:
        raise BadCheckpoint("it is of another log")
    if not size.isascii() or not size.isdecimal() or len(size) > 18 or (size != "0" and size.startswith("0")):
        raise BadCheckpoint("its number of rows is not one")
    row_hash = _base64(root)
    if row_hash is None or len(row_hash) != 32:
        raise BadCheckpoint("its hash is not one")
    return Mark(int(size), row_hash)


def _check_signature(body: str, lines: list[str], key: PublicKey) -> None:
    found = False
    for line in lines:
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        signature = _base64(encoded)
        if not line.startswith(_DASH) or not name or signature is None or len(signature) < 5:
            raise BadCheckpoint("a line of its signatures is not one")
        if name != key.name or signature[:4] != key.key_id:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature[4:], body.encode())
        except InvalidSignature as error:
            raise BadCheckpoint("it was changed after it was signed") from error
        found = True
    if not found:
        raise _OtherKey("it was not signed with this key")


def _parts(text: str) -> tuple[str, str, bytes]:
    """Name, fingerprint and the 32 bytes of a key's line; base64 may hold a plus of its own."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _base64(encoded)
    if not name or raw is None or len(raw) != 33 or raw[:1] != _ED25519:
        raise BadKey("it is not an Ed25519 key for checkpoints")
    return name, key_id, raw[1:]


def _base64(text: str) -> bytes | None:
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == text else None


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(LONGEST)
    except (OSError, ValueError) as error:
        raise BadKey("the file cannot be read") from error
