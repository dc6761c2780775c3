"""Cobblestone-256: chunked, committing, seekable encryption, as specified at c2sp.org/chunked-encryption.

A message is ``salt (24) || commitment (32) || chunks``. Every chunk holds 16,384 bytes of plaintext and a
16-byte tag, except the last one, which is always shorter and may hold nothing. This module does no input or
output, and knows neither magic nor places: see :mod:`storage.container` for those.
"""

import hmac
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from storage.errors import Corrupt

KEY: Final = 32
SALT: Final = 24
COMMITMENT: Final = 32
HEADER: Final = SALT + COMMITMENT
TAG: Final = 16
CHUNK: Final = 16_384
SEALED_CHUNK: Final = CHUNK + TAG
MAX_CHUNKS: Final = 1 << 38  # 4 PiB, the limit of the specification for one message
BLOCK: Final = 16 * SEALED_CHUNK
"""Sealed bytes opened together: 256 KiB of plaintext keep the cost of a hand-over small, and memory bounded."""

_NONCE: Final = 12
_DERIVED: Final = KEY + _NONCE + COMMITMENT
_LABEL: Final = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00"

Expand = Callable[[bytes, int], bytes]
"""HKDF-Expand-SHA-512 (RFC 5869) under a fixed input key: (info, bytes wanted) -> bytes."""


def expander(key: bytes) -> Expand:
    """HKDF-Expand-SHA-512 under a 32-byte input key held in memory. ValueError for any other length."""
    if len(key) != KEY:
        raise ValueError(f"the input key must be {KEY} bytes")

    def expand(info: bytes, length: int) -> bytes:
        return HKDFExpand(SHA512(), length, info).derive(key)

    return expand


def sealed_size(size: int) -> int:
    """How many bytes a message of ``size`` plaintext bytes takes."""
    return HEADER + size + TAG * (size // CHUNK + 1)


def plain_size(length: int) -> int:
    """How many plaintext bytes a message of ``length`` bytes holds. Corrupt for a length no message can have."""
    full, last = divmod(length - HEADER, SEALED_CHUNK)
    # "the last chunk is always shorter": without room for its tag, the message was cut
    if length < HEADER or last < TAG:
        raise Corrupt("not a possible length: truncated")
    if full >= MAX_CHUNKS:
        raise Corrupt("longer than a message can be")
    return full * CHUNK + last - TAG


def span(start: int, stop: int) -> tuple[int, int]:
    """The bytes of a message, from and up to, whose chunks hold the plaintext bytes ``start`` to ``stop``."""
    return HEADER + start // CHUNK * SEALED_CHUNK, HEADER + (max(stop - 1, start) // CHUNK + 1) * SEALED_CHUNK


class _Keys:
    """What one message is sealed with, from its input key, salt and context."""

    def __init__(self, expand: Expand, salt: bytes, context: bytes) -> None:
        derived = expand(_LABEL + salt + context, _DERIVED)
        self.aead_key = derived[:KEY]
        self.base_nonce = derived[KEY : KEY + _NONCE]
        self.commitment = derived[KEY + _NONCE :]


class Sealer:
    """Seals one message, chunk by chunk and in order.

    ``header`` comes first, then whole chunks through :meth:`seal_chunks`, then the rest through :meth:`seal_last`.
    The salt is drawn at random; handing one in is for known-answer tests only.
    """

    def __init__(self, expand: Expand, context: bytes, salt: bytes | None = None) -> None:
        salt = os.urandom(SALT) if salt is None else salt
        if len(salt) != SALT:
            raise ValueError(f"the salt must be {SALT} bytes")
        keys = _Keys(expand, salt, context)
        self.header: Final = salt + keys.commitment
        self._aead = AESGCM(keys.aead_key)
        self._base = int.from_bytes(keys.base_nonce, "big")
        self._next = 0
        self._done = False

    def seal_chunks(self, plain: memoryview, out: memoryview) -> int:
        """Seal ``plain``, a whole number of chunks, into the start of ``out``; returns the bytes written there."""
        if self._done or self._next + len(plain) // CHUNK >= MAX_CHUNKS:
            raise ValueError("the message is complete, or as long as one can be")
        if len(plain) % CHUNK:
            raise ValueError(f"whole chunks of {CHUNK} bytes only")
        encrypt, base, at = self._aead.encrypt_into, self._base, 0
        for index, start in enumerate(range(0, len(plain), CHUNK), self._next):
            nonce = (base ^ index).to_bytes(_NONCE, "big")
            encrypt(nonce, plain[start : start + CHUNK], None, out[at : at + SEALED_CHUNK])
            at += SEALED_CHUNK
        self._next += len(plain) // CHUNK
        return at

    def seal_last(self, plain: bytes | bytearray | memoryview) -> bytes:
        """Seal the last chunk, shorter than the others (possibly empty): the message is complete then."""
        if self._done or len(plain) >= CHUNK:
            raise ValueError("the last chunk is shorter than the others, and there is one")
        self._done = True
        return self._aead.encrypt((self._base ^ self._next).to_bytes(_NONCE, "big"), plain, None)


def seal(expand: Expand, context: bytes, plain: bytes, salt: bytes | None = None) -> bytes:
    """A whole message at once, for short plaintexts such as keys and names."""
    sealer = Sealer(expand, context, salt)
    whole = len(plain) - len(plain) % CHUNK
    chunks = bytearray(whole // CHUNK * SEALED_CHUNK)
    view = memoryview(plain)
    sealer.seal_chunks(view[:whole], memoryview(chunks))
    return sealer.header + chunks + sealer.seal_last(view[whole:])


class Opener:
    """Opens a message of known length, from any point.

    Made from the 56-byte header and the length of the whole message; Corrupt when the commitment does not fit key,
    salt and context, so that no chunk is touched under a wrong key.
    """

    def __init__(self, expand: Expand, context: bytes, header: bytes, length: int) -> None:
        if len(header) != HEADER:
            raise Corrupt("the header is cut short")
        keys = _Keys(expand, header[:SALT], context)
        if not hmac.compare_digest(keys.commitment, header[SALT:]):
            raise Corrupt("the commitment does not fit: another key, another place, or damage")
        self.aead_key: Final = keys.aead_key
        self.base_nonce: Final = keys.base_nonce
        self._aead = AESGCM(keys.aead_key)
        self._base = int.from_bytes(keys.base_nonce, "big")
        self.length: Final = length

    @property
    def size(self) -> int:
        """Plaintext bytes, as the length says: trust it once :meth:`open_last` has passed. Corrupt if impossible."""
        return plain_size(self.length)

    @property
    def last_at(self) -> int:
        """Where the last chunk starts, in bytes from the start of the message."""
        return HEADER + (self.length - HEADER) // SEALED_CHUNK * SEALED_CHUNK

    def open_last(self, sealed: bytes | memoryview) -> bytes:
        """The plaintext of the last chunk, which authenticates the length of the message."""
        return self._open((self.length - HEADER) // SEALED_CHUNK, sealed)

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The bytes of the message, from and up to, that hold the plaintext bytes ``start`` to ``stop``."""
        lower, upper = span(start, stop)
        return lower, min(upper, self.length)

    def open_range(self, sealed: Iterable[bytes | memoryview], start: int, stop: int) -> Iterator[bytes]:
        """The plaintext bytes ``start`` to ``stop``, in pieces of at most 256 KiB, each verified before it is released.

        ``sealed`` yields the bytes of :meth:`span`, cut anywhere. Corrupt when a chunk fails or bytes are missing.
        """
        index, at = start // CHUNK, start // CHUNK * CHUNK
        blocks = _regroup(sealed, BLOCK)
        while at < stop:
            block = next(blocks, None)
            if block is None:
                raise Corrupt("chunks are missing")
            starts = range(0, len(block), SEALED_CHUNK)
            plain = b"".join([self._open(n, block[i : i + SEALED_CHUNK]) for n, i in enumerate(starts, index)])
            lower, upper = max(start - at, 0), min(stop - at, len(plain))
            index += len(starts)
            at += len(plain)
            yield plain if (lower, upper) == (0, len(plain)) else plain[lower:upper]

    def _open(self, index: int, sealed: bytes | memoryview) -> bytes:
        try:
            return self._aead.decrypt((self._base ^ index).to_bytes(_NONCE, "big"), sealed, None)
        except InvalidTag:
            raise Corrupt("a chunk is not what was sealed there") from None


def open_whole(expand: Expand, context: bytes, sealed: bytes) -> bytes:
    """The plaintext of a whole short message. Corrupt when it is anything but exactly what was sealed."""
    opener = Opener(expand, context, sealed[:HEADER], len(sealed))
    size = opener.size
    opener.open_last(sealed[opener.last_at :])
    return b"".join(opener.open_range([memoryview(sealed)[HEADER:]], 0, size))


def _regroup(pieces: Iterable[bytes | memoryview], size: int) -> Iterator[memoryview]:
    """The same bytes in blocks of exactly ``size``, the last one shorter; copies only what straddles."""
    held = bytearray()
    for piece in pieces:
        view = memoryview(piece)
        if held:
            missing = size - len(held)
            held += view[:missing]
            view = view[missing:]
            if len(held) < size:
                continue
            yield memoryview(held)
            held = bytearray()
        while len(view) >= size:
            yield view[:size]
            view = view[size:]
        held += view
    if held:
        yield memoryview(held)
